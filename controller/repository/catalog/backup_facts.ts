import type { KubeObject } from "../../../kube/types.ts";
import { type PutBack, runFacts } from "../../shared/mod.ts";
import {
  type DiscoveredBackup,
  discoveredBackup,
  type EndedRun,
  endedRun,
  repositoryIdOf,
  runningSinceMs,
  snapshotIds,
} from "./backups_seen.ts";

/** What a Backup means beside a listing. */
export interface BackupFacts {
  readonly uid: string;
  /** Kopia's unique id of the repository it was written to or found in. */
  readonly uniqueId: string | undefined;
  /** Set for one that stands for a snapshot somebody else made. */
  readonly discovered: DiscoveredBackup | undefined;
  readonly snapshotIds: readonly string[];
  readonly ended: EndedRun | undefined;
  readonly runningSinceMs: number | undefined;
  /** Set for one that was put back without its status and has yet to find its snapshots. */
  readonly putBack: PutBack | undefined;
}

/** Reads what a Backup means beside a listing. */
export function backupFacts(backup: KubeObject): BackupFacts {
  const { uid, putBack } = runFacts(backup);
  return {
    uid,
    uniqueId: repositoryIdOf(backup),
    discovered: discoveredBackup(backup),
    snapshotIds: snapshotIds(backup),
    ended: endedRun(backup),
    runningSinceMs: runningSinceMs(backup),
    putBack,
  };
}
