import {
  type BootstrapResult,
  type ConditionChange,
  findCondition,
  repositoryKind,
  type RepositoryStatus,
} from "../../../api/mod.ts";
import type { PlannedEvent, PlannedMeasure } from "../../runtime/plan.ts";
import { moverMeasures, workSpan } from "../../movers/mod.ts";
import type { BootstrapPurpose } from "./purpose.ts";
import { retryTime } from "./timing.ts";
import type { BootstrapEnd } from "./decide.ts";
import { bootstrapTrace } from "./desired.ts";
import { openingOf } from "../../shared/mod.ts";
import { locationOf } from "../location.ts";
import type { RepositoryObject } from "../repository_object.ts";
import { POD_SECONDS } from "./task.ts";
import type { OpeningResult } from "./opening_result.ts";

/** The record of an ended bootstrap, written and reported once. */
export interface RecordedEnd {
  readonly status: RepositoryStatus;
  readonly condition: ConditionChange;
  readonly events: readonly PlannedEvent[];
  readonly measures: readonly PlannedMeasure[];
}

/** Records the end of a bootstrap. After a failure the known facts of the repository are kept. */
export function recordEnd(
  repository: RepositoryObject,
  end: BootstrapEnd,
  purpose: BootstrapPurpose,
  result: OpeningResult,
): RecordedEnd {
  return {
    status: statusAfter(repository, end, purpose, result),
    condition: bootstrapped(result),
    events: eventsOf(repository, result),
    measures: [
      ...(end.kind === "failed" && end.mover === undefined
        ? []
        : moverMeasures("bootstrap", end.kind, secondsOf(end))),
      spanOf(repository, end, result),
    ],
  };
}

function statusAfter(
  repository: RepositoryObject,
  end: BootstrapEnd,
  purpose: BootstrapPurpose,
  result: OpeningResult,
): RepositoryStatus {
  const { status } = repository;
  const { finishedAt } = end;
  const changes = changesInVain(status, purpose, result);
  const base = {
    forGeneration: purpose.generation,
    credentialVersion: purpose.credentials,
    runs: end.memory.number,
    ...(changes === 0 ? {} : { changes }),
  };
  if (result.kind === "failed") {
    const failures = failuresBefore(status, purpose) + 1;
    const retryAt = retryTime(finishedAt, failures, result.isRetryable, secondsTaken(end));
    return {
      ...status,
      lastInit: { status: "Failed", time: finishedAt, message: result.message },
      bootstrap: { ...base, failures, retryAt },
    };
  }
  const { uniqueId, created, unreadableManifests, unfinished, catalog, ...stock } = result.bootstrap;
  const { snapshotCount, totalSizeBytes, recent } = stock;
  const observedAt = stock.observedAt === undefined || Date.parse(stock.observedAt) > Date.parse(finishedAt)
    ? finishedAt
    : stock.observedAt;
  const message = created ? "The repository was created" : "The repository was opened";
  return {
    ...status,
    uniqueId,
    storageStats: {
      snapshotCount,
      totalSizeBytes,
      lastObservedAt: observedAt,
      listing: { observedAt, snapshotCount, totalSizeBytes, ...(recent === undefined ? {} : { recent }) },
      ...(unreadableManifests === undefined ? {} : { unreadableManifests }),
      ...(unfinished === undefined ? {} : { unfinished: leftBehind(unfinished) }),
    },
    lastInit: { status: "Succeeded", time: finishedAt, message, created },
    bootstrap: {
      ...base,
      ...(purpose.generation === repository.generation ? { openedWith: openingOf(repository.spec) } : {}),
      failures: 0,
      ...(catalog === undefined ? {} : { listing: "Pending" }),
    },
  };
}

function leftBehind(
  { snapshotCount, sizeBytes, oldestTime }: NonNullable<BootstrapResult["unfinished"]>,
): NonNullable<RepositoryStatus["storageStats"]>["unfinished"] {
  return { snapshotCount, sizeBytes, oldestTime };
}

