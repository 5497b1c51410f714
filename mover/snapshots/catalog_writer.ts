import {
  CATALOG_MAX_SNAPSHOTS,
  type CatalogDigest,
  type CatalogEntry,
  encodeCatalog,
} from "../../api/mover/catalog_listing.ts";
import { BACKUP_TAG, CONFIG_TAG, RUN_TAG } from "../../api/mover/contract.ts";
import type { Snapshot, UnreadableManifest } from "../kopia/output.ts";

/** Collects the newest finished snapshots of a listing, at most CATALOG_MAX_SNAPSHOTS, and prints them. */
export class CatalogWriter {
  #entries: CatalogEntry[] = [];
  #isWhole = true;

  add(snapshot: Snapshot): void {
    if (snapshot.incomplete !== undefined) return;
    this.#entries.push(entryOf(snapshot));
    if (this.#entries.length >= 2 * CATALOG_MAX_SNAPSHOTS) this.#keepNewest();
  }

  /**
   * Marks the catalog as not whole: the unreadable manifest may be the snapshot of some Backup, which would else be
   * reported as missing. A manifest whose tags show that no run of ours made it does not matter.
   */
  addUnreadable({ tags }: UnreadableManifest): void {
    if (tags === undefined || tags[RUN_TAG] !== undefined) this.#isWhole = false;
  }

  /** Prints the catalog line by line and returns the digest of the lines. */
  print(print: (line: string) => void): CatalogDigest {
    const { lines, digest } = encodeCatalog(this.#entries, { isWhole: this.#isWhole });
    for (const line of lines) print(`${line}\n`);
    return digest;
  }

  /** Times are compared as texts: all have the same form (UTC, milliseconds). */
  #keepNewest(): void {
    this.#entries.sort((a, b) => a.startTime < b.startTime ? 1 : a.startTime > b.startTime ? -1 : 0);
    this.#entries.length = CATALOG_MAX_SNAPSHOTS;
    this.#isWhole = false;
  }
}

function entryOf(snapshot: Snapshot): CatalogEntry {
  const { id, source, startTime, endTime, sizeBytes, files, tags, description, unreadable } = snapshot;
  const { [RUN_TAG]: runId, [CONFIG_TAG]: config, [BACKUP_TAG]: backup } = tags;
  return {
    ...{ id, ...source, startTime, endTime },
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
    ...(runId === undefined ? {} : { runId }),
    ...(description === undefined ? {} : { description }),
    ...(config === undefined ? {} : { config }),
    ...(backup === undefined ? {} : { backup }),
    ...(unreadable === undefined ? {} : { unreadable: unreadable.count }),
  };
}
