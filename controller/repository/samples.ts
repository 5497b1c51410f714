import { repositoryKind, repositoryPhases } from "../../api/mod.ts";
import type { Reader } from "../../kube/types.ts";
import type { StateSample } from "../runtime/kind.ts";
import { numberAt, phaseSamples, REPOSITORY } from "../shared/mod.ts";

/** Phases, sizes, snapshot counts and catalogs of all Repositories. */
export function* repositorySamples(reader: Reader): Iterable<StateSample> {
  const repositories = reader.list(REPOSITORY);
  yield* phaseSamples(repositoryKind.kind, repositoryPhases, repositories);
  for (const repository of repositories) {
    const { namespace = "", name } = repository.metadata;
    const labels = { namespace, name };
    const size = numberAt(repository, "status", "storageStats", "totalSizeBytes");
    const snapshots = numberAt(repository, "status", "storageStats", "snapshotCount");
    if (size !== undefined) yield { name: "kopiur_repo_size_bytes", labels, value: size };
    if (snapshots !== undefined) yield { name: "kopiur_repo_snapshot_count", labels, value: snapshots };
    if (size !== undefined) {
      const unreadable = numberAt(repository, "status", "storageStats", "unreadableManifests") ?? 0;
      yield { name: "kopiur_repo_unreadable_manifests", labels, value: unreadable };
      const left = (field: string) =>
        numberAt(repository, "status", "storageStats", "unfinished", field) ?? 0;
      yield { name: "kopiur_repo_unfinished_snapshots", labels, value: left("snapshotCount") };
      yield { name: "kopiur_repo_unfinished_size_bytes", labels, value: left("sizeBytes") };
    }
    const discovered = numberAt(repository, "status", "catalog", "discoveredBackupCount");
    if (discovered !== undefined) yield { name: "kopiur_repo_discovered_backups", labels, value: discovered };
    const missing = numberAt(repository, "status", "catalog", "missingSnapshotCount");
    if (missing !== undefined) yield { name: "kopiur_repo_missing_snapshots", labels, value: missing };
  }
}
