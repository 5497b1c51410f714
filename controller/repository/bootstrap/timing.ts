import { retrySeconds } from "../../movers/mod.ts";
import { refreshSeconds } from "../../../api/rules/mod.ts";
import type { RepositoryObject } from "../repository_object.ts";

const RETRY_FIRST_SECONDS = 60;
const RETRY_LONGEST_SECONDS = 900;
/** A bootstrap that hangs rests so many times as long as it held its slot, though no longer than an hour. */
const REST_FOR_WORK = 20;
const REST_LONGEST_SECONDS = 3600;
/** After a failure only a person can mend: a look now and then, for the world outside has no watch. */
const HEARTBEAT_SECONDS = 1800;

/**
 * A Secret some other controller changes all the time must not keep a bootstrap running all the time: each that led to
 * nothing new doubles the wait for the next. Somebody who mends a broken repository waits for the answer.
 */
const CHANGED_WHILE_OPEN_SECONDS = 60;
const CHANGED_SECONDS = 5;

/** Two clocks that are set by the same server differ by less. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** When a bootstrap that failed for the n-th time in a row (1 is the first) after so long is tried again. */
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
 * Seconds until the next bootstrap is due; 0 when it is. The end of the last one was dated by the cluster, so it is
 * the cluster's clock that tells how long ago that was: by one that is an hour ahead each would be due at once. One that
 * ended in a time to come was dated by a clock that was wrong, and is not waited for.
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
  const firstSeconds = isOpen ? CHANGED_WHILE_OPEN_SECONDS : CHANGED_SECONDS;
  const changedMs = endedMs +
    retrySeconds(bootstrap.changes ?? 0, { firstSeconds, longestSeconds: Infinity }) * 1000;
  const isChanged = bootstrap.credentialVersion !== credentials;
  const dueMs = isChanged ? Math.min(plannedMs, changedMs) : plannedMs;
  return Number.isNaN(dueMs) ? 0 : Math.max(0, (dueMs - serverNow.getTime()) / 1000);
}
