import type { OperationKey, Reason } from "../../../api/mod.ts";
import { type JobPurpose, moverJobName } from "../job/name.ts";
import type { ResultOf } from "../state/job_state.ts";

/** One piece of work of an object, for which one mover Job at a time is made: a source, a deletion, a bootstrap. */
export interface MoverTask<O extends OperationKey> {
  readonly operation: O;
  /** Whose work it is; deleting it deletes the Jobs. */
  readonly owner: { readonly name: string; readonly uid: string };
  /** Names the Jobs. */
  readonly purpose: JobPurpose;
  readonly limits: TaskLimits;
}

/** What a task may take. */
export interface TaskLimits {
  /** Jobs it gets when one leaves no result; absent where the kind itself tries again what failed. */
  readonly jobs?: number;
  /** So long it may wait for a mover to run, all tries together; Infinity where it is tried for ever. */
  readonly startDeadlineSeconds: number;
  /** So long a mover may work. */
  readonly activeDeadlineSeconds: number;
  /**
   * So long a Job may be there, whatever its mover does; one that has not ended by then is out of sight. Absent where what
   * the cluster does about it is enough.
   */
  readonly jobSeconds?: number;
  /** After a mover that did not run it rests for a minute, then for twice as long each time, up to this. */
  readonly longestRestSeconds: number;
  /**
   * So long a mover that was given up and does not go is waited for before another one is made beside it. Absent where
   * two at once would do harm.
   */
  readonly besideSeconds?: number;
}

/** What a status remembers of the movers of a task; times are RFC 3339. */
export interface TaskMemory {
  /** Of the Job that was made last. */
  readonly number: number;
  /** When that Job's mover began to run. Absent while it was never seen running. */
  readonly startedAt?: string | undefined;
  /** When it was first seen that no pod of it works any more. Absent while one does. */
  readonly podGoneSince?: string | undefined;
  /** Since when a mover that runs is waited for, all tries together, without the time in line for a slot. */
  readonly waitingSince?: string | undefined;
  /** Times since then that a mover was given up; of a task that is tried for ever, since one came to an end. */
  readonly slotsGivenBack?: number | undefined;
  /** When the Job was given up. Absent again once it is gone. */
  readonly stoppedAt?: string | undefined;
  readonly stoppedWhy?: string | undefined;
  /** Of a task that is tried for ever it is kept until a mover of it comes to an end. */
  readonly stoppedReason?: WaitReason | undefined;
  /** When a slot is asked for again after that. */
  readonly retryAt?: string | undefined;
  /** Movers of the task that the cluster ended; when the last such pod was made, and why it was ended. */
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
