import type { KubeObject } from "../../kube/types.ts";
import { newestFirst, putBack, runSummary, textAt, valueAt } from "../shared/mod.ts";
import { type RecipeRun, recipeRun } from "./recipe_run.ts";
import type { BackupConfigWorld } from "./world.ts";

type Runs = Pick<BackupConfigWorld, "runs" | "newest" | "newestSuccess" | "leaving" | "comingBack">;

/**
 * Reads what a recipe's Backups say. A pass is made over all of them whenever one of them changes, so what was read
 * of an object is remembered as long as the cache holds that object: a change puts another one in its place.
 */
export class RunReader {
  readonly #known = new WeakMap<KubeObject, RecipeRun>();
  readonly #kept = new WeakMap<RecipeRun, RecipeRun>();

  /**
   * What the Backups of a recipe say together. Until its Repository is the heir of those that were put back, these are
   * kept like pinned ones.
   */
  read(backups: readonly KubeObject[], isHeir: boolean): Runs {
    const objects = new Map<RecipeRun, KubeObject>();
    const leaving: string[] = [];
    const comingBack: string[] = [];
    for (const backup of backups) {
      const known = this.#read(backup);
      if (known === undefined) continue;
      const run = known.isInherited && !isHeir ? this.#keep(known) : known;
      if (run.isDeleting) {
        if (run.isMarked) leaving.push(run.name);
      } else if (run.phase === "Succeeded" || run.phase === "Failed") objects.set(run, backup);
      else if (looksForItsSnapshots(backup)) comingBack.push(run.name);
    }
    const runs = [...objects.keys()].sort(newestFirst);
    const [newest] = runs;
    const newestSuccess = runs.find(({ phase, isGone }) => phase === "Succeeded" && !isGone);
    return {
      runs,
      newest: newest && objects.get(newest),
      newestSuccess: newestSuccess && objects.get(newestSuccess),
      leaving,
      comingBack,
    };
  }

  #keep(run: RecipeRun): RecipeRun {
    const known = this.#kept.get(run);
    if (known !== undefined) return known;
    const kept = { ...run, isExempt: true };
    this.#kept.set(run, kept);
    return kept;
  }

  #read(backup: KubeObject): RecipeRun | undefined {
    const known = this.#known.get(backup);
    if (known !== undefined) return known;
    const summary = runSummary(backup);
    if (summary === undefined) return undefined;
    const run = recipeRun(backup, summary);
    this.#known.set(backup, run);
    return run;
  }
}

/** True for one that was put back and may still find its snapshots; not for one of which the repository shows none. */
function looksForItsSnapshots(backup: KubeObject): boolean {
  if (putBack(backup) === undefined) return false;
  const conditions = valueAt(backup, "status", "conditions");
  return !Array.isArray(conditions) ||
    !conditions.some((each) =>
      textAt(each, "type") === "Ready" && textAt(each, "reason") === "NothingToAdopt"
    );
}
