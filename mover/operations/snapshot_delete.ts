import { type MoverOperation, RUN_TAG, type SnapshotDeleteResult } from "../../api/mover_contract.ts";
import { connect, failureOf, type Kopia, listSource, listTagged, tryDelete } from "../kopia.ts";
import { snapshotDeleteCommand } from "../kopia_argv.ts";
import type { Snapshot } from "../kopia_output.ts";
import { MoverError } from "../mover_error.ts";
import { refuseOtherRepository } from "../repository_id.ts";

/** Which snapshots are to go. */
export type SnapshotDeleteRequest = Extract<
  MoverOperation,
  { readonly snapshotDelete: unknown }
>["snapshotDelete"];

/**
 * Deletes what a run left in the repository. Only ids that the repository itself lists are deleted: kopia also takes
 * the id of a folder's content, and would then delete every snapshot that holds it. Throws MoverError.
 */
export async function deleteSnapshots(
  kopia: Kopia,
  request: SnapshotDeleteRequest,
): Promise<SnapshotDeleteResult> {
  await connect(kopia);
  await refuseOtherRepository(kopia, request.uniqueId, "delete the snapshots");
  const found = await findAll(kopia, request);
  const alreadyGone = request.snapshots.filter(({ id }) => !found.has(id)).length;
  if (found.size === 0) return { deleted: 0, alreadyGone };
  const ids = [...found];
  const exit = await tryDelete(kopia, ids);
  const left = await findAll(kopia, request);
  if (left.size > 0) {
    if (exit.code !== 0) throw failureOf(snapshotDeleteCommand(ids), exit);
    const message =
      `Cannot delete ${left.size} of ${ids.length} snapshots: kopia says it did, the repository lists them`;
    throw new MoverError("UnexpectedOutput", message, { tail: exit.tail });
  }
  return { deleted: ids.length, alreadyGone };
}

/** What the run tagged, whatever the source, and what the status names under the source it names. */
async function findAll(kopia: Kopia, request: SnapshotDeleteRequest): Promise<ReadonlySet<string>> {
  const found = new Set((await listTagged(kopia, RUN_TAG, request.runId)).map(({ id }) => id));
  const others = request.snapshots.filter(({ id }) => !found.has(id));
  for (const path of new Set(others.map(({ sourcePath }) => sourcePath))) {
    const wanted = new Set(others.filter(({ sourcePath }) => sourcePath === path).map(({ id }) => id));
    const listed = await listSource(kopia, { ...kopia.connection.identity, path });
    for (const { id } of listed.filter((each) => isOf(each, kopia, path) && wanted.has(each.id))) {
      found.add(id);
    }
  }
  return found;
}

/** Kopia's list of a source also holds the snapshots of the folders above it. */
function isOf(snapshot: Snapshot, kopia: Kopia, path: string): boolean {
  const { identity } = kopia.connection;
  const { source } = snapshot;
  return source.path === path && source.username === identity.username &&
    source.hostname === identity.hostname;
}
