import {
  type BackupResult,
  type MoverOperation,
  type RepositoryStock,
  RUN_TAG,
} from "../../api/mover/contract.ts";
import { resultOf, unchangedSince } from "./backup_result.ts";
import {
  connect,
  failureOf,
  type Kopia,
  readSourcePolicy,
  runInSpan,
  setSourcePolicy,
} from "../kopia/client.ts";
import { type KopiaCommand, type KopiaSource, snapshotCreateCommand } from "../kopia/argv.ts";
import { classifyLostStorage, FileReports } from "../kopia/errors.ts";
import { parseSnapshot, type Snapshot } from "../kopia/output.ts";
import type { KopiaExit } from "../kopia/run.ts";
import { beforeSaving, MoverError } from "../mover_error.ts";
import { EntryLog, followEntryLog } from "../names/entry_log.ts";
import { surveyNames } from "../names/survey.ts";
import { lostCompressorText, policyChanges } from "../kopia/policy_changes.ts";
import { hasOwnFileSystem } from "../progress/own_file_system.ts";
import { type ProgressReportParts, withProgressReport } from "../progress/report.ts";
import { refuseOtherRepository } from "./repository_id.ts";
import { type RunSurvey, surveyRun } from "../snapshots/run_survey.ts";
import { fittingDescription } from "../snapshots/description.ts";
import { readUploadedBytes, withReportFolder } from "../kopia/report_folder.ts";

/** The `backup` operation of a work spec. */
export type BackupRequest = Extract<MoverOperation, { readonly backup: unknown }>["backup"];

/**
 * Makes the snapshot of one source, or finds the one that an earlier pod of the same run made. Returns only a
 * finished snapshot that the repository has. Throws MoverError.
 */
export async function backUp(kopia: Kopia, request: BackupRequest): Promise<BackupResult> {
  const source: KopiaSource = { ...kopia.connection.identity, path: request.sourcePath };
  const before = await beforeSaving(() => prepare(kopia, request, source));
  const { own, all } = before;
  if (own !== undefined) {
    return resultOf(own, await surveyNames(kopia, own), { reused: true, repository: all.stock });
  }
  return await makeSnapshot(kopia, request, source, before);
}

/** Opens the repository, reads its snapshots and sets the policy of the source. Makes no snapshot. */
async function prepare(kopia: Kopia, request: BackupRequest, source: KopiaSource): Promise<RunSurvey> {
  await connect(kopia);
  // Each kopia process spends most of its time on deriving the key from the password, so both start at once.
  const [before, found] = await bothOf(surveyRun(kopia, request), readSourcePolicy(kopia, source));
  await refuseOtherRepository(kopia, request.uniqueId, "back up");
  if (before.own !== undefined) return before;
  const lost = lostCompressorText(request.policy ?? {}, found);
  if (lost !== undefined) throw new MoverError("Unknown", lost);
  const changes = policyChanges({
    policy: request.policy ?? {},
    // Kopia also compares with an incomplete snapshot, and would then leave the source without a finished one.
    ignoreIdenticalSnapshots: mayBeUnchanged(request) && before.newest !== undefined,
  }, found);
  if (changes.length > 0) await setSourcePolicy(kopia, source, changes);
  return before;
}

function mayBeUnchanged({ policy }: BackupRequest): boolean {
  return policy?.ignore?.ignoreIdenticalSnapshots ?? false;
}

