import { backupConfigKind, backupKind, backupScheduleKind, LABEL } from "../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import type { IndexFunction, Watch } from "../runtime/kind.ts";
import { labelValue, resourceOf, textAt } from "../shared/mod.ts";

const BACKUP_SCHEDULE = resourceOf(backupScheduleKind);

/** Names of the indexes a BackupSchedule's pass and its watches use. */
export const INDEX = {
  byConfig: "byConfig",
  /** Schedules by their name as a label value. */
  byLabel: "byLabel",
  backupsBySchedule: "backupsBySchedule",
} as const;

/** Indexes over BackupSchedules. */
export const backupScheduleIndexes: Readonly<Record<string, IndexFunction>> = {
  [INDEX.byConfig]: (schedule) => [textAt(schedule, "spec", "configRef", "name") ?? []].flat(),
  [INDEX.byLabel]: ({ metadata }) => [labelValue(metadata.name)],
};

/** What a BackupSchedule depends on. */
export const backupScheduleWatches: readonly Watch[] = [
  {
    resource: resourceOf(backupConfigKind),
    keys: (config, reader) => schedulesBy(INDEX.byConfig, config, config.metadata.name, reader),
  },
  {
    resource: resourceOf(backupKind),
    indexes: {
      [INDEX.backupsBySchedule]: (backup) => [backup.metadata.labels?.[LABEL.schedule] ?? []].flat(),
    },
    keys: keysOfBackup,
  },
];

/** A run wakes its schedule only when it has ended: working runs matter only at the next slot. */
function keysOfBackup(backup: KubeObject, reader: Reader): readonly ObjectKey[] {
  const label = backup.metadata.labels?.[LABEL.schedule];
  const phase = textAt(backup, "status", "phase");
  if (label === undefined || phase === undefined || phase === "Pending" || phase === "Running") return [];
  return schedulesBy(INDEX.byLabel, backup, label, reader);
}

function schedulesBy(
  index: string,
  { metadata: { namespace = "" } }: KubeObject,
  value: string,
  reader: Reader,
): readonly ObjectKey[] {
  return reader.list(BACKUP_SCHEDULE, { namespace, index: { name: index, value } }).map(keyOf);
}
