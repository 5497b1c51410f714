import { isoSeconds, type OperationKey } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type Removal } from "../../../kube/types.ts";
import { JOB } from "../../shared/objects/resources.ts";
import { jobHasEnded } from "../state/job_state.ts";
import { isDisruptedTooOften } from "./memory.ts";
import { jobsInDoubt } from "./observe_movers.ts";
import type { AnyMover, Unnumbered } from "./seen_movers.ts";
import type { MoverTask, TaskMemory } from "./task.ts";
import { timeOr } from "./time.ts";

type Movers = readonly AnyMover[];
type AnyMovers = readonly Unnumbered<AnyMover>[];

/** How often to check whether stopped movers have ended. */
const STOPPING_SECONDS = 15;

/** Jobs of a task that have not ended. */
export function unfinishedJobs(movers: AnyMovers): readonly KubeObject[] {
  return movers.flatMap(({ job, state, outlivesMover }) =>
    job !== undefined && (state.kind === "waiting" || state.kind === "running" || outlivesMover) ? [job] : []
  );
}

/** What may still work for a task: Jobs, and pods whose Job is gone. */
export function leftOf(movers: AnyMovers): readonly KubeObject[] {
  return [...unfinishedJobs(movers), ...movers.flatMap(({ leftPods }) => leftPods)];
}

/** Movers that must be gone before the task goes on. */
interface Stopping {
  readonly remove: readonly Removal[];
  readonly recheckAfterSeconds: number;
  /** Since when they are being stopped, for the status. Absent while a Job must be recorded first. */
  readonly askedAt?: string;
}

/**
 * Stops movers. Undefined once none is left, or those left did not stop
 * within the limit: on a lost node a pod stays for ever. Jobs that status does not have yet are
 * recorded before they are removed.
 */
export function stopMovers(
  movers: AnyMovers,
  { isWrittenDown, askedAt = "", longestSeconds }: {
    readonly isWrittenDown: boolean;
    readonly askedAt: string | undefined;
    readonly longestSeconds: number;
  },
  now: Date,
): Stopping | undefined {
  if (leftOf(movers).length === 0) return undefined;
  if (!isWrittenDown) return { remove: [], recheckAfterSeconds: 1 };
  // After a clock was set back the wait starts again.
  const askedMs = Math.min(timeOr(askedAt, now), now.getTime());
  const leftSeconds = Math.ceil(longestSeconds - (now.getTime() - askedMs) / 1000);
  if (leftSeconds <= 0) return undefined;
  return {
    remove: moverRemovals(unfinishedJobs(movers)),
    recheckAfterSeconds: Math.min(STOPPING_SECONDS, leftSeconds),
    askedAt: isoSeconds(new Date(askedMs)),
  };
}

/**
 * Jobs to remove while their task goes on: those that were given up and have not begun, and
 * earlier ones that a sidecar keeps from being over. Only remembered ones are removed:
 * the result of a Job is recorded first.
 */
export function leftoverJobs(memory: TaskMemory | undefined, movers: Movers): readonly KubeObject[] {
  return [...supersededJobs(memory, movers), ...givenUpJobs(memory, movers)];
}

/** Not one whose mover works after all, unless it is unwanted or the cluster has ended too many movers. */
function givenUpJobs(memory: TaskMemory | undefined, movers: Movers): readonly KubeObject[] {
  if (memory?.stoppedAt === undefined) return [];
  return movers.flatMap(({ job, state, isUnwanted = false }) => {
    const isIdle = state.kind === "waiting" || (state.kind === "running" && state.noPod !== undefined);
    const isOver = state.kind === "running" && isDisruptedTooOften(memory);
    return job !== undefined && (isIdle || isOver || isUnwanted) ? [job] : [];
  });
}

function supersededJobs(memory: TaskMemory | undefined, movers: Movers): readonly KubeObject[] {
  return movers.flatMap(({ job, number, outlivesMover }) =>
    job !== undefined && outlivesMover && number < (memory?.number ?? 0) ? [job] : []
  );
}

/** Earlier Jobs of a task without an end: their result is recorded, or no longer expected. */
export function formerJobs(
  task: MoverTask<OperationKey>,
  memory: TaskMemory,
  jobs: readonly KubeObject[],
): readonly KubeObject[] {
  const present = jobsInDoubt(task, memory, "next");
  return jobs.filter(({ metadata }) => !present.includes(metadata.name));
}

/** Removes mover Jobs that are not being deleted yet; in the foreground, so each stays until its pods are gone. */
export function moverRemovals(jobs: readonly KubeObject[]): readonly Removal[] {
  const there = jobs.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return [...new Set(there)].map((job) => {
    const { uid } = job.metadata;
    const isSpent = jobHasEnded(job);
    return {
      resource: JOB,
      key: keyOf(job),
      ...(uid === undefined ? {} : { uid }),
      propagation: "Foreground",
      isSpent,
    };
  });
}
