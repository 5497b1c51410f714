import type { KubeObject } from "../../kube/types.ts";
import { newestFirst, type RunFacts, runFacts } from "../shared/mod.ts";
import type { BackupConfigWorld } from "./world.ts";

type Runs = Pick<BackupConfigWorld, "runs" | "newest" | "newestSuccess" | "deleting" | "comingBack">;

/** Reads the Backups of a recipe; a pass reads all of them whenever one changes. */
export class RunReader {
  readonly #kept = new WeakMap<RunFacts, RunFacts>();

  /**
   * The runs of a recipe's Backups. Until its Repository is the heir of those that were put back, these are
   * kept like pinned ones.
   */
  read(backups: readonly KubeObject[], isHeir: boolean): Runs {
    const objects = new Map<RunFacts, KubeObject>();
    const deleting: string[] = [];
    const comingBack: string[] = [];
    for (const backup of backups) {
      const known = runFacts(backup);
      if (known.config === undefined) continue;
      const run = known.isInherited && !isHeir ? this.#keep(known) : known;
      if (run.isDeleting) {
        // A pinned Backup stays, even when it is marked.
        if (run.isMarked && !run.isExempt) deleting.push(run.name);
      } else if (run.phase === "Succeeded" || run.phase === "Failed") objects.set(run, backup);
      else if (looksForItsSnapshots(run)) comingBack.push(run.name);
    }
    const runs = [...objects.keys()].sort(newestFirst);
    const [newest] = runs;
    const newestSuccess = runs.find(({ phase, isGone }) => phase === "Succeeded" && !isGone);
    return {
      runs,
      newest: newest && objects.get(newest),
      newestSuccess: newestSuccess && objects.get(newestSuccess),
      deleting,
      comingBack,
    };
  }

  #keep(run: RunFacts): RunFacts {
    const known = this.#kept.get(run);
    if (known !== undefined) return known;
    const kept = { ...run, isExempt: true };
    this.#kept.set(run, kept);
    return kept;
  }
}

/** True for a Backup that was put back and may still find its snapshots; not when the repository shows none. */
function looksForItsSnapshots({ putBack, readyReason }: RunFacts): boolean {
  return putBack !== undefined && readyReason !== "NothingToAdopt";
}
