import { ANNOTATION, API_VERSION, backupKind, FINALIZER, isoSeconds, LABEL } from "../../api/mod.ts";
import type { Annotating, DesiredObject } from "../../kube/types.ts";
import { annotateRun, labelValue } from "../shared/mod.ts";
import type { ScheduleRun } from "./schedule_run.ts";
import type { BackupScheduleWorld } from "./world.ts";

/**
 * The Backup of a slot. It is tied to its schedule by label and has no owner: whoever deletes a schedule does not mean
 * the backups.
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
      // Without it a slot that is made up for late could not be told from one that was put back. By the clock that
      // dates its making, for ours may be any.
      annotations: { [ANNOTATION.madeAt]: isoSeconds(serverNow) },
      // It gets one before its first mover anyway: so that is one write less.
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

/** The word to a run that it is to be stopped for a newer one. */
export function replacing({ key }: BackupScheduleWorld, run: ScheduleRun): Annotating {
  return annotateRun(key.namespace, run, { [ANNOTATION.cancelRun]: "Replaced" });
}
