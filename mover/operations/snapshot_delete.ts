import { type MoverOperation, RUN_TAG, type SnapshotDeleteResult } from "../../api/mover/contract.ts";
import { connect, failureOf, type Kopia, listSource, listTagged, tryDelete } from "../kopia/client.ts";
import { snapshotDeleteCommand } from "../kopia/argv.ts";
import type { Snapshot, UnreadableManifest } from "../kopia/output.ts";
import { MoverError } from "../mover_error.ts";
import { refuseOtherRepository } from "./repository_id.ts";
import { stockOf } from "../snapshots/repository_survey.ts";
import { leftOf, type RunLeftovers, runLeftovers } from "../snapshots/leftovers.ts";

/** The `snapshotDelete` operation of a work spec. */
export type SnapshotDeleteRequest = Extract<
  MoverOperation,
  { readonly snapshotDelete: unknown }
>["snapshotDelete"];

/**
 * Deletes the snapshots and checkpoints of a run. Only ids that the repository lists as snapshots are deleted: kopia
 * also accepts the id of a folder's content, and would then delete every snapshot that contains it. Never reports a
 * snapshot as gone while an unreadable manifest may be that snapshot, nor a checkpoint that is still listed. Throws
 * MoverError.
 */
export async function deleteSnapshots(
  kopia: Kopia,
  request: SnapshotDeleteRequest,
): Promise<SnapshotDeleteResult> {
  await connect(kopia);
  const found = await findAll(kopia, request);
  await refuseOtherRepository(kopia, request.uniqueId, "delete the snapshots");
  const checkpoints = await findCheckpoints(kopia, request);
  const alreadyGone = request.snapshots.filter(({ id }) => !found.ids.has(id)).length;
  // Checkpoints first: if kopia stops in between, the next try needs the snapshots to know whose they are.
  const ids = [...checkpoints.ids, ...found.ids];
  const left = checkpoints.left === undefined ? {} : { left: checkpoints.left };
  if (ids.length === 0) {
    refuseDoubt(found);
    return { deleted: 0, alreadyGone, ...left };
  }
  const exit = await tryDelete(kopia, ids);
  const still = await findAll(kopia, request);
  const stay = still.ids.size + await countListed(kopia, request, checkpoints.ids);
  if (stay > 0) {
    if (exit.code !== 0) throw failureOf(kopia, snapshotDeleteCommand(ids), exit);
    const message =
      `Cannot delete ${stay} of ${ids.length} snapshots: kopia says it did, the repository lists them`;
    throw new MoverError("UnexpectedOutput", message, { tail: exit.tail });
  }
  refuseDoubt(still);
  const unfinished = checkpoints.ids.length + found.unfinished;
  const dropped = unfinished === 0 ? {} : { checkpoints: unfinished };
  const counts = { deleted: found.ids.size - found.unfinished, alreadyGone };
  return { ...counts, ...dropped, ...left, ...await stockAfter(kopia) };
}

/** What is deleted is deleted, also when the repository cannot be listed once more. */
async function stockAfter(kopia: Kopia): Promise<Pick<SnapshotDeleteResult, "repository">> {
  try {
    return { repository: await stockOf(kopia) };
  } catch (error) {
    kopia.log.warn("the repository could not be listed after the deletion", { error });
    return {};
  }
}

/** The checkpoints that movers of the run left under its sources. */
async function findCheckpoints(
  kopia: Kopia,
  { runId, checkpoints, snapshots }: SnapshotDeleteRequest,
): Promise<{ readonly ids: readonly string[]; readonly left: SnapshotDeleteResult["left"] }> {
  const killedUnder = new Set(checkpoints?.sourcePaths);
  const found: RunLeftovers[] = [];
  for (const path of pathsOf({ checkpoints, snapshots })) {
    const listed = await listSource(kopia, { ...kopia.connection.identity, path });
    const ofSource = listed.snapshots.filter(({ source }) => isOf(source, kopia, path));
    const window = killedUnder.has(path) ? checkpoints : undefined;
    found.push(runLeftovers(ofSource, { runId, window }, kopia.clock()));
  }
  return { ids: found.flatMap(({ ids }) => ids), left: leftOf(found) };
}

