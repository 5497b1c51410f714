import type { BackupStatus } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { jobOutlivesMover, jobState, moverJobName, podMayRun, settingsOf } from "../movers/mod.ts";
import { controllerOf, JOB } from "../shared/mod.ts";
import type { BackupObject } from "./backup_object.ts";
import { type Attempt, MAX_ATTEMPTS } from "./source_state.ts";
import type { BackupWorld } from "./world.ts";

/** Name of the n-th mover Job of a source. */
export function backupJobName(backup: BackupObject, source: string, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "backup", source }, attempt);
}

/** Name of the n-th Job that deletes the snapshots of a Backup. */
export function deleteJobName(backup: BackupObject, attempt: number): string {
  return moverJobName(ownerOf(backup), { kind: "snapshotDelete" }, attempt);
}

/** Number of the next, or the present, Job that deletes the snapshots of a Backup. */
export function deleteAttempt(deletion: BackupStatus["deletion"]): number {
  const { failures = 0, unstarted = 0, checkpointWaits = 0 } = deletion ?? {};
  return failures + unstarted + checkpointWaits + 1;
}

/** The mover Jobs a source may have had, by number, as they are now. */
export function attemptsOf(
  world: BackupWorld,
  source: string,
  now: Date,
  settingsToday?: string,
): readonly Attempt[] {
  return Array.from({ length: MAX_ATTEMPTS }, (_, index) => {
    const number = index + 1;
    const name = backupJobName(world.backup, source, number);
    const job = world.jobs.find(({ metadata }) => metadata.name === name);
    const state = jobState({ job, pods: world.pods, operation: "backup", now });
    const alive = world.pods.filter((pod) => jobNameOf(pod) === name && podMayRun(pod));
    return {
      number,
      name,
      job,
      state,
      podIsAlive: alive.length > 0,
      podIsToGo: alive.every(({ metadata }) => metadata.deletionTimestamp !== undefined),
      outlivesMover: jobOutlivesMover(job, world.pods),
      isOutdated: settingsToday !== undefined && job !== undefined && settingsOf(job) !== settingsToday,
    };
  });
}

function ownerOf(backup: BackupObject): { readonly name: string; readonly uid: string } {
  return { name: backup.key.name, uid: backup.uid };
}

/** A pod whose Job was deleted without it has no owner any more, but still the label the Job controller gave it. */
function jobNameOf(pod: KubeObject): string | undefined {
  const owner = controllerOf(pod);
  if (owner !== undefined) return owner.kind === JOB.kind ? owner.name : undefined;
  const { labels } = pod.metadata;
  return labels?.["batch.kubernetes.io/job-name"] ?? labels?.["job-name"];
}
