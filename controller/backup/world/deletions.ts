import type { ObjectKey } from "../../../kube/types.ts";
import type { DeletionMemory } from "../../shared/mod.ts";

/** The facts by which the breaker judges the deletion of a Backup. */
export interface SeenDeletions {
  readonly others: OtherDeletions;
  /** True when it is known to have a snapshot. */
  readonly isSaved: boolean;
  /** It is marked as deleted by a routine that would delete it; false for the deletion of a person or a tool. */
  readonly isRoutine: boolean;
  /** Read only when it may decide: when nothing else holds the deletion. */
  readonly last: LastSnapshots | undefined;
  /** When this controller began to count; earlier deletions are known only from memories. */
  readonly countedSince: Date;
  /** It was put back, and nobody said that no other cluster uses its snapshots. */
  readonly isInherited: boolean;
  /** The memory of its Repository; undefined when earlier deletions are unknown. */
  readonly memory: DeletionMemory | undefined;
  readonly repository:
    | { readonly name: string; readonly uid: string; readonly resourceVersion: string | undefined }
    | undefined;
}

/** The deletions counted together with that of a Backup, itself excluded. */
export interface OtherDeletions {
  /**
   * Of the repository: in the own namespace the deletions within the window, done or not, and the held ones; in
   * other namespaces those within the window that exist or that this controller carried out.
   */
  readonly ofRepository: number;
  /** Those of them in other namespaces. */
  readonly elsewhere: number;
  /** Those known only from Repositories of other namespaces, whose owners may write anything there. */
  readonly claimed: number;
  /** Of the recipe: the same for Backups with a snapshot. */
  readonly ofRecipe: number;
  /** Backups of the recipe that have a snapshot, or had one within the window; itself included. */
  readonly savedByRecipe: number;
}

/** The effect of a deletion on the last snapshots of its recipe. */
export interface LastSnapshots {
  /** Source paths of which it has the newest whole snapshot, or the newest one where none is whole. */
  readonly paths: readonly string[];
  /** Backups with a better snapshot of the other paths: they must exist when this one is deleted. */
  readonly keepers: readonly ObjectKey[];
}
