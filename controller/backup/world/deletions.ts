import type { ObjectKey } from "../../../kube/types.ts";
import type { DeletionMemory } from "../../shared/mod.ts";

/** What the breaker judges the deletion of a Backup by. */
export interface SeenDeletions {
  readonly others: OtherDeletions;
  /** True when it is known to hold a snapshot. */
  readonly isSaved: boolean;
  /** A routine is named as the one who deletes it, and would; false for the deletion of a person or a tool. */
  readonly isRoutine: boolean;
  /** Looked for only where it may decide: where nothing else holds the deletion. */
  readonly last: LastSnapshots | undefined;
  /** When this controller began to count by itself; before that only others can say what was deleted. */
  readonly countedSince: Date;
  /** It was put back, and nobody said that no other cluster lives on its snapshots. */
  readonly isInherited: boolean;
  /** What its Repository remembers; undefined when nothing can be known of what was deleted before. */
  readonly memory: DeletionMemory | undefined;
  readonly repository:
    | { readonly name: string; readonly uid: string; readonly resourceVersion: string | undefined }
    | undefined;
}

/** What is counted with the deletion of a Backup, itself left out. */
export interface OtherDeletions {
  /**
   * Of the repository: in the own namespace deletions within the window, done or to be done, and those that are held; in
   * others those within the window that exist or that this controller let through.
   */
  readonly ofRepository: number;
  /** Of those the ones in other namespaces. */
  readonly elsewhere: number;
  /** Such as only Repositories of other namespaces tell of: their owners may write there what they like. */
  readonly claimed: number;
  /** Of the recipe: the same of Backups that hold a snapshot. */
  readonly ofRecipe: number;
  /** Backups of the recipe that hold a snapshot, or did within the window; itself included when it does. */
  readonly savedByRecipe: number;
}

/** What the deletion of a Backup would mean for the last snapshots of its recipe. */
export interface LastSnapshots {
  /** Source paths of which it holds the newest whole snapshot, or the newest one where none is whole. */
  readonly paths: readonly string[];
  /** Backups that hold a better one of the other paths: they are to be there when this one goes. */
  readonly keepers: readonly ObjectKey[];
}
