import {
  backupConfigKind,
  backupConfigSpec,
  backupConfigStatus,
  backupKind,
  repositoryKind,
} from "../../api/mod.ts";
import type { ObjectKey, Reader } from "../../kube/types.ts";
import {
  missingClaims,
  observeSources,
  observeUnfitClaims,
  parseObject,
  repositoryView,
  resourceOf,
} from "../shared/mod.ts";
import type { RunReader } from "./run_reader.ts";
import { INDEX } from "./watches.ts";
import type { BackupConfigWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);
const REPOSITORY = resourceOf(repositoryKind);

/** Reads the world of a BackupConfig, from the caches only. Throws StalledError for one that cannot be parsed. */
export function observeBackupConfig(
  key: ObjectKey,
  reader: Reader,
  runs: RunReader,
): BackupConfigWorld | undefined {
  const object = reader.get(BACKUP_CONFIG, key);
  if (object === undefined) return undefined;
  const { generation, spec, status } = parseObject(object, backupConfigSpec, backupConfigStatus);
  const { namespace, name } = key;
  const backups = reader.list(BACKUP, { namespace, index: { name: INDEX.backupsByConfig, value: name } });
  const repository = repositoryView(reader.get(REPOSITORY, { namespace, name: spec.repository.name }));
  const repositorySpec = repository.kind === "found" ? repository.value.spec : undefined;
  return {
    object,
    key,
    generation,
    spec,
    status,
    repository,
    sources: observeSources(spec, namespace, repositorySpec, reader),
    missingClaims: missingClaims(spec, namespace, reader),
    unfitClaims: observeUnfitClaims(spec, namespace, repositorySpec, reader),
    ...runs.read(backups),
  };
}
