import { ANNOTATION } from "../../api/mod.ts";
import type { Annotating } from "../../kube/types.ts";
import { missingIds, missingNoteText } from "../shared/mod.ts";
import { BACKUP, type EndedRun } from "./backups_seen.ts";
import type { Catalog } from "./catalog_world.ts";
import type { ReadListing } from "./listing.ts";

/** Clocks of nodes differ a little. */
const CLOCK_SKEW_MS = 60_000;

/** A run, and what is to be said of its snapshots. */
export interface Unsaid {
  readonly run: EndedRun;
  /** Ids of those that are missing; empty when what was said is to be taken back. */
  readonly missing: readonly string[];
}

/** What is to be said to runs about their snapshots. */
export interface MissingSnapshots {
  readonly unsaid: readonly Unsaid[];
  /** Snapshots that are missing, of all runs. */
  readonly count: number;
}

/**
 * Compares the snapshots of our own runs with a listing. One is missing when a whole listing that began after the
 * run had ended does not show it; one that is shown is there, whatever the listing leaves out.
 */
export function missingSnapshots({ listing, runs }: Catalog): MissingSnapshots {
  const unsaid: Unsaid[] = [];
  let count = 0;
  for (const run of runs) {
    const missing = missingOf(run, listing);
    count += missing.length;
    if (!isSaid(run.note, missing)) unsaid.push({ run, missing });
  }
  return { unsaid, count };
}

/** Says it. */
export function noting({ run: { key, uid }, missing }: Unsaid, { endedAt }: ReadListing): Annotating {
  const note = missing.length === 0 ? null : missingNoteText({ at: endedAt, ids: [...missing] });
  return { resource: BACKUP, key, uid, annotations: { [ANNOTATION.snapshotMissing]: note } };
}

function missingOf(
  { endMs, snapshotIds, note }: EndedRun,
  { snapshots, truncated, startedMs }: ReadListing,
): readonly string[] {
  const absent = snapshotIds.filter((id) => !snapshots.has(id));
  const canTell = !truncated && endMs + CLOCK_SKEW_MS < startedMs;
  return canTell ? absent : absent.filter((id) => missingIds(note).includes(id));
}

/** A note that names nothing, or that nobody can read, is written anew or taken off. */
function isSaid(note: EndedRun["note"], missing: readonly string[]): boolean {
  if (note === undefined) return missing.length === 0;
  const said = missingIds(note);
  return said.length > 0 && said.length === missing.length && missing.every((id) => said.includes(id));
}
