import { TransientError } from "../../api/errors.ts";
import type { KubeClock } from "../clock.ts";
import { answerOf, errorOfStatus, isExpired } from "../errors.ts";
import { readLineBatches } from "./line_batches.ts";
import { type Selection, selectionQuery } from "./list_pages.ts";
import { resourceId } from "../resources.ts";
import type { Transport } from "../transport/transport.ts";
import { parseWatchEvent, type WatchEvent } from "./watch_event.ts";

/** One watch: where it begins, and its callbacks. */
export interface WatchRun {
  readonly transport: Transport;
  readonly clock: KubeClock;
  readonly selection: Selection;
  /** The resourceVersion to watch from. */
  readonly version: string;
  /** The server ends the watch after this. */
  readonly timeoutSeconds: number;
  readonly silentSeconds: number;
  /** Called for every sign of life. */
  readonly onHeard: () => void;
  readonly onEvent: (event: Exclude<WatchEvent, { readonly kind: "error" }>) => void;
}

/**
 * Why a watch ended: the server ended it in time; the version is no longer known; silence; the
 * connection broke; the server sent an error; the server sent something that is no event.
 */
export type WatchEnd =
  | { readonly reason: "ended" }
  | { readonly reason: "expired" | "silent" | "network" | "refused" | "garbled"; readonly error: Error };

/** Watches until the watch ends; never throws. The result means nothing once the signal aborts. */
export async function runWatch(run: WatchRun, signal: AbortSignal): Promise<WatchEnd> {
  const watchdog = startWatchdog(run, signal);
  try {
    const { resource, namespace, metadataOnly = false, fields } = run.selection;
    const stream = await run.transport.stream({
      verb: "watch",
      resource,
      target: namespace === undefined ? {} : { namespace },
      query: {
        ...selectionQuery(run.selection),
        watch: "1",
        allowWatchBookmarks: "true",
        resourceVersion: run.version,
        timeoutSeconds: String(run.timeoutSeconds),
      },
      metadataOnly: metadataOnly && fields === undefined,
    }, watchdog.signal);
    watchdog.heard();
    return await follow(run, stream, watchdog);
  } catch (error) {
    return {
      reason: reasonOf(error, watchdog),
      error: error instanceof Error ? error : new Error(String(error)),
    };
  } finally {
    watchdog.end();
  }
}

async function follow(
  run: WatchRun,
  stream: ReadableStream<Uint8Array>,
  watchdog: Watchdog,
): Promise<WatchEnd> {
  const { resource, fields } = run.selection;
  let version = run.version;
  for await (const lines of readLineBatches(stream)) {
    watchdog.heard();
    for (const line of lines) {
      const event = parseWatchEvent(line, resource, fields);
      if (event === undefined) {
        const error = failure(
          run,
          `a line of ${line.length} characters is no event`,
          "ADDED, MODIFIED, DELETED, …",
        );
        return { reason: "garbled", error };
      }
      if (event.kind === "error") {
        const error = errorOfStatus(`watch ${resourceId(resource)}`, event.status);
        return { reason: isExpired(error) ? "expired" : "refused", error };
      }
      if (event.kind === "bookmark" && isOlder(event.resourceVersion, version)) {
        // The cluster's etcd was restored from a backup, so the cached objects are of another history.
        const found = `the server is at version "${event.resourceVersion}", before "${version}"`;
        return { reason: "expired", error: failure(run, found, "a server that does not go back in time") };
      }
      run.onEvent(event);
      version = event.kind === "bookmark"
        ? event.resourceVersion
        : event.object.metadata.resourceVersion ?? version;
    }
  }
  return { reason: "ended" };
}

function reasonOf(error: unknown, watchdog: Watchdog): "expired" | "silent" | "network" | "refused" {
  if (watchdog.hasBitten()) return "silent";
  if (isExpired(error)) return "expired";
  return answerOf(error) === undefined ? "network" : "refused";
}

interface Watchdog {
  readonly signal: AbortSignal;
  heard(): void;
  hasBitten(): boolean;
  end(): void;
}

/** Aborts a silent watch. Only one timer runs at a time, whatever the number of events. */
function startWatchdog(run: WatchRun, parent: AbortSignal): Watchdog {
  const { clock, silentSeconds } = run;
  const controller = new AbortController();
  let heardMs = clock.monotonicMs();
  let hasBitten = false;
  let cancel = clock.setTimer(silentSeconds * 1000, check);
  function check(): void {
    const leftMs = heardMs + silentSeconds * 1000 - clock.monotonicMs();
    if (leftMs > 0) {
      cancel = clock.setTimer(leftMs, check);
      return;
    }
    hasBitten = true;
    controller.abort(failure(run, `nothing was heard for ${silentSeconds} s`, "events or bookmarks"));
  }
  function onAbort(): void {
    controller.abort(parent.reason);
  }
  if (parent.aborted) onAbort();
  else parent.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    heard: () => {
      heardMs = clock.monotonicMs();
      run.onHeard();
    },
    hasBitten: () => hasBitten,
    end: () => {
      cancel();
      parent.removeEventListener("abort", onAbort);
    },
  };
}

function failure(run: WatchRun, found: string, expected: string): TransientError {
  const what = resourceId(run.selection.resource);
  return new TransientError("KubeApiError", `Cannot watch ${what}: ${found}, expected ${expected}`);
}

/** True when both versions are numbers and the first is smaller. */
function isOlder(version: string, than: string): boolean {
  const number = /^[0-9]{1,20}$/;
  return number.test(version) && number.test(than) && BigInt(version) < BigInt(than);
}
