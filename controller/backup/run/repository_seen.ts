import { isoSeconds } from "../../../api/mod.ts";
import type { NextStatus } from "../world/next_status.ts";
import type { SourceStep } from "./source_entry.ts";

/** What the mover that ended last in this pass saw in the repository, if one looked. */
export function repositorySeen(steps: readonly SourceStep[]): Pick<NextStatus, "repository"> {
  const seen = steps.flatMap((step) => {
    if (step.kind !== "ended" || step.repository === undefined) return [];
    const { snapshotCount, totalSizeBytes } = step.repository;
    return [{ snapshotCount, totalSizeBytes, observedAt: isoSeconds(new Date(step.finishedAt)) }];
  });
  const [newest] = seen.toSorted((a, b) => Date.parse(b.observedAt) - Date.parse(a.observedAt));
  return newest === undefined ? {} : { repository: newest };
}
