import { type BackupConfigStatus, backupStatus, findCondition } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";

type LastBackup = NonNullable<BackupConfigStatus["lastBackup"]>;

/** What a recipe's status says of its newest finished Backup; undefined when it cannot be read. */
export function lastBackup(backup: KubeObject): LastBackup | undefined {
  const status = backupStatus.safeParse(backup.status ?? {}).data;
  const phase = status?.phase;
  if (status === undefined || (phase !== "Succeeded" && phase !== "Failed")) return undefined;
  const { snapshots = [], stats, timing, conditions, message = "" } = status;
  const isPartial = findCondition(conditions, "Complete")?.status === "False";
  const { sizeBytes, bytesNew, filesNew, filesUnchanged, renamed = 0, lost = 0 } = stats ?? {};
  return {
    backupRef: { name: backup.metadata.name },
    phase,
    outcome: phase === "Failed" ? "failure" : isPartial ? "partial" : "success",
    time: timing?.endTime ?? timing?.startTime ?? backup.metadata.creationTimestamp ?? "1970-01-01T00:00:00Z",
    message,
    snapshotIDs: snapshots.flatMap(({ kopiaSnapshotID }) =>
      kopiaSnapshotID === undefined ? [] : [kopiaSnapshotID]
    ),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    // A run that saved nothing read nothing through to its end.
    ...(stats === undefined ? {} : { unreadable: stats.unreadable ?? 0 }),
    ...(renamed === 0 ? {} : { renamed }),
    ...(lost === 0 ? {} : { lost }),
    ...(timing?.durationSeconds === undefined ? {} : { durationSeconds: timing.durationSeconds }),
    ...(status.traceId === undefined ? {} : { traceId: status.traceId }),
  };
}
