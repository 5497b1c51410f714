import type { KubeObject } from "../../../kube/types.ts";
import { isDisruptedTooOften } from "./memory.ts";
import type { AnyMover } from "./seen_movers.ts";
import type { TaskMemory } from "./task.ts";

type Movers = readonly AnyMover[];

/** Jobs of a task that have not ended. */
export function unfinishedJobs(movers: Movers): readonly KubeObject[] {
  return movers.flatMap(({ job, state, outlivesMover }) =>
    job !== undefined && (state.kind === "waiting" || state.kind === "running" || outlivesMover) ? [job] : []
  );
}

/** True when a mover of a task may be at work, or a pod of one is left though its Job is gone. */
export function isAnyLeft(movers: Movers): boolean {
  return unfinishedJobs(movers).length > 0 ||
    movers.some(({ job, podIsAlive }) => job === undefined && podIsAlive);
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
