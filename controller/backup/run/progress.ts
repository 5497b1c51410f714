import type { SourceProgress } from "../../../api/mod.ts";
import type { ObjectKey, Reader } from "../../../kube/types.ts";
import {
  type MoverAtWork,
  moversAtWork,
  type ProgressReader,
  progressStatus,
  type SeenProgress,
} from "../../movers/mod.ts";
import { type BackupPlan, type BackupWorld, isTerminal } from "../world/world.ts";

/** Adds the latest progress of the movers of a Backup; has their logs read outside the pass. Forgets those of movers that are gone. */
export function seeProgress(
  key: ObjectKey,
  seen: BackupWorld | undefined,
  { progress, reader, now }: {
    readonly progress: ProgressReader;
    readonly reader: Reader;
    readonly now: Date;
  },
): BackupWorld | undefined {
  const movers = seen === undefined ? [] : moversOf(seen);
  const said = progress.ask(key, movers, reader, now);
  if (seen === undefined || movers.length === 0) return seen;
  return { ...seen, atWork: movers.map((mover): SeenProgress => withSaid(mover, said.get(mover.podUid))) };
}

function moversOf({ backup: { isDeleting, status }, jobs, pods }: BackupWorld): readonly MoverAtWork[] {
  return isDeleting || isTerminal(status.phase) ? [] : moversAtWork(jobs, pods);
}

function withSaid(mover: MoverAtWork, said: SeenProgress["said"]): SeenProgress {
  return said === undefined ? mover : { ...mover, said };
}

/** The plan with the progress of the working movers in its status; without it when the run ended. */
export function withProgress(plan: BackupPlan, { backup, atWork = [] }: BackupWorld, now: Date): BackupPlan {
  const { progress: before = [], ...next } = plan.next;
  const works = next.phase === "Running" && !backup.isDeleting;
  const reported = progressStatus(before, works ? atWork : [], now);
  const told = withStill(plan.outcome, reported.progress);
  const outcome = told ?? plan.outcome;
  return {
    ...plan,
    ...(told === undefined ? {} : { outcome }),
    ...(outcome.kind !== "waiting" || reported.recheckAfterSeconds === undefined ? {} : {
      outcome: {
        ...outcome,
        recheckAfterSeconds: Math.min(outcome.recheckAfterSeconds, reported.recheckAfterSeconds),
      },
    }),
    next: {
      ...next,
      ...(told === undefined ? {} : { message: told.message }),
      ...(reported.progress.length === 0 ? {} : { progress: [...reported.progress] }),
    },
  };
}

type Waiting = Extract<BackupPlan["outcome"], { readonly kind: "waiting" }>;

/** The outcome of a working run that says for what it waits; undefined when kopia gets on. */
function withStill(
  outcome: BackupPlan["outcome"],
  progress: readonly SourceProgress[],
): Waiting | undefined {
  const found = progress.find(({ still }) => still !== undefined);
  if (found?.still === undefined || outcome.kind !== "waiting" || outcome.reason !== "Running") {
    return undefined;
  }
  const { source, still: { command, since } } = found;
  const message =
    `${outcome.message}: kopia's "${command}" for "${source}" shows no sign of life since ${since}, ` +
    "as when the storage does not answer; the mover ends it after ten minutes and tries again";
  return { ...outcome, message };
}
