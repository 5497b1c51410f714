import {
  backupConfigKind,
  backupConfigSpec,
  backupConfigStatus,
  backupKind,
  repositoryKind,
  StalledError,
} from "../../api/mod.ts";
import type { ObjectKey, Reader } from "../../kube/types.ts";
import { missingClaims, newestFirst, repositoryView, resourceOf, runSummary } from "../shared/mod.ts";
import { INDEX } from "./watches.ts";
import type { BackupConfigWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);
const REPOSITORY = resourceOf(repositoryKind);

/** Reads the world of a BackupConfig, from the caches only. Throws StalledError for one that cannot be parsed. */
export function observeBackupConfig(key: ObjectKey, reader: Reader): BackupConfigWorld | undefined {
  const object = reader.get(BACKUP_CONFIG, key);
  if (object === undefined) return undefined;
  const spec = backupConfigSpec.safeParse(object.spec);
  const status = backupConfigStatus.safeParse(object.status ?? {});
  if (!spec.success || !status.success) {
    const issue = (spec.error ?? status.error)?.issues[0];
    const at = [spec.success ? "status" : "spec", ...(issue?.path ?? [])].join(".");
    const message = `Cannot read BackupConfig "${key.name}": ${at}: ${
      issue?.message ?? "is not as its schema says"
    }`;
    throw new StalledError("InvalidSpec", message, { cause: spec.error ?? status.error });
  }
  const { namespace, name } = key;
  const backups = reader.list(BACKUP, { namespace, index: { name: INDEX.backupsByConfig, value: name } });
  const runs = backups.map(runSummary)
    .filter((run) => run !== undefined)
    .filter(({ phase, isDeleting }) => !isDeleting && (phase === "Succeeded" || phase === "Failed"))
    .toSorted(newestFirst);
  return {
    object,
    key,
    generation: object.metadata.generation ?? 0,
    spec: spec.data,
    status: status.data,
    repository: repositoryView(reader.get(REPOSITORY, { namespace, name: spec.data.repository.name })),
    missingClaims: missingClaims(spec.data, namespace, reader),
    runs,
    newest: backups.find(({ metadata }) => metadata.name === runs[0]?.name),
  };
}
