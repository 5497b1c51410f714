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

/** How often it is looked whether movers that were told to stop have. */
const STOPPING_SECONDS = 15;

/** Jobs of a task that have not ended. */
export function unfinishedJobs(movers: AnyMovers): readonly KubeObject[] {
  return movers.flatMap(({ job, state, outlivesMover }) =>
    job !== undefined && (state.kind === "waiting" || state.kind === "running" || outlivesMover) ? [job] : []
  );
}

/** What is left of movers of a task that may be at work: their Jobs, and pods of those whose Job is gone. */
export function leftOf(movers: AnyMovers): readonly KubeObject[] {
  return [...unfinishedJobs(movers), ...movers.flatMap(({ strays }) => strays)];
}

/** Movers that are to be gone before anything else is done. */
interface Stopping {
  readonly remove: readonly Removal[];
  readonly recheckAfterSeconds: number;
  /** Since when they are told to stop, to be remembered. Absent while a Job is to be written down first. */
  readonly askedAt?: string;
}

/**
 * Stops movers, whatever becomes of their task then. Undefined once none is left, or none of those left was seen to stop
 * for so long since it was asked to: on a node that is lost a pod stays for ever. Jobs status does not know of yet are
 * written down before they go.
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
  // After a clock was set back the wait begins anew.
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
 * Jobs of a task that goes on which are to be removed: those its memory says are given up and that have not begun, and
 * those before the present one that a container beside their mover keeps from being over. Only what is remembered goes:
 * the result of a Job is written down before the Job goes.
 */
export function leftoverJobs(memory: TaskMemory | undefined, movers: Movers): readonly KubeObject[] {
  return [...supersededJobs(memory, movers), ...givenUpJobs(memory, movers)];
}

/** One whose mover works after all is left alone, unless nobody wants it or the cluster has ended too many of them. */
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

/** Jobs before the present one of a task without an end: what they came to is written down, or is not waited for any more. */
export function formerJobs(
  task: MoverTask<OperationKey>,
  memory: TaskMemory,
  jobs: readonly KubeObject[],
): readonly KubeObject[] {
  const present = jobsInDoubt(task, memory, "next");
  return jobs.filter(({ metadata }) => !present.includes(metadata.name));
}

/** Removes mover Jobs whose removal has not begun, each in sight until its pods are gone. */
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