/** The source paths that may have checkpoints. Kopia may write one even at the moment it saves the snapshot. */
function pathsOf({ checkpoints, snapshots }: Pick<SnapshotDeleteRequest, "checkpoints" | "snapshots">) {
  return new Set([...checkpoints?.sourcePaths ?? [], ...snapshots.map(({ sourcePath }) => sourcePath)]);
}

/** How many checkpoints the repository still lists. By id, as the snapshot that tells whose they are may be gone. */
async function countListed(
  kopia: Kopia,
  request: SnapshotDeleteRequest,
  ids: readonly string[],
): Promise<number> {
  if (ids.length === 0) return 0;
  const wanted = new Set<string | undefined>(ids);
  const still = new Set<string | undefined>();
  for (const path of pathsOf(request)) {
    const { snapshots, unreadable } = await listSource(kopia, { ...kopia.connection.identity, path });
    for (const { id } of [...snapshots, ...unreadable]) if (wanted.has(id)) still.add(id);
  }
  return still.size;
}

interface Found {
  readonly ids: ReadonlySet<string>;
  /** How many of them are incomplete snapshots of a stopped mover. */
  readonly unfinished: number;
  /** An unreadable manifest that may or may not be one of those to delete. */
  readonly doubt: UnreadableManifest | undefined;
}

function refuseDoubt({ doubt }: Found): void {
  if (doubt !== undefined) throw doubt.error;
}

/** The snapshots with the run's tag, of any source, and those the request names, under their source. */
async function findAll(kopia: Kopia, request: SnapshotDeleteRequest): Promise<Found> {
  const ids = new Set<string>();
  let doubt: UnreadableManifest | undefined;
  const tagged = await listTagged(kopia, RUN_TAG, request.runId);
  for (const { id } of tagged.snapshots) ids.add(id);
  const unfinished = tagged.snapshots.filter(({ incomplete }) => incomplete !== undefined).length;
  for (const manifest of tagged.unreadable) {
    // Kopia listed it for the tag, but may have misread the filter: it is ours only by its own tag or the request.
    const isOurs = manifest.tags !== undefined || request.snapshots.some(({ id }) => id === manifest.id);
    if (isOurs && isDeletable(manifest.id)) ids.add(manifest.id);
    else doubt ??= manifest;
  }
  const others = request.snapshots.filter(({ id }) => !ids.has(id));
  for (const path of new Set(others.map(({ sourcePath }) => sourcePath))) {
    const wanted = new Set(others.filter(({ sourcePath }) => sourcePath === path).map(({ id }) => id));
    const { snapshots, unreadable } = await listSource(kopia, { ...kopia.connection.identity, path });
    for (const { id, source } of snapshots) if (wanted.has(id) && isOf(source, kopia, path)) ids.add(id);
    for (const manifest of unreadable) {
      const { id, source } = manifest;
      if (id !== undefined && !wanted.has(id)) continue;
      if (source !== undefined && !isOf(source, kopia, path)) continue;
      if (source !== undefined && isDeletable(id)) ids.add(id);
      else doubt ??= manifest;
    }
  }
  return { ids, unfinished, doubt };
}

/** Ids of any other form are never passed to kopia. */
function isDeletable(id: string | undefined): id is string {
  return id !== undefined && /^[0-9A-Za-z]{1,128}$/.test(id);
}

/** Kopia's list of a source also has the snapshots of the folders above it. */
function isOf(source: Snapshot["source"], kopia: Kopia, path: string): boolean {
  const { identity } = kopia.connection;
  return source.path === path && source.username === identity.username &&
    source.hostname === identity.hostname;
}
