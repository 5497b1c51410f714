import type { CatalogEntry } from "../../../api/mod.ts";
import { sourceText } from "./backups_seen.ts";
import { discoveredName } from "./discovered_backup.ts";

/** A snapshot of a listing, with what every pass over that listing asks of it. */
export interface ListedSnapshot extends CatalogEntry {
  /** As `sourceText` writes it. */
  readonly source: string;
  readonly startMs: number;
  /** Name of the discovered Backup that stands for it, if one does. */
  readonly name: string;
}

/** The snapshots of a listing by their ids, in its order; `repository` is the name of its Repository. */
export function listedSnapshots(
  entries: readonly CatalogEntry[],
  repository: string,
): ReadonlyMap<string, ListedSnapshot> {
  // There are few sources beside snapshots, and each text is worth having once.
  const sources = new Map<string, string>();
  return new Map(entries.map((entry) => {
    const text = sourceText(entry);
    const source = sources.get(text) ?? text;
    sources.set(text, source);
    const name = discoveredName(repository, entry.id);
    return [entry.id, { ...entry, source, startMs: Date.parse(entry.startTime), name }];
  }));
}

/** Ids of the snapshots that runs made, by the uid of the Backup that did. */
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
