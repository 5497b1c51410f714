import { backupStatus, findCondition } from "../../../api/mod.ts";
import { progressText, sumProgress } from "../progress.ts";
import { answerOf, type KubeClock, type KubeObject, sleep } from "../../../kube/mod.ts";

/** How a Backup that was followed ended, or that it did not in time. */
export type FollowEnd =
  | { readonly kind: "succeeded" | "incomplete" | "failed"; readonly message: string }
  /** It was deleted. */
  | { readonly kind: "gone" }
  | { readonly kind: "timeout" };

/** What following a Backup needs of the world. */
export interface FollowDeps {
  /** The Backup as it is now; undefined when there is none. */
  readonly read: (signal: AbortSignal) => Promise<KubeObject | undefined>;
  readonly clock: KubeClock;
  /** Called with each new thing there is to say of it. */
  readonly tell: (line: string) => void;
}

const LOOK_EVERY_MS = 1_000;
const LOOK_LIMIT_MS = 15_000;

/**
 * Looks at a Backup every second until it has ended, was deleted, or the time is up; tells each new phase or
 * message, and how far it is. An API server that does not answer is told and asked again. Rejects with the reason of `stop`, and when
 * the Backup may not be read.
 */
export async function followBackup(
  deps: FollowDeps,
  timeoutMs: number,
  stop: AbortSignal,
): Promise<FollowEnd> {
  const timeUp = new AbortController();
  const cancel = deps.clock.setTimer(timeoutMs, () => timeUp.abort(new Error("The time is up")));
  const signal = AbortSignal.any([stop, timeUp.signal]);
  const said = new LastSaid(deps.tell);
  let uid: string | undefined;
  try {
    for (;;) {
      const found = await look(deps, said, signal);
      if (found.kind === "read") {
        if (found.backup === undefined) return { kind: "gone" };
        uid ??= found.backup.metadata.uid;
        if (uid !== found.backup.metadata.uid) return { kind: "gone" };
        const end = judge(found.backup, said);
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

async function look({ read, clock }: FollowDeps, said: LastSaid, signal: AbortSignal): Promise<Look> {
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
    said.say(`trying again: ${error instanceof Error ? error.message : String(error)}`);
    return { kind: "unknown" };
  } finally {
    cancel();
  }
}

function judge(backup: KubeObject, said: LastSaid): FollowEnd | undefined {
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
  said.say(phase === undefined ? "no controller has looked at it yet" : `${phase}: ${how}`);
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

/** Says a thing once in a row. */
class LastSaid {
  readonly #tell: (line: string) => void;
  #last: string | undefined;

  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  say(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    this.#tell(line);
  }
}
