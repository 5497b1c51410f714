import type { BackupResult, MoverOperation } from "../../api/mover_contract.ts";
import { RUN_TAG } from "../../api/mover_contract.ts";
import {
  connect,
  failureOf,
  type Kopia,
  listTagged,
  readRetentionPolicy,
  runInSpan,
  setKeepEverything,
} from "../kopia.ts";
import { type KopiaCommand, type KopiaSource, snapshotCreateCommand } from "../kopia_argv.ts";
import { classifyLostStorage } from "../kopia_errors.ts";
import { parseSnapshot, type RetentionPolicy, type Snapshot } from "../kopia_output.ts";
import type { KopiaExit } from "../kopia_run.ts";
import { MoverError } from "../mover_error.ts";
import { withUploadCounter } from "../upload_counter.ts";

/** What is to be backed up. */
export type BackupRequest = Extract<MoverOperation, { readonly backup: unknown }>["backup"];

/**
 * Makes the snapshot of one source, or finds the one an earlier pod of the same run made. Answers only with a
 * snapshot that is whole and in the repository. Throws MoverError.
 */
export async function backUp(kopia: Kopia, request: BackupRequest): Promise<BackupResult> {
  const source: KopiaSource = { ...kopia.connection.identity, path: request.sourcePath };
  await connect(kopia);
  // Each spends its time on making the key from the password; side by side they cost the time of one.
  const [earlier, policy] = await bothOf(
    findOwnSnapshot(kopia, request),
    readRetentionPolicy(kopia, { kind: "source", source }),
  );
  if (earlier !== undefined) return resultOf(earlier, { reused: true });
  if (!keepsEverySnapshot(policy)) await setKeepEverything(kopia, { kind: "source", source });
  return await makeSnapshot(kopia, request, source);
}

/** If not, kopia deletes the oldest snapshots of the source as soon as it has made a new one (design D16). */
function keepsEverySnapshot({ keepSum, ignoreIdenticalSnapshots }: RetentionPolicy): boolean {
  return keepSum === 0 && !ignoreIdenticalSnapshots;
}

/** Waits for both also when one fails: no kopia may go on behind the back of whoever handles the failure. */
async function bothOf<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function makeSnapshot(
  kopia: Kopia,
  request: BackupRequest,
  source: KopiaSource,
): Promise<BackupResult> {
  const { value: verdict, bytesNew } = await withUploadCounter(kopia, async (diagnosticsFolder) => {
    const command = snapshotCreateCommand({
      mountPath: request.mountPath,
      source,
      tags: { ...request.tags, [RUN_TAG]: request.runId },
      ...(diagnosticsFolder === undefined ? {} : { diagnosticsFolder }),
    });
    return judge(command, await runInSpan(kopia, { command, onErrorLine: stopWhenStorageIsLost }));
  });
  const snapshot = verdict.kind === "made"
    ? verdict.snapshot
    : await findSaved(kopia, request, verdict.failure);
  return resultOf(snapshot, { reused: false, ...(bytesNew === undefined ? {} : { bytesNew }) });
}

function stopWhenStorageIsLost(line: string): void {
  const failureClass = classifyLostStorage(line);
  if (failureClass !== undefined) throw new MoverError(failureClass, line);
}

type Verdict =
  | { readonly kind: "made"; readonly snapshot: Snapshot }
  | { readonly kind: "doubtful"; readonly failure: MoverError };

/**
 * Exit code 0 alone proves nothing: stopped by SIGTERM, kopia saves what it has as an incomplete snapshot and ends
 * well, and with a policy that drops identical snapshots it ends well and prints nothing.
 */
function judge(command: KopiaCommand, exit: KopiaExit): Verdict {
  if (exit.code !== 0) return { kind: "doubtful", failure: failureOf(command, exit) };
  const { tail } = exit;
  try {
    const snapshot = parseSnapshot(exit.stdout);
    if (snapshot.incomplete === undefined) return { kind: "made", snapshot };
    const message =
      `Cannot finish the snapshot: kopia stopped on the way and calls it "${snapshot.incomplete}"`;
    return { kind: "doubtful", failure: new MoverError("Interrupted", message, { tail }) };
  } catch (error) {
    if (!(error instanceof MoverError)) throw error;
    const failure = new MoverError(error.failureClass, error.message, { cause: error.cause, tail });
    return { kind: "doubtful", failure };
  }
}

/**
 * Kopia may fail after the snapshot was saved, and may print a manifest it then cannot save: only the repository
 * knows. A snapshot with unreadable files, which kopia calls a failure, is found here, too.
 */
async function findSaved(kopia: Kopia, request: BackupRequest, failure: MoverError): Promise<Snapshot> {
  let saved: Snapshot | undefined;
  try {
    saved = await findOwnSnapshot(kopia, request);
  } catch (error) {
    if (kopia.process.signal.aborted) throw error;
    kopia.log.warn("could not look for a snapshot that may have been saved", { error });
  }
  if (saved === undefined) throw failure;
  if (saved.unreadable === undefined) {
    kopia.log.warn("kopia failed, the snapshot was saved", { error: failure });
  }
  return saved;
}

/** The finished snapshot of this run and source; the oldest, should there ever be two. */
async function findOwnSnapshot(kopia: Kopia, request: BackupRequest): Promise<Snapshot | undefined> {
  const { identity } = kopia.connection;
  const tagged = await listTagged(kopia, RUN_TAG, request.runId);
  return tagged
    .filter(({ incomplete, source }) =>
      incomplete === undefined && source.path === request.sourcePath &&
      source.username === identity.username &&
      source.hostname === identity.hostname
    )
    .toSorted((a, b) => a.startTime < b.startTime ? -1 : 1)[0];
}

function resultOf(
  snapshot: Snapshot,
  facts: { readonly reused: boolean; readonly bytesNew?: number },
): BackupResult {
  const { filesNew, unreadable, files } = snapshot;
  return {
    snapshotId: snapshot.id,
    startTime: snapshot.startTime,
    endTime: snapshot.endTime,
    sizeBytes: snapshot.sizeBytes,
    files,
    ...(filesNew === undefined ? {} : { filesNew, filesUnchanged: files - filesNew }),
    ...(unreadable === undefined
      ? {}
      : { unreadable: { count: unreadable.count, paths: [...unreadable.paths] } }),
    ...facts,
  };
}
