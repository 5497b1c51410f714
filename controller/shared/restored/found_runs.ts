import type { CatalogEntry } from "../../../api/mover/catalog_listing.ts";
import { keyText, type ObjectKey } from "../../../kube/types.ts";
import type { PutBack } from "./put_back.ts";

/** The most Backups that adopt their snapshots within a second: each needs a write or two. */
const TAKEN_PER_SECOND = 25;

/** The snapshots of a run whose Backup is gone. */
interface FoundRun {
  /** Uid of that Backup. */
  readonly runId: string;
  readonly snapshots: readonly CatalogEntry[];
}

/** Such runs in the last listing of a Repository. */
export interface FoundRunsOfRepository {
  readonly uniqueId: string;
  /** When the listing was made. */
  readonly at: string;
  /** True when the repository has more snapshots than the listing. */
  readonly truncated: boolean;
  /**
   * The run of a Backup that was put back: by the uid it ran under if known, else by its name, and of several
   * of that name the newest. Only runs of its own recipe in its own namespace.
   */
  readonly runOf: (putBack: PutBack) => FoundRun | undefined;
}

/** Groups the snapshots of a listing by run, for runs of a namespace whose Backups are gone; the listing is newest first. */
export function foundRuns(
  entries: readonly CatalogEntry[],
  { namespace, uniqueId, at, truncated, isKnown }: {
    readonly namespace: string;
    readonly uniqueId: string;
    readonly at: string;
    readonly truncated: boolean;
    /** True for the id of a snapshot that an existing Backup made. */
    readonly isKnown: (id: string) => boolean;
  },
): FoundRunsOfRepository {
  const runs = new Map<string, { readonly config: string; readonly snapshots: CatalogEntry[] }>();
  const newestByName = new Map<string, string>();
  for (const entry of entries) {
    const { id, runId, config, backup } = entry;
    if (runId === undefined || config?.startsWith(`${namespace}/`) !== true || isKnown(id)) continue;
    const run = runs.get(runId);
    // Tags that differ within a run were not written by our movers.
    if (run === undefined) runs.set(runId, { config, snapshots: [entry] });
    else if (run.config === config) run.snapshots.push(entry);
    if (backup !== undefined && !newestByName.has(backup)) newestByName.set(backup, runId);
  }
  return {
    uniqueId,
    at,
    truncated,
    runOf: ({ ranAs, backup, config }) => {
      const runId = ranAs ?? newestByName.get(backup);
      const run = runId === undefined ? undefined : runs.get(runId);
      return runId === undefined || run?.config !== config ? undefined : { runId, snapshots: run.snapshots };
    },
  };
}

/** What is known about the snapshots of a Backup that was put back. */
export type Finding =
  /** The repository was not read since the controller started, or since that Backup was put back. */
  | { readonly kind: "unread" }
  | { readonly kind: "absent"; readonly at: string; readonly truncated: boolean }
  /** Another Backup adopted them. */
  | { readonly kind: "taken"; readonly runId: string }
  /** Others adopt theirs first. */
  | { readonly kind: "queued" }
  | { readonly kind: "found"; readonly at: string; readonly run: FoundRun };

interface Kept {
  readonly found: FoundRunsOfRepository;
  /** Uid of the Backup that adopts a run, by the uid of that run. */
  readonly takers: Map<string, string>;
}

/**
 * The last listings, passed from the Repositories that read them to the Backups that look for their snapshots.
 * Kept in memory: after a restart those Backups wait for the next listing.
 */
export class FoundRuns {
  readonly #kept = new Map<string, Kept>();
  #second = 0;
  #taken = 0;

  /** Stores the last listing of a Repository. */
  keep(repository: ObjectKey, found: FoundRunsOfRepository): void {
    const known = this.#kept.get(keyText(repository));
    // The statuses of Backups that adopted runs of this listing may not be in every cache yet.
    const takers = known?.found.at === found.at ? known.takers : new Map<string, string>();
    this.#kept.set(keyText(repository), { found, takers });
  }

  /** Forgets a Repository. */
  drop(repository: ObjectKey): void {
    this.#kept.delete(keyText(repository));
  }

  /** What that Backup may adopt now from that Repository. A run is given to only one Backup. */
  ask(
    { uid, putBack, madeAt }: { readonly uid: string; readonly putBack: PutBack; readonly madeAt: string },
    repository: { readonly key: ObjectKey; readonly uniqueId: string | undefined },
    now: Date,
  ): Finding {
    const kept = this.#kept.get(keyText(repository.key));
    if (kept === undefined || kept.found.uniqueId !== repository.uniqueId) return { kind: "unread" };
    const { found, takers } = kept;
    const run = found.runOf(putBack);
    if (run === undefined) {
      // The run may have ended after that listing, or another Backup had its snapshots then.
      if (Date.parse(found.at) < Date.parse(madeAt)) return { kind: "unread" };
      return { kind: "absent", at: found.at, truncated: found.truncated };
    }
    const taker = takers.get(run.runId);
    if (taker !== undefined && taker !== uid) return { kind: "taken", runId: run.runId };
    if (taker === undefined) {
      if (!this.#mayTake(now)) return { kind: "queued" };
      takers.set(run.runId, uid);
    }
    return { kind: "found", at: found.at, run };
  }

  #mayTake(now: Date): boolean {
    const second = Math.floor(now.getTime() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#taken = 0;
    }
    this.#taken += 1;
    return this.#taken <= TAKEN_PER_SECOND;
  }
}