/** A bootstrap without a result because its time was over took all of its time. */
function secondsTaken(end: BootstrapEnd): number {
  const isOver = end.kind === "failed" && end.failure.class === "DeadlineExceeded";
  return secondsOf(end) ?? (isOver ? POD_SECONDS : 0);
}

/** The duration by the mover itself. */
function secondsOf(end: BootstrapEnd): number | undefined {
  return end.kind === "succeeded" ? end.result.durationSeconds : end.mover?.seconds;
}

/** How many bootstraps in a row, this one included, were made for changed credentials and ended as the one before. */
function changesInVain(
  { bootstrap }: RepositoryStatus,
  purpose: BootstrapPurpose,
  result: OpeningResult,
): number {
  if (bootstrap === undefined || bootstrap.forGeneration !== purpose.generation) return 0;
  const isChange = bootstrap.credentialVersion !== purpose.credentials;
  const endsAlike = (bootstrap.failures === 0) === (result.kind === "open");
  return isChange && endsAlike ? (bootstrap.changes ?? 0) + 1 : 0;
}

/** Failures in a row with the same purpose: after a change the count restarts, as somebody waits for the result. */
export function failuresBefore({ bootstrap }: RepositoryStatus, purpose: BootstrapPurpose): number {
  const isSameTry = bootstrap?.forGeneration === purpose.generation &&
    bootstrap.credentialVersion === purpose.credentials;
  return isSameTry ? bootstrap.failures : 0;
}

function bootstrapped(result: OpeningResult): ConditionChange {
  const type = "Bootstrapped";
  if (result.kind === "failed") {
    const { reason, message } = result;
    return { kind: "set", value: { type, status: "False", reason, message } };
  }
  const message = `The repository with unique id "${result.bootstrap.uniqueId}" was opened`;
  return { kind: "set", value: { type, status: "True", reason: "Bootstrapped", message } };
}

/** Events for transitions; the reason of a failure is its class. */
function eventsOf({ spec, status }: RepositoryObject, result: OpeningResult): readonly PlannedEvent[] {
  const where = `Repository at ${locationOf(spec)}`;
  const before = findCondition(status.conditions, "Bootstrapped");
  if (result.kind === "failed") {
    const { reason, message, rawText } = result;
    if (before?.status === "False" && before.reason === reason && before.message === message) return [];
    const failure = { type: "Warning", action: actionOf(reason), note: `${where}: ${rawText}` } as const;
    // A repository that never worked also gets InitFailed (deploy/docs/contract.md).
    const isFirst = status.uniqueId === undefined;
    return [{ ...failure, reason }, ...(isFirst ? [{ ...failure, reason: "InitFailed" } as const] : [])];
  }
  if (before?.status === "True") return [];
  const { uniqueId, created, snapshotCount } = result.bootstrap;
  const did = created ? "created" : "opened";
  const note = `${where} was ${did}; its unique id is "${uniqueId}", it holds ${snapshotCount} snapshots`;
  return [{ type: "Normal", reason: "InitSucceeded", action: "Bootstrap", note }];
}

function actionOf(reason: string): string {
  if (reason === "AuthFailure") return "CheckCredentials";
  if (reason === "AccessDenied" || reason === "PermissionDenied") return "CheckPermissions";
  return "CheckBackend";
}

function spanOf(repository: RepositoryObject, end: BootstrapEnd, result: OpeningResult): PlannedMeasure {
  const tookMs = (secondsOf(end) ?? 0) * 1000;
  const of = { kind: repositoryKind.kind, key: repository.key };
  return workSpan(bootstrapTrace(repository, end.memory.number), of, {
    name: "repository bootstrap",
    startTime: new Date(Date.parse(end.finishedAt) - tookMs).toISOString(),
    endTime: end.finishedAt,
    ...(result.kind === "failed" ? { failure: result.message } : {}),
  });
}
