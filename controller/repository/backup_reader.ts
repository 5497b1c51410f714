import type { KubeObject } from "../../kube/types.ts";
import {
  type DiscoveredBackup,
  discoveredBackup,
  type EndedRun,
  endedRun,
  runningSinceMs,
  snapshotIds,
} from "./backups_seen.ts";

/** What a Backup means beside a listing. */
export interface BackupFacts {
  readonly uid: string;
  /** Set for one that stands for a snapshot somebody else made. */
  readonly discovered: DiscoveredBackup | undefined;
  readonly snapshotIds: readonly string[];
  readonly ended: EndedRun | undefined;
  readonly runningSinceMs: number | undefined;
}

/**
 * Reads what Backups mean beside a listing. A hundred passes may work through one, each beside all Backups of the
 * repository, so what was read of an object is remembered while the cache holds it and the listing is worked with.
 */
export class BackupReader {
  readonly #known = new WeakMap<KubeObject, BackupFacts>();

  /** The facts of one Backup. */
  read(backup: KubeObject): BackupFacts {
    const known = this.#known.get(backup);
    if (known !== undefined) return known;
    const facts: BackupFacts = {
      uid: backup.metadata.uid ?? "",
      discovered: discoveredBackup(backup),
      snapshotIds: snapshotIds(backup),
      ended: endedRun(backup),
      runningSinceMs: runningSinceMs(backup),
    };
    this.#known.set(backup, facts);
    return facts;
  }
}
