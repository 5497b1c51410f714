import { refreshSeconds, type RepositoryObject } from "./repository_object.ts";

const RETRY_FIRST_SECONDS = 60;
const RETRY_LONGEST_SECONDS = 900;
/** After a failure only a person can mend: a look now and then, for the world outside has no watch. */
const HEARTBEAT_SECONDS = 1800;

/**
 * A Secret some other controller touches all the time must not keep a bootstrap running all the time; somebody
 * who mends a broken repository waits for the answer.
 */
const CHANGED_WHILE_OPEN_SECONDS = 60;
const CHANGED_SECONDS = 5;

/** When a bootstrap that failed for the n-th time in a row (1 is the first) is tried again. */
export function retryTime(finishedAt: string, failures: number, isRetryable: boolean): string {
  const doubled = RETRY_FIRST_SECONDS * 2 ** Math.min(failures - 1, 10);
  const seconds = isRetryable ? Math.min(doubled, RETRY_LONGEST_SECONDS) : HEARTBEAT_SECONDS;
  return new Date(Date.parse(finishedAt) + seconds * 1000).toISOString();
}

/** Seconds until the next bootstrap is due; 0 when it is. */
export function secondsUntilDue(repository: RepositoryObject, credentials: string, now: Date): number {
  const { generation, spec, status: { bootstrap, lastInit, uniqueId } } = repository;
  if (bootstrap === undefined || lastInit === undefined || bootstrap.forGeneration !== generation) return 0;
  const isOpen = bootstrap.failures === 0;
  if (isOpen && uniqueId === undefined) return 0;
  const endedMs = Date.parse(lastInit.time);
  const plannedMs = isOpen
    ? endedMs + (refreshSeconds(spec) ?? Number.NaN) * 1000
    : Date.parse(bootstrap.retryAt ?? "");
  const changedMs = endedMs + (isOpen ? CHANGED_WHILE_OPEN_SECONDS : CHANGED_SECONDS) * 1000;
  const isChanged = bootstrap.credentialVersion !== credentials;
  const dueMs = isChanged ? Math.min(plannedMs, changedMs) : plannedMs;
  return Number.isNaN(dueMs) ? 0 : Math.max(0, (dueMs - now.getTime()) / 1000);
}
