import { backupStatus, findCondition } from "../../../api/mod.ts";
import { progressText, sumProgress } from "../progress.ts";
import { answerOf, type KubeClock, type KubeObject, sleep } from "../../../kube/mod.ts";

/** How following a Backup ended. */
export type FollowEnd =
  | { readonly kind: "succeeded" | "incomplete" | "failed"; readonly message: string }
  /** It was deleted. */
  | { readonly kind: "gone" }
  | { readonly kind: "timeout" };

/** What {@link followBackup} needs. */
export interface FollowDeps {
  /** The current Backup; undefined when there is none. */
  readonly read: (signal: AbortSignal) => Promise<KubeObject | undefined>;
  readonly clock: KubeClock;
  /** Gets each new phase, message or progress as a line. */
  readonly print: (line: string) => void;
}

const LOOK_EVERY_MS = 1_000;
const LOOK_LIMIT_MS = 15_000;

/**
 * Reads a Backup every second until it has ended, was deleted, or the time is up, and prints each change. When the API
 * server does not answer, that is printed and the read repeated. Rejects with the reason of `stop`, and when the user
 * may not read the Backup.
 */
export async function followBackup(
  deps: FollowDeps,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<FollowEnd> {
  const timeUp = new AbortController();
  const cancel = deps.clock.setTimer(timeoutMs, () => timeUp.abort(new Error("The time is up")));
  const signal = AbortSignal.any([stop, timeUp.signal]);
  const printer = new ChangePrinter(deps.print);
  let uid: string | undefined;
  try {
    for (;;) {
      const found = await look(deps, printer, signal);
      if (found.kind === "read") {
        if (found.backup === undefined) return { kind: "gone" };
        uid ??= found.backup.metadata.uid;
        if (uid !== found.backup.metadata.uid) return { kind: "gone" };
        const end = endOf(found.backup, printer);
        if (end !== undefined) return end;
      }
      await sleep(deps.clock, LOOK_EVERY_MS, signal);
    }
  } catch (error) {
    stop.throwIfAborted();
    if (timeUp.signal.aborted) return { kind: "timeout" };
    throw error;
  } finally {
    cancel();
  }
}

type Look =
  | { readonly kind: "read"; readonly backup: KubeObject | undefined }
  | { readonly kind: "unknown" };

async function look({ read, clock }: FollowDeps, printer: ChangePrinter, signal: AbortSignal): Promise<Look> {
  const late = new AbortController();
  const cancel = clock.setTimer(
    LOOK_LIMIT_MS,
    () => late.abort(new Error("The API server did not answer in time")),
  );
  try {
    return { kind: "read", backup: await read(AbortSignal.any([signal, late.signal])) };
  } catch (error) {
    signal.throwIfAborted();
    if (answerOf(error)?.code === 403) throw error;
    printer.print(`trying again: ${error instanceof Error ? error.message : String(error)}`);
    return { kind: "unknown" };
  } finally {
    cancel();
  }
}

/** Prints what changed; undefined while the Backup has not ended. */
function endOf(backup: KubeObject, printer: ChangePrinter): FollowEnd | undefined {
  const parsed = backupStatus.optional().safeParse(backup.status);
  if (!parsed.success) {
    throw new Error(
      `Cannot follow the Backup "${backup.metadata.name}": its status is of a form this program does not know, ` +
        "expected one of the same version of kopiur",
    );
  }
  const { phase, conditions, message, progress = [] } = parsed.data ?? {};
  const text = message ?? findCondition(conditions, "Ready")?.message ?? "";
  const far = sumProgress(progress);
  const how = far === undefined ? text : `${text} (${progressText(far)})`;
  printer.print(phase === undefined ? "no controller has looked at it yet" : `${phase}: ${how}`);
  switch (phase) {
    case "Succeeded":
      return {
        kind: findCondition(conditions, "Complete")?.status === "False" ? "incomplete" : "succeeded",
        message: text,
      };
    case "Failed":
      return { kind: "failed", message: text };
    case "Deleting":
      return { kind: "gone" };
    case undefined:
    case "Pending":
    case "Running":
    case "Discovered":
      return undefined;
    default:
      return phase satisfies never;
  }
}

/** Prints a line unless it is the same as the last one. */
class ChangePrinter {
  readonly #print: (line: string) => void;
  #last: string | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  print(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    this.#print(line);
  }
}
