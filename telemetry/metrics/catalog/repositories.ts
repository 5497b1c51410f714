/** What is in the repositories. */
import { type MetricEntry, ofObject } from "./entry.ts";

/** By exported name. */
export const repositoryMetrics = {
  kopiur_repo_size_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: ofObject,
    help: "Logical bytes a repository keeps: the sum of the newest snapshot of each source.",
    promised: "observability",
  },
  kopiur_repo_snapshot_count: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: ofObject,
    help: "Snapshots found in a repository by the newest scan of its catalog.",
    promised: "observability",
  },
  kopiur_repo_discovered_backups: {
    instrument: "gauge",
    unit: "{object}",
    scope: "object",
    labels: ofObject,
    help: "Backups that stand for snapshots of a repository which no Backup of this cluster made.",
    promised: "observability",
  },
  kopiur_repo_missing_snapshots: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: ofObject,
    help:
      "Snapshots that Backups of this Repository made or stand on and the newest scan of the catalog did not find.",
  },
  kopiur_repo_unreadable_manifests: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: ofObject,
    help:
      "Manifests in a repository that cannot be read and are passed over, as the newest scan of its catalog found.",
  },
  kopiur_repo_unfinished_snapshots: {
    instrument: "gauge",
    unit: "{snapshot}",
    scope: "object",
    labels: ofObject,
    help:
      "Unfinished snapshots in a repository that killed or cancelled uploads left, as the newest scan of its catalog found; those that may go on are not counted.",
  },
  kopiur_repo_unfinished_size_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "object",
    labels: ofObject,
    help:
      "Logical bytes that these uploads had taken in; at most so much of the storage is held by nothing else.",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
