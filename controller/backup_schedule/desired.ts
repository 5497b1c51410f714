import { ANNOTATION, API_VERSION, backupKind, FINALIZER, isoSeconds, LABEL } from "../../api/mod.ts";
import type { Annotating, DesiredObject } from "../../kube/types.ts";
import { annotateRun, labelValue } from "../shared/mod.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import type { BackupScheduleWorld } from "./world.ts";

/**
 * The Backup of a slot. It has the schedule's label but no owner reference: deleting a schedule must not delete
 * backups.
 */
export function desiredBackup({ key, spec, serverNow }: BackupScheduleWorld, name: string): DesiredObject {
  const { configRef, backupTemplate: { tags, description, deletionPolicy, failurePolicy } = {} } = spec;
  return {
    apiVersion: API_VERSION,
    kind: backupKind.kind,
    metadata: {
      name,
      namespace: key.namespace,
      labels: {
        [LABEL.origin]: "scheduled",
        [LABEL.schedule]: labelValue(key.name),
        [LABEL.config]: labelValue(configRef.name),
      },
      // Distinguishes a Backup that was made late from one that was put back. By the API server's clock, which also
      // sets creationTimestamp.
      annotations: { [ANNOTATION.madeAt]: isoSeconds(serverNow) },
      // The Backup's pass would add it before the first mover: this saves a write.
      finalizers: [FINALIZER],
    },
    spec: {
      configRef: { name: configRef.name },
      ...(tags === undefined ? {} : { tags }),
      ...(description === undefined ? {} : { description }),
      ...(deletionPolicy === undefined ? {} : { deletionPolicy }),
      ...(failurePolicy === undefined ? {} : { failurePolicy }),
    },
  };
}

/** The annotation that stops a run for a newer one. */
export function replacing({ key }: BackupScheduleWorld, run: ScheduleRun): Annotating {
  return annotateRun(key.namespace, run, { [ANNOTATION.cancelRun]: "Replaced" });
}
