import type { BackupStatus } from "../../../api/mod.ts";
import { keyText, type ObjectKey } from "../../../kube/types.ts";

/** What a listing of a repository showed, and when it was begun. */
export type ListedStock = NonNullable<BackupStatus["repository"]>;

/**
 * The newest listing of each repository by a deletion, passed from the Backup, which is gone then, to its Repository.
 * Kept in memory: what a restart loses, the next run or reading of the repository shows.
 */
export class DeletionListings {
  readonly #kept = new Map<string, { readonly uniqueId: string; readonly listed: ListedStock }>();

  /** Keeps a listing of that repository if it is the newest. */
  keep(repository: ObjectKey, uniqueId: string, listed: ListedStock): void {
    const known = this.of(repository, uniqueId);
    if (known !== undefined && Date.parse(known.observedAt) >= Date.parse(listed.observedAt)) return;
    this.#kept.set(keyText(repository), { uniqueId, listed });
  }

  /** The newest listing of the repository with that unique id. */
  of(repository: ObjectKey, uniqueId: string): ListedStock | undefined {
    const kept = this.#kept.get(keyText(repository));
    return kept?.uniqueId === uniqueId ? kept.listed : undefined;
  }

  /** Forgets a Repository. */
  drop(repository: ObjectKey): void {
    this.#kept.delete(keyText(repository));
  }
}
