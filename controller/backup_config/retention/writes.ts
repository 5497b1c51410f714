import type { Annotating, ObjectKey } from "../../../kube/types.ts";
import { markRoutine, type RunFacts } from "../../shared/mod.ts";
import { MARK } from "../run_reader.ts";
import type { BackupConfigWorld } from "../world.ts";

/** Says of runs that retention deletes them, so that no person is asked whether that was meant. */
export function marks(
  { namespace }: ObjectKey,
  going: readonly RunFacts[],
): readonly Annotating[] {
  return going.filter(({ isMarked }) => !isMarked).map((run) => markRoutine(namespace, run, MARK));
}

/** Takes the word back for runs that are kept after all: when a person deletes one of them, that counts. */
export function withdrawnMarks(
  { key, runs }: BackupConfigWorld,
  doomed: readonly RunFacts[],
): readonly Annotating[] {
  const marked = runs.filter(({ isMarked }) => isMarked);
  return marked.filter((run) => !doomed.includes(run)).map((run) => markRoutine(key.namespace, run, null));
}
