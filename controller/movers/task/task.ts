import type { OperationKey, Reason } from "../../../api/mod.ts";
import { numberOfJob } from "../../shared/objects/names.ts";
import { type JobPurpose, moverJobName } from "../job/name.ts";
import type { ResultOf } from "../state/job_state.ts";

/** One piece of work of an object, for which one mover Job at a time is made: a source, a deletion, a bootstrap. */
export interface MoverTask<O extends OperationKey> {
  readonly operation: O;
  /** The owner of the Jobs; deleting it deletes them. */
  readonly owner: { readonly name: string; readonly uid: string };
  /** Names the Jobs. */
  readonly purpose: JobPurpose;
  readonly limits: TaskLimits;
}

/** The limits of a task. */
export interface TaskLimits {
  /** The most Jobs when one leaves no result; absent where the kind itself retries failures. */
  readonly jobs?: number;
  /** How long it may wait for a mover to run, all tries together; Infinity where it is tried for ever. */
  readonly startDeadlineSeconds: number;
  /** How long a mover may work. */
  readonly activeDeadlineSeconds: number;
  /**
   * How long a Job may exist, whatever its mover does; one that has not ended by then is given up. Absent where the
   * cluster's own limits are enough.
   */
  readonly jobSeconds?: number;
  /** After a mover that did not run the task rests for a minute, then for twice as long each time, up to this. */
  readonly longestRestSeconds: number;
  /**
   * After this time a mover that was given up and does not go away is replaced, though it may still work. Absent where
   * two movers at once would do harm.
   */
  readonly replaceAfterSeconds?: number;
}

/** What a status records about the movers of a task; times are RFC 3339. */
export interface TaskMemory {
  /** The number of the last Job. */
  readonly number: number;
  /** When that Job's mover began to run. Absent until it was seen running. */
  readonly startedAt?: string | undefined;
  /** When it was first seen without a working pod. Absent while one works. */
  readonly podGoneSince?: string | undefined;
  /** Since when the task waits for a running mover, all tries together, without the time in the queue for a slot. */
  readonly waitingSince?: string | undefined;
  /** How often a mover was given up since then; for a task that is tried for ever, since one ended. */
  readonly slotsGivenBack?: number | undefined;
  /** When the Job was given up. Absent again once it is gone. */
  readonly stoppedAt?: string | undefined;
  readonly stoppedWhy?: string | undefined;
  /** For a task that is tried for ever it is kept until a mover ends. */
  readonly stoppedReason?: WaitReason | undefined;
  /** When the task asks for a slot again. */
  readonly retryAt?: string | undefined;
  /** The number of movers that the cluster ended, when the last such pod was made, and why it was ended. */
  readonly disruptions?: number | undefined;
  readonly disruptedAt?: string | undefined;
  readonly disruptedWhy?: string | undefined;
}

/** Why no mover of a task works: no node takes it, it does not start, or it is out of sight and may work. */
export type WaitReason = "Unschedulable" | "PodNotStarted" | "MoverLost";

/** Why a task failed. */
export interface TaskFailure {
  readonly class: Reason;
  readonly exitCode?: number;
  /** False unless it is proven what its movers did: one of them may have worked all the same. */
  readonly resultKnown: boolean;
  /** Set when it is proven that no mover of it did anything. */
  readonly nothingDone?: true;
  /** Raw text: the end of the mover's log, or the cluster's words. */
  readonly text?: string;
}

/** What becomes of a task in a pass. */
export type TaskStep<O extends OperationKey> =
  /** It needs a mover Job of that number. */
  | {
    readonly kind: "start";
    readonly number: number;
    readonly memory: TaskMemory | undefined;
    /** True after a mover that did not run: it is a task that waits, not one that works. */
    readonly isRested: boolean;
  }
  /** A mover of it works, or should before long. */
  | { readonly kind: "works"; readonly memory: TaskMemory; readonly recheckAfterSeconds: number }
  /** No mover of it works, which is worth reporting. */
  | {
    readonly kind: "waits";
    readonly memory: TaskMemory;
    readonly reason: WaitReason;
    readonly text: string;
    readonly recheckAfterSeconds: number;
    /** True when there is no Job either: it gave its slot back, and asks for one again later. */
    readonly isRested: boolean;
  }
  | {
    readonly kind: "succeeded";
    readonly memory: TaskMemory;
    readonly result: ResultOf<O>;
    readonly finishedAt: string;
    /** False when another mover of it may have worked before. */
    readonly isOnlyMover: boolean;
  }
  | {
    readonly kind: "failed";
    readonly memory: TaskMemory;
    readonly failure: TaskFailure;
    /** Absent when no mover came to an end: it never started, or is gone without a trace. */
    readonly mover?: { readonly seconds: number | undefined; readonly message: string };
    readonly finishedAt: string;
  };

/** Name of the n-th Job of a task. */
export function jobNameOf({ owner, purpose }: MoverTask<OperationKey>, number: number): string {
  return moverJobName(owner, purpose, number);
}

/** True for the name of one of the Jobs of a task; one of an earlier object of the same name is another. */
export function isJobNameOf(task: MoverTask<OperationKey>, name: string): boolean {
  const number = numberOfJob(name);
  return number !== undefined && jobNameOf(task, number) === name;
}
