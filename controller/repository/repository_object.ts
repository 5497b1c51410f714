import {
  parseDurationSeconds,
  type RepositorySpec,
  repositorySpec,
  type RepositoryStatus,
  repositoryStatus,
  StalledError,
} from "../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../kube/types.ts";

/** A Repository, parsed. */
export interface RepositoryObject {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly generation: number;
  readonly spec: RepositorySpec;
  readonly status: RepositoryStatus;
  readonly isDeleting: boolean;
}

/**
 * Parses a Repository. Throws StalledError (InvalidSpec) for one this version cannot read, also when only its
 * status is: a forgotten unique id would permit what must not be done twice.
 */
export function parseRepository(object: KubeObject): RepositoryObject {
  const { metadata } = object;
  const spec = repositorySpec.safeParse(object.spec);
  if (!spec.success) throw unreadable(object, "spec", spec.error);
  const status = repositoryStatus.safeParse(object.status ?? {});
  if (!status.success) throw unreadable(object, "status", status.error);
  return {
    key: keyOf(object),
    uid: metadata.uid ?? "",
    generation: metadata.generation ?? 0,
    spec: spec.data,
    status: status.data,
    isDeleting: metadata.deletionTimestamp !== undefined,
  };
}

/** Default of `spec.catalog.refreshInterval`, for a spec without `catalog`. */
const DEFAULT_REFRESH = "1h";

/** How often a ready repository is read again; undefined for a text that is no duration. */
export function refreshSeconds(spec: RepositorySpec): number | undefined {
  return parseDurationSeconds(spec.catalog?.refreshInterval ?? DEFAULT_REFRESH);
}

/** True when a bootstrap may make a repository: asked for, and none was ever opened under this object. */
export function mayCreate({ spec, status }: RepositoryObject): boolean {
  return spec.create?.enabled === true && status.uniqueId === undefined;
}

interface Issues {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
}

function unreadable(object: KubeObject, half: "spec" | "status", error: Error & Issues): StalledError {
  const [issue] = error.issues;
  const at = [half, ...(issue?.path ?? []).map(String)].join(".");
  return new StalledError(
    "InvalidSpec",
    `Cannot read Repository "${object.metadata.name}": ${at}: ${
      issue?.message ?? "is not as the schema says"
    }`,
    { cause: error },
  );
}
