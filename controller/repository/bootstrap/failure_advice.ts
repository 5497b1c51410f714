import { type Reason, REASONS } from "../../../api/mod.ts";
import type { RepositoryObject } from "../repository_object.ts";

/**
 * Why a repository could not be opened, and what is expected, in a sentence that is the same each time it
 * happens: it goes into conditions. The raw text goes to the Event.
 */
export function failureAdvice(reason: Reason, repository: RepositoryObject): string {
  const expected = expectationOf(reason, repository);
  return expected === undefined ? REASONS[reason] : `${REASONS[reason]}, expected ${expected}`;
}

/** The sentence for a storage with another repository than before. */
export function replacedAdvice(found: string, known: string): string {
  return `Cannot use the repository: the storage holds the one with unique id "${found}", expected "${known}" ` +
    "which was opened before; bring that one back, or make another Repository object for this one";
}

function expectationOf(reason: Reason, { spec, status }: RepositoryObject): string | undefined {
  const { filesystem, s3 } = spec.backend;
  switch (reason) {
    case "AuthFailure": {
      const { name, key } = spec.encryption.passwordSecretRef;
      return `the password it was created with in Secret "${name}" under the key "${key}"`;
    }
    case "AccessDenied":
      return s3 === undefined
        ? undefined
        : `keys in Secret "${s3.auth.secretRef.name}" that may read, write and delete in bucket "${s3.bucket}"`;
    case "PermissionDenied":
      return filesystem === undefined
        ? undefined
        : `PersistentVolumeClaim "${filesystem.volume.pvc.name}" to be writable by the mover's user and group`;
    case "NotInitialized":
      if (status.uniqueId !== undefined) {
        return `the one with unique id "${status.uniqueId}" which was opened before; it is never created again`;
      }
      return spec.create?.enabled === true ? undefined : "one, or create.enabled: true to have it created";
    case "RepositoryUnavailable":
      return s3 === undefined ? undefined : `"${s3.endpoint}" to answer for bucket "${s3.bucket}"`;
    case "CreationContested":
      return "the other to end, and this one to open what it made; where it stays so, the storage holds halves of " +
        'two repositories: move "kopia.blobcfg" in it away, which loses nothing';
    default:
      return undefined;
  }
}
