import { ANNOTATION, backupKind } from "../../api/mod.ts";
import type { Annotating, ObjectKey, Removal } from "../../kube/types.ts";
import { resourceOf } from "../shared/mod.ts";
import { MARK, type RecipeRun } from "./recipe_run.ts";
import type { BackupConfigWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);

/** Says of runs that retention deletes them, so that no person is asked whether that was meant. */
export function marks(
  { namespace }: ObjectKey,
  going: readonly RecipeRun[],
): readonly Annotating[] {
  return going.filter(({ isMarked }) => !isMarked).map((run) => marking(namespace, run, MARK));
}

/** Takes the word back for runs that are kept after all: when a person deletes one of them, that counts. */
export function withdrawnMarks(
  { key, runs }: BackupConfigWorld,
  doomed: readonly RecipeRun[],
): readonly Annotating[] {
  const marked = runs.filter(({ isMarked }) => isMarked);
  return marked.filter((run) => !doomed.includes(run)).map((run) => marking(key.namespace, run, null));
}

/** Deletes runs; what becomes of their snapshots is their own affair. */
export function removals({ namespace }: ObjectKey, going: readonly RecipeRun[]): readonly Removal[] {
  return going.map(({ name, uid }) => ({
    resource: BACKUP,
    key: { namespace, name },
    uid,
    propagation: "Background",
  }));
}

function marking(namespace: string, { name, uid }: RecipeRun, mark: string | null): Annotating {
  return { resource: BACKUP, key: { namespace, name }, uid, annotations: { [ANNOTATION.deletedBy]: mark } };
}
