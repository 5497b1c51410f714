import { type DeletionListings, repositoryKey } from "../../shared/mod.ts";
import type { BackupWorld } from "../world/world.ts";
import { deleteMovers } from "./delete_snapshots.ts";

/** Keeps what the movers of a deletion saw of the repository after it, as the Backup is soon gone. */
export function keepListings(world: BackupWorld, deletions: DeletionListings): void {
  const { backup: { isDeleting, key, status } } = world;
  const written = status.resolved?.repository;
  if (!isDeleting || written?.uniqueId === undefined) return;
  for (const { state } of deleteMovers(world)) {
    const listed = state.kind === "succeeded" ? state.result.snapshotDelete.repository : undefined;
    if (listed?.observedAt === undefined) continue;
    const { observedAt } = listed;
    deletions.keep(repositoryKey(written, key.namespace), written.uniqueId, { ...listed, observedAt });
  }
}
