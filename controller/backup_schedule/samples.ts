import { backupScheduleKind } from "../../api/mod.ts";
import type { Reader } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import { numberAt, resourceOf, textAt, valueAt } from "../shared/mod.ts";

const BACKUP_SCHEDULE = resourceOf(backupScheduleKind);

/** Gauges of all BackupSchedules. A suspended or invalid one has no next run and no expected interval. */
export function* backupScheduleSamples(reader: Reader): Iterable<StateSample> {
  for (const schedule of reader.list(BACKUP_SCHEDULE)) {
    const { namespace = "", name } = schedule.metadata;
    const labels = { namespace, name };
    const isSuspended = valueAt(schedule, "spec", "schedule", "suspend") === true;
    yield { name: "kopiur_schedule_suspended", labels, value: isSuspended ? 1 : 0 };
    if (isSuspended) continue;
    const interval = numberAt(schedule, "status", "resolved", "intervalSeconds");
    const config = textAt(schedule, "spec", "configRef", "name");
    if (interval !== undefined && config !== undefined) {
      yield {
        name: "kopiur_schedule_expected_interval_seconds",
        labels: { ...labels, config },
        value: interval,
      };
    }
    const next = Date.parse(textAt(schedule, "status", "nextSchedule", "startAt") ?? "");
    if (!Number.isNaN(next)) {
      yield { name: "kopiur_schedule_next_run_timestamp_seconds", labels, value: next / 1000 };
    }
  }
}
