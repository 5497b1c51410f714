import { type BackupConfigStatus, backupStatus, type SnapshotEntry } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";

type LastSuccess = NonNullable<BackupConfigStatus["lastSuccessfulBackup"]>;

/**
 * What a recipe's status says of its newest Succeeded Backup; undefined when that cannot be read. A run that
 * found a source unchanged did not measure it: size and files are then those of the success before.
 */
export function lastSuccess(backup: KubeObject, before: LastSuccess | undefined): LastSuccess | undefined {
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  if (status === undefined) return undefined;
  const { snapshots = [], stats, timing } = status;
  const whole = snapshots.some(isUnmeasured) ? before : stats;
  const { bytesNew, filesNew, filesUnchanged } = stats ?? {};
  return {
    backupRef: { name: backup.metadata.name },
    time: timing?.endTime ?? backup.metadata.creationTimestamp ?? "1970-01-01T00:00:00Z",
    ...(whole?.sizeBytes === undefined ? {} : { sizeBytes: whole.sizeBytes }),
    ...(whole?.files === undefined ? {} : { files: whole.files }),
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    ...(timing?.durationSeconds === undefined ? {} : { durationSeconds: timing.durationSeconds }),
  };
}

function isUnmeasured({ unchanged, sizeBytes }: SnapshotEntry): boolean {
  return unchanged === true && sizeBytes === undefined;
}
