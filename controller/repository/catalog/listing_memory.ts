import { keyText, type ObjectKey } from "../../../kube/types.ts";
import type { ReadListing } from "./listing.ts";

/** Decoded, the longest listing takes about 5 MB with what is remembered of its Backups. */
const mostListings = 4;

/**
 * Keeps listings between the passes that work through them, a few at a time; one that is not kept is read again
 * from the log of its pod, so nothing depends on it.
 */
export class ListingMemory {
  readonly #kept = new Map<string, { readonly jobUid: string; readonly listing: ReadListing }>();

  /** The listing of that very Job. */
  get(repository: ObjectKey, jobUid: string): ReadListing | undefined {
    const kept = this.#kept.get(keyText(repository));
    return kept?.jobUid === jobUid ? kept.listing : undefined;
  }

  /** Keeps it in place of the one before of that Repository; the one kept longest goes when there are too many. */
  keep(repository: ObjectKey, jobUid: string, listing: ReadListing): void {
    const text = keyText(repository);
    this.#kept.delete(text);
    this.#kept.set(text, { jobUid, listing });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > mostListings && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** Forgets the listing of a Repository. */
  drop(repository: ObjectKey): void {
    this.#kept.delete(keyText(repository));
  }
}
