import { retrySeconds } from "../../movers/mod.ts";
import { refreshSeconds } from "../../../api/rules/mod.ts";
import type { RepositoryObject } from "../repository_object.ts";

const RETRY_FIRST_SECONDS = 60;
const RETRY_LONGEST_SECONDS = 900;
/** A hanging bootstrap rests this many times as long as it had its slot, at most an hour. */
const REST_FOR_WORK = 20;
const REST_LONGEST_SECONDS = 3600;
/** The retry interval after a failure that a person must correct, as the storage has no watch. */
const HEARTBEAT_SECONDS = 1800;

/**
 * New credentials are tried this long after the last bootstrap. A Secret that another controller changes all the time must
 * not cause bootstraps all the time: each one without a new result doubles the wait for the next.
 */
const CHANGED_SECONDS = 5;

/** Synchronized clocks differ by less. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** When to retry a bootstrap that failed for the n-th time in a row (1 is the first) and took this long. */
export function retryTime(
  finishedAt: string,
  failures: number,
  isRetryable: boolean,
  tookSeconds = 0,
): string {
  const rest = Math.min(tookSeconds * REST_FOR_WORK, REST_LONGEST_SECONDS);
  const longest = Math.max(RETRY_LONGEST_SECONDS, rest);
  const seconds = isRetryable
    ? retrySeconds(failures - 1, { firstSeconds: RETRY_FIRST_SECONDS, longestSeconds: longest })
    : HEARTBEAT_SECONDS;
  return new Date(Date.parse(finishedAt) + seconds * 1000).toISOString();
}

/**
 * Seconds until the next bootstrap is due; 0 when it is. The cluster set the time of the last end, so the age is by
 * the cluster's clock: by a clock that is an hour ahead each would be due at once. An end
 * in the future is of a wrong clock, and is ignored.
 */
export function secondsUntilDue(
  repository: RepositoryObject,
  credentials: string,
  serverNow: Date,
): number {
  const { generation, spec, status: { bootstrap, lastInit, uniqueId } } = repository;
  if (bootstrap === undefined || lastInit === undefined || bootstrap.forGeneration !== generation) return 0;
  const isOpen = bootstrap.failures === 0;
  if (isOpen && uniqueId === undefined) return 0;
  const endedMs = Date.parse(lastInit.time);
  if (endedMs > serverNow.getTime() + CLOCK_TOLERANCE_SECONDS * 1000) return 0;
  const plannedMs = isOpen
    ? endedMs + (refreshSeconds(spec) ?? Number.NaN) * 1000
    : Date.parse(bootstrap.retryAt ?? "");
  const changedMs = endedMs +
    retrySeconds(bootstrap.changes ?? 0, { firstSeconds: CHANGED_SECONDS, longestSeconds: Infinity }) * 1000;
  const isChanged = bootstrap.credentialVersion !== credentials;
  const dueMs = isChanged ? Math.min(plannedMs, changedMs) : plannedMs;
  return Number.isNaN(dueMs) ? 0 : Math.max(0, (dueMs - serverNow.getTime()) / 1000);
}
