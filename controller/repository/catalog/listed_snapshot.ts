import type { CatalogEntry } from "../../../api/mod.ts";
import { sourceText } from "./backups_seen.ts";
import { discoveredName } from "./discovered_backup.ts";

/** A snapshot of a listing, with values that every pass over that listing needs. */
export interface ListedSnapshot extends CatalogEntry {
  /** In the form of `sourceText`. */
  readonly source: string;
  readonly startMs: number;
  /** The name its discovered Backup has, if there is one. */
  readonly name: string;
}

/** The snapshots of a listing by their ids, in its order; `repository` is the name of its Repository. */
export function listedSnapshots(
  entries: readonly CatalogEntry[],
  repository: string,
): ReadonlyMap<string, ListedSnapshot> {
  // There are far fewer sources than snapshots, so each text is shared.
  const sources = new Map<string, string>();
  return new Map(entries.map((entry) => {
    const text = sourceText(entry);
    const source = sources.get(text) ?? text;
    sources.set(text, source);
    const name = discoveredName(repository, entry.id);
    return [entry.id, { ...entry, source, startMs: Date.parse(entry.startTime), name }];
  }));
}

/** Ids of the snapshots of runs, by the uid of their Backup. */
export function idsByRun(entries: readonly CatalogEntry[]): ReadonlyMap<string, readonly string[]> {
  const ids = new Map<string, string[]>();
  for (const { id, runId } of entries) {
    if (runId === undefined) continue;
    const ofRun = ids.get(runId);
    if (ofRun === undefined) ids.set(runId, [id]);
    else ofRun.push(id);
  }
  return ids;
}
