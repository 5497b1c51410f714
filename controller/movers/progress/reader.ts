import { lastProgress, type MoverProgress, PROGRESS_LOG_PART } from "../../../api/mod.ts";
import { keyText, type ObjectKey, type Reader } from "../../../kube/types.ts";
import type { Log } from "../../../telemetry/mod.ts";
import { MOVER_CONTAINER } from "../state/pod_facts.ts";
import type { MoverAtWork } from "./at_work.ts";

/** What a reader is made of. */
export interface ProgressReaderDeps {
  readonly clock: {
    /** Milliseconds since some moment; never jumps. */
    monotonicMs(): number;
    /** Calls back once after the delay; the answer cancels it. */
    setTimer(delayMs: number, callback: () => void): () => void;
  };
  /** Gets a line at debug for each log that could not be read; that is no fault of the mover's work. */
  readonly log: Pick<Log, "debug">;
}

/** How often the log of a working mover is read, and its object rechecked. */
export const READ_EVERY_SECONDS = 30;
/** A younger mover has not printed progress yet. */
const FIRST_READ_MS = 20_000;
/** The longest wait after failures; it doubles each time. */
const LONGEST_WAIT_MS = 300_000;
const READ_LIMIT_MS = 5000;
/** The most logs read at the same time: each needs a connection to the API server, and from there to a node. */
const MOST_AT_ONCE = 4;

/** The state of reading one mover's log. */
interface Known {
  readonly mover: MoverAtWork;
  said: MoverProgress | undefined;
  dueMs: number;
  failures: number;
  /** True while it is being read, or is queued. */
  isAsked: boolean;
}

/**
 * Reads the progress of movers from the end of their logs, outside the passes: a pass gets what was read before, and
 * is woken when there is more. Reads only for passes that ask, so it ends with them. Its
 * memory is only a cache. A failure costs only that reading.
 */
export class ProgressReader {
  readonly #deps: ProgressReaderDeps;
  readonly #owners = new Map<string, ReadonlyMap<string, Known>>();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;
  #wake: (key: ObjectKey) => void = () => {};

  constructor(deps: ProgressReaderDeps) {
    this.#deps = deps;
  }

  /** Calls `wake` when there is new progress of an object's movers. */
  onChange(wake: (key: ObjectKey) => void): void {
    this.#wake = wake;
  }

  /**
   * The latest progress of these movers, by pod uid; nothing for those that were not read yet. Starts reading the logs
   * that are due, and forgets all other movers of the object. Neither waits nor throws.
   */
  ask(
    owner: ObjectKey,
    movers: readonly MoverAtWork[],
    reader: Reader,
    now: Date,
  ): ReadonlyMap<string, MoverProgress> {
    const id = keyText(owner);
    const before = this.#owners.get(id);
    if (movers.length === 0) {
      this.#owners.delete(id);
      return new Map();
    }
    const all = new Map(
      movers.map((mover) => [mover.podUid, before?.get(mover.podUid) ?? this.#meet(mover, now)]),
    );
    this.#owners.set(id, all);
    const nowMs = this.#deps.clock.monotonicMs();
    for (const known of all.values()) {
      if (known.isAsked || nowMs < known.dueMs) continue;
      known.isAsked = true;
      void this.#readInTurn(owner, known, reader);
    }
    return new Map(
      [...all].flatMap(([podUid, { said }]) => said === undefined ? [] : [[podUid, said] as const]),
    );
  }

  /** A mover that began long ago is read at once by a controller that has just started. */
  #meet(mover: MoverAtWork, now: Date): Known {
    const workedMs = now.getTime() - Date.parse(mover.startedAt ?? "");
    const waitMs = workedMs >= FIRST_READ_MS ? 0 : FIRST_READ_MS;
    const dueMs = this.#deps.clock.monotonicMs() + waitMs;
    return { mover, said: undefined, dueMs, failures: 0, isAsked: false };
  }

  /** Reads in the trace of the pass that asked, even after a long wait in the queue. */
  async #readInTurn(owner: ObjectKey, known: Known, reader: Reader): Promise<void> {
    await this.#turn();
    // It ended, or nobody asks any more, while it waited.
    const isWanted = () => this.#owners.get(keyText(owner))?.get(known.mover.podUid) === known;
    const said = isWanted() ? await this.#read(known, reader) : undefined;
    this.#passOn();
    known.isAsked = false;
    const waitMs = Math.min(READ_EVERY_SECONDS * 1000 * 2 ** known.failures, LONGEST_WAIT_MS);
    known.dueMs = this.#deps.clock.monotonicMs() + waitMs;
    if (said === undefined || JSON.stringify(said) === JSON.stringify(known.said)) return;
    known.said = said;
    if (isWanted()) this.#wake(owner);
  }

  async #turn(): Promise<void> {
    if (this.#reading < MOST_AT_ONCE) this.#reading += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Starts the reading that waits longest. */
  #passOn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#reading -= 1;
    else next();
  }

  async #read(known: Known, reader: Reader): Promise<MoverProgress | undefined> {
    const { clock, log } = this.#deps;
    const { namespace, name } = known.mover.pod;
    const limit = new AbortController();
    const cancel = clock.setTimer(
      READ_LIMIT_MS,
      () => limit.abort(new Error(`The log was not read within ${READ_LIMIT_MS / 1000} s`)),
    );
    try {
      const part = { container: MOVER_CONTAINER, ...PROGRESS_LOG_PART };
      const text = await reader.readLog(known.mover.pod, part, limit.signal);
      known.failures = 0;
      return text === undefined ? undefined : lastProgress(text);
    } catch (error) {
      known.failures += 1;
      log.debug("the log of a mover was not read", { namespace, pod: name, failures: known.failures, error });
      return undefined;
    } finally {
      cancel();
    }
  }
}
