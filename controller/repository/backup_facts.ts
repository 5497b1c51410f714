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

/** Reads what a Backup means beside a listing. */
export function backupFacts(backup: KubeObject): BackupFacts {
  return {
    uid: backup.metadata.uid ?? "",
    discovered: discoveredBackup(backup),
    snapshotIds: snapshotIds(backup),
    ended: endedRun(backup),
    runningSinceMs: runningSinceMs(backup),
  };
}