/** Waits for both even when one fails, so that no kopia process is left running when the failure is handled. */
async function bothOf<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function makeSnapshot(
  kopia: Kopia,
  request: BackupRequest,
  source: KopiaSource,
  before: RunSurvey,
): Promise<BackupResult> {
  const { policy } = request;
  const description = fittingDescription(kopia.log, request.description);
  const startedMs = kopia.clock();
  const reporting = await reportingOf(kopia, request, before);
  const entries = new EntryLog();
  const { end, bytesNew } = await withReportFolder(kopia, async (reportFolder) => {
    const command = snapshotCreateCommand({
      mountPath: request.mountPath,
      source,
      tags: { ...request.tags, [RUN_TAG]: request.runId },
      ...(description === undefined ? {} : { description }),
      ...(policy?.upload?.parallelFiles === undefined ? {} : { parallelFiles: policy.upload.parallelFiles }),
      ...(policy?.extraArgs === undefined ? {} : { extraArgs: policy.extraArgs }),
      ...(reportFolder === undefined ? {} : { reportFolder }),
    });
    const run = {
      command,
      stallSeconds: kopia.limits.stallSeconds,
      onErrorLine: stopWhenStorageIsLost(kopia),
    };
    const create = () =>
      withProgressReport(reporting, (onProgress) => runInSpan(kopia, { ...run, onProgress }));
    if (reportFolder === undefined) return { end: createEndOf(kopia, command, await create()) };
    const exit = await followEntryLog(kopia, reportFolder, entries, create);
    return {
      end: createEndOf(kopia, command, exit),
      bytesNew: await readUploadedBytes(kopia, reportFolder),
    };
  });
  const counted = bytesNew === undefined ? {} : { bytesNew };
  switch (end.kind) {
    case "made": {
      const { snapshot } = end;
      const facts = {
        reused: false,
        ...counted,
        ...grownBytes(snapshot, before),
        repository: before.all.stock,
      };
      return resultOf(snapshot, await surveyNames(kopia, snapshot, entries), facts);
    }
    case "unchanged": {
      const { newest } = before;
      if (newest === undefined || !mayBeUnchanged(request)) throw end.failure;
      const times = { startTime: timeText(startedMs), endTime: timeText(kopia.clock()) };
      const facts = { ...times, ...counted, repository: before.all.stock };
      return unchangedSince(newest, await surveyNames(kopia, newest, entries), facts);
    }
    case "doubtful": {
      const { snapshot, stock } = await findSaved(kopia, request, end.failure);
      const facts = { reused: false, ...counted, ...grownBytes(snapshot, before), repository: stock };
      return resultOf(snapshot, await surveyNames(kopia, snapshot, entries), facts);
    }
  }
}

function grownBytes({ sizeBytes }: Snapshot, { newest }: RunSurvey): Pick<BackupResult, "grownBytes"> {
  const before = newest === undefined ? 0 : newest.sizeBytes;
  return sizeBytes === undefined || before === undefined ? {} : { grownBytes: sizeBytes - before };
}

/** Estimates the size of the source by its newest snapshot. */
async function reportingOf(
  { process, print }: Kopia,
  { mountPath }: BackupRequest,
  { newest }: RunSurvey,
): Promise<ProgressReportParts> {
  return {
    log: process.log,
    print,
    hasOwnFileSystem: await hasOwnFileSystem(mountPath),
    ...(newest?.sizeBytes === undefined ? {} : { bytesEstimated: newest.sizeBytes }),
  };
}

function stopWhenStorageIsLost({ named }: Kopia): (line: string) => void {
  const reports = new FileReports();
  return (line) => {
    if (reports.takes(line)) return;
    const failureClass = classifyLostStorage(line, named);
    if (failureClass !== undefined) throw new MoverError(failureClass, line);
  };
}

/** How `snapshot create` ended. */
type CreateEnd =
  | { readonly kind: "made"; readonly snapshot: Snapshot }
  /** Kopia saved nothing, as no file had changed; `failure` applies where the request does not allow that. */
  | { readonly kind: "unchanged"; readonly failure: MoverError }
  /** Only the repository knows whether the snapshot was saved. */
  | { readonly kind: "doubtful"; readonly failure: MoverError };

const notSaved = "Not saving snapshot because no files have been changed since previous snapshot";

/**
 * Exit code 0 alone proves nothing. On SIGTERM kopia saves an incomplete snapshot and exits with 0. With a policy
 * that drops identical snapshots it exits with 0 and prints nothing.
 */
function createEndOf(kopia: Kopia, command: KopiaCommand, exit: KopiaExit): CreateEnd {
  if (exit.code !== 0) return { kind: "doubtful", failure: failureOf(kopia, command, exit) };
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
    const isUnchanged = exit.stdout.trim() === "" && tail.some((line) => line.includes(notSaved));
    return { kind: isUnchanged ? "unchanged" : "doubtful", failure };
  }
}

/**
 * Looks for the snapshot in the repository. Kopia may fail after it saved the snapshot, may print a manifest that it
 * then cannot save, and calls a snapshot with unreadable files a failure. Throws `failure` when there is none.
 */
async function findSaved(
  kopia: Kopia,
  request: BackupRequest,
  failure: MoverError,
): Promise<{ readonly snapshot: Snapshot; readonly stock: RepositoryStock }> {
  let after: RunSurvey | undefined;
  try {
    after = await surveyRun(kopia, request);
  } catch (error) {
    if (kopia.process.signal.aborted) throw error;
    kopia.log.warn("could not look for a snapshot that may have been saved", { error });
  }
  if (after?.own === undefined) throw failure;
  if (after.own.unreadable === undefined) {
    kopia.log.warn("kopia failed, the snapshot was saved", { error: failure });
  }
  return { snapshot: after.own, stock: after.all.stock };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
