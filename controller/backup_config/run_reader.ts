import type { KubeObject } from "../../kube/types.ts";
import { newestFirst, type RunFacts, runFacts } from "../shared/mod.ts";
import type { BackupConfigWorld } from "./world.ts";

type Runs = Pick<BackupConfigWorld, "runs" | "newest" | "newestSuccess" | "deleting" | "comingBack">;

/** Reads what a recipe's Backups say; a pass is made over all of them whenever one of them changes. */
export class RunReader {
  readonly #kept = new WeakMap<RunFacts, RunFacts>();

  /**
   * What the Backups of a recipe say together. Until its Repository is the heir of those that were put back, these are
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
        // One that is held by its pin stays for as long as that: it is not on its way.
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

/** True for one that was put back and may still find its snapshots; not for one of which the repository shows none. */
function looksForItsSnapshots({ putBack, readyReason }: RunFacts): boolean {
  return putBack !== undefined && readyReason !== "NothingToAdopt";
}
