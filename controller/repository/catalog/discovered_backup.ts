import {
  API_VERSION,
  backupKind,
  backupSpec,
  type CatalogEntry,
  LABEL,
  repositoryKind,
} from "../../../api/mod.ts";
import type { DesiredObject } from "../../../kube/types.ts";
import { labelValue } from "../../shared/mod.ts";
import { shortHash } from "../../shared/objects/names.ts";
import type { RepositoryObject } from "../repository_object.ts";

const idLength = 16;
const longestName = 253;
const longestDescription = 512;
const hashLength = 8;

/** The name of a snapshot's discovered Backup: the same in every cluster. */
export function discoveredName(repository: string, snapshotId: string): string {
  const tail = `-disc-${snapshotId.slice(0, idLength).toLowerCase()}`;
  const room = longestName - tail.length;
  if (repository.length <= room) return `${repository}${tail}`;
  const head = repository.slice(0, room - hashLength - 1).replace(/[^a-z0-9]+$/, "");
  return `${head}-${shortHash(repository, hashLength)}${tail}`;
}

/**
 * The discovered Backup of a snapshot: it is deleted with its Repository and never deletes the
 * snapshot. Undefined for a snapshot that cannot have one, e.g. with a path of 5000 characters.
 */
export function discoveredBackupFor(
  repository: RepositoryObject,
  entry: CatalogEntry,
): DesiredObject | undefined {
  const { key: { namespace, name }, uid, status: { uniqueId } } = repository;
  const { id, username, hostname, path, startTime, endTime, sizeBytes, files } = entry;
  const description = entry.description?.slice(0, longestDescription).toWellFormed();
  const spec = {
    discovered: {
      repository: { kind: repositoryKind.kind, name, uniqueId },
      snapshot: {
        id,
        identity: { username, hostname },
        sourcePath: path,
        startTime,
        endTime,
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...(files === undefined ? {} : { files }),
        ...(description === undefined || description === "" ? {} : { description }),
      },
    },
    deletionPolicy: "Retain",
  };
  if (!backupSpec.safeParse(spec).success) return undefined;
  return {
    apiVersion: API_VERSION,
    kind: backupKind.kind,
    metadata: {
      namespace,
      name: discoveredName(name, id),
      labels: {
        [LABEL.origin]: "discovered",
        [LABEL.snapshotId]: labelValue(id),
        [LABEL.repository]: labelValue(name),
      },
      ownerReferences: [{ apiVersion: API_VERSION, kind: repositoryKind.kind, name, uid, controller: true }],
    },
    spec,
  };
}
