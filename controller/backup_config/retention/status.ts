import { isoSeconds } from "../../../api/mod.ts";
import { keepsEverything, type RunFacts } from "../../shared/mod.ts";
import { notWholeStatus } from "./not_whole.ts";
import { pendingRuns, type RetentionStatus } from "./pending_runs.ts";
import type { RetentionChoice } from "./choice.ts";
import { newestSeen } from "./doubt.ts";
import type { BackupConfigWorld } from "../world.ts";

/** What status says of retention after a pass that did what was chosen. */
export function retentionStatus(
  world: BackupConfigWorld,
  saved: readonly RunFacts[],
  choice: RetentionChoice,
  now: Date,
): RetentionStatus {
  const { spec, generation, status: { retention: before } } = world;
  const { going, gone, rest } = choice;
  const active = world.runs.filter((run) => !run.hasFailed && !going.includes(run));
  const pending = pendingRuns(rest, before, generation, now);
  const [pendingSince] = pending.map(({ since }) => since).toSorted();
  const { notWhole } = notWholeStatus(choice);
  const newest = newestSeen({ runs: saved, remembered: before?.newest, now });
  return {
    activeBackupCount: active.length,
    pendingCount: rest.length,
    ...(keepsEverything(spec.retention) ? {} : { forGeneration: generation }),
    ...(pendingSince === undefined ? {} : { pending: [...pending], pendingSince }),
    ...(newest === undefined ? {} : { newest }),
    ...(notWhole === undefined ? {} : { notWhole }),
    ...lastPrune(gone, before, now),
  };
}

function lastPrune(
  gone: readonly string[],
  before: RetentionStatus | undefined,
  now: Date,
): Pick<RetentionStatus, "lastPruneAt" | "lastPruneDeleted"> {
  if (gone.length > 0) return { lastPruneAt: isoSeconds(now), lastPruneDeleted: gone.length };
  const { lastPruneAt, lastPruneDeleted } = before ?? {};
  return {
    ...(lastPruneAt === undefined ? {} : { lastPruneAt }),
    ...(lastPruneDeleted === undefined ? {} : { lastPruneDeleted }),
  };
}
