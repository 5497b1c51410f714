import type { Log } from "../../telemetry/mod.ts";
import type { KopiaCommand } from "./argv.ts";
import { isAboutLogFile } from "./errors.ts";
import { type Progress, readProgress, withoutMark } from "./progress.ts";
import { LineSplitter, Tail } from "./lines.ts";
import { MoverError } from "../mover_error.ts";

/** What every kopia process needs besides its command. */
export interface KopiaProcess {
  /** Path of kopia, or its name on the PATH. */
  readonly binary: string;
  /** The whole environment of the process; nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  /** Gets each line of stderr except progress, at debug. */
  readonly log: Log;
  /** On abort kopia gets SIGTERM, and SIGKILL when it has not ended after the grace time. */
  readonly signal: AbortSignal;
  readonly stopGraceSeconds: number;
}

/** How to run one command. What a callback throws stops kopia. */
export interface KopiaRun {
  readonly command: KopiaCommand;
  /** After this long kopia is stopped and the command fails as "RepositoryUnavailable"; absent: no limit. */
  readonly limitSeconds?: number;
  /**
   * The same after this long without progress (nothing hashed, taken over or uploaded). Longer where kopia's figures
   * are so large that they change seldom.
   */
  readonly stallSeconds?: number;
  /** Gets stdout line by line; without it and `taker` stdout is collected. */
  readonly onLine?: (line: string) => void;
  /** Gets stdout as it comes. */
  readonly taker?: TextTaker;
  /** Gets each line of stderr. */
  readonly onErrorLine?: (line: string) => void;
  /** Gets kopia's progress, where the command prints it. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called when kopia printed a part of its answer, or got on. */
  readonly onSign?: () => void;
}

/** Gets a text in pieces, which may end anywhere. */
export interface TextTaker {
  push(text: string): void;
}

/** How a kopia process ended. */
export interface KopiaExit {
  /** 128 + n for a process ended by signal n. */
  readonly code: number;
  /** The signal that ended it, if any. */
  readonly endedBy?: string;
  /** Empty when `onLine` or `taker` got it. */
  readonly stdout: string;
  /** The last lines of stderr, oldest first. */
  readonly tail: readonly string[];
}

/** Long lines, because kopia names the cause of a failure at their end. */
const tailLimits = { lines: 20, lineLength: 4000 } as const;
const mostCollectedCharacters = 4 * 1024 * 1024;
const longestStdoutLine = 4 * 1024 * 1024;
const longestStderrLine = 16 * 1024;
/** How long pipes may stay open after kopia itself has ended. */
const drainMs = 2000;
/** How long a process may take to end after SIGKILL. */
const killedMs = 10_000;
const spawnTries = 10;
const spawnPauseMs = 5;

/**
 * Runs one kopia command to its end, whatever its exit code. Throws MoverError: "Interrupted", "DeadlineExceeded" or
 * "RepositoryUnavailable" when it was stopped, "UnexpectedOutput" when its output was too long, "Unknown" when it could
 * not be started. Kopia has ended when this returns or throws, unless not even SIGKILL ended it.
 */
export async function runKopia(process: KopiaProcess, run: KopiaRun): Promise<KopiaExit> {
  const stop = new AbortController();
  const forward = () => stop.abort(process.signal.reason);
  if (process.signal.aborted) forward();
  process.signal.addEventListener("abort", forward, { once: true });
  const limit = run.limitSeconds === undefined ? undefined : setTimeout(
    () => stop.abort(deadlineOf(run)),
    run.limitSeconds * 1000,
  );
  const tail = new Tail(tailLimits);
  try {
    return await runUntil(stop, process, run, tail);
  } catch (error) {
    throw withTail(error, tail.lines);
  } finally {
    clearTimeout(limit);
    process.signal.removeEventListener("abort", forward);
  }
}

async function runUntil(
  stop: AbortController,
  process: KopiaProcess,
  run: KopiaRun,
  tail: Tail,
): Promise<KopiaExit> {
  stop.signal.throwIfAborted();
  const child = await spawn(process, run.command);
  const killing = killOnAbort(child, stop.signal, process.stopGraceSeconds);
  const collector = new Collector();
  const watchdog = new Watchdog(run, (error) => stop.abort(error));
  const sink = sinkOf(run) ?? collector;
  let heard = "";
  const hear = (progress: Progress) => {
    if (progress.words === heard) return;
    heard = progress.words;
    run.onProgress?.(progress);
  };
  const lines = new LineSplitter(longestStderrLine, (text) => {
    const progress = readProgress(text);
    if (progress !== undefined) {
      watchdog.see(progress);
      hear(progress);
    }
    const line = withoutMark(progress?.rest ?? text);
    if (line === "") return;
    process.log.debug(line);
    if (isAboutLogFile(line)) return;
    tail.push(line);
    run.onErrorLine?.(line);
  });
  const stderr = pump(child.stderr, {
    push: (text) => {
      lines.push(text);
      // Kopia ends a progress line only when it begins the next one, so the unfinished line is read as well.
      const last = run.onProgress === undefined ? undefined : readProgress(lines.unfinished);
      if (last?.rest === "") hear(last);
    },
    end: () => lines.end(),
  });
  const stdout = pump(child.stdout, {
    push: (text) => {
      run.onSign?.();
      sink.push(text);
    },
    end: () => sink.end(),
  });
  // When a reader fails, kopia must be stopped: it would wait for ever on a full pipe.
  const giveUp = (error: unknown) => stop.abort(error);
  stdout.done.catch(giveUp);
  stderr.done.catch(giveUp);
  try {
    const status = await Promise.race([child.status, killing.gaveUp]);
    await drain([stdout, stderr]);
    stop.signal.throwIfAborted();
    if (status === undefined) throw new MoverError("Interrupted", "Cannot stop kopia: it does not end");
    return {
      code: status.code,
      ...(status.signal === null ? {} : { endedBy: status.signal }),
      stdout: collector.text,
      tail: tail.lines,
    };
  } finally {
    watchdog.end();
    killing.end();
  }
}

/** Stops a kopia process that makes no progress; does nothing without `stallSeconds`. */
class Watchdog {
  readonly #run: KopiaRun;
  readonly #bark: (error: MoverError) => void;
  #figures = "";
  #patience = 1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: KopiaRun, bark: (error: MoverError) => void) {
    this.#run = run;
    this.#bark = bark;
    this.#wait();
  }

  /** Restarts the timer when the figures changed. */
  see({ figures, patience }: Progress): void {
    if (figures === this.#figures) return;
    this.#figures = figures;
    this.#patience = patience;
    this.#run.onSign?.();
    this.#wait();
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const { stallSeconds } = this.#run;
    if (stallSeconds === undefined) return;
    const seconds = stallSeconds * this.#patience;
    this.#timer = setTimeout(() => this.#bark(stalled(this.#run, seconds, this.#figures)), seconds * 1000);
  }
}

async function spawn(process: KopiaProcess, command: KopiaCommand): Promise<Deno.ChildProcess> {
  for (let tries = 1;; tries++) {
    try {
      return new Deno.Command(process.binary, {
        args: [...command.args],
        env: { ...process.environment },
        clearEnv: true,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (cause) {
      if (tries === spawnTries || !mayPass(cause)) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new MoverError("Unknown", `Cannot start kopia: ${why}`, { cause });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, spawnPauseMs * tries));
  }
}

/** True for ETXTBSY (the program's file is still being written) and EAGAIN (no process available now). */
function mayPass(error: unknown): boolean {
  return error instanceof Error && /os error (?:26|11)\b/.test(error.message);
}

interface Killing {
  /** Resolves when not even SIGKILL ended the process: it hangs in the kernel, as on a dead network volume. */
  readonly gaveUp: Promise<void>;
  end(): void;
}

/** SIGTERM comes first: kopia then saves a checkpoint of what it uploaded, so that the next try is quicker. */
function killOnAbort(child: Deno.ChildProcess, signal: AbortSignal, graceSeconds: number): Killing {
  let next: ReturnType<typeof setTimeout> | undefined;
  const gaveUp = Promise.withResolvers<void>();
  const killNow = () => {
    kill(child, "SIGKILL");
    next = setTimeout(gaveUp.resolve, killedMs);
  };
  const stop = () => {
    kill(child, "SIGTERM");
    next = setTimeout(killNow, graceSeconds * 1000);
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return {
    gaveUp: gaveUp.promise,
    end: () => {
      clearTimeout(next);
      signal.removeEventListener("abort", stop);
    },
  };
}

function kill(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch (error) {
    // The process has ended already.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

interface TextSink extends TextTaker {
  end(): void;
}

/** The receiver of stdout; undefined when it is collected. */
function sinkOf({ onLine, taker }: KopiaRun): TextSink | undefined {
  if (taker !== undefined) return { push: (text) => taker.push(text), end: () => {} };
  return onLine === undefined ? undefined : new LineSplitter(longestStdoutLine, onLine);
}

interface Pump {
  readonly done: Promise<void>;
  cancel(): Promise<void>;
}

function pump(stream: ReadableStream<Uint8Array>, sink: TextSink): Pump {
  const reader = stream.getReader();
  return { done: readAll(reader, sink), cancel: () => reader.cancel() };
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>, sink: TextSink): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      sink.push(decoder.decode(next.value, { stream: true }));
    }
    sink.push(decoder.decode());
    sink.end();
  } catch (error) {
    await reader.cancel();
    throw error;
  }
}

/** Waits for both pipes, at most drainMs: a child of kopia that outlives it may keep them open. */
async function drain(pumps: readonly Pump[]): Promise<void> {
  const late = setTimeout(() => pumps.forEach((each) => each.cancel().catch(() => undefined)), drainMs);
  try {
    await Promise.all(pumps.map((each) => each.done));
  } finally {
    clearTimeout(late);
  }
}

class Collector implements TextSink {
  readonly #parts: string[] = [];
  #length = 0;

  push(text: string): void {
    this.#length += text.length;
    if (this.#length > mostCollectedCharacters) {
      throw new MoverError(
        "UnexpectedOutput",
        `Cannot read kopia's answer: it is longer than ${mostCollectedCharacters} characters, ` +
          "expected one JSON document",
      );
    }
    this.#parts.push(text);
  }

  end(): void {}

  get text(): string {
    return this.#parts.join("");
  }
}

function deadlineOf(run: KopiaRun): MoverError {
  return new MoverError(
    "RepositoryUnavailable",
    `Cannot finish "${run.command.name}": kopia was stopped, expected it to end within ${run.limitSeconds} s; ` +
      "the storage does not answer, or again and again with an error",
  );
}

function stalled(run: KopiaRun, seconds: number, figures: string): MoverError {
  const at = figures === "" ? "" : ` (${figures})`;
  return new MoverError(
    "RepositoryUnavailable",
    `Cannot finish "${run.command.name}": kopia was stopped, for it got nowhere for ${seconds} s${at}; ` +
      "the storage or the volume does not answer, or again and again with an error",
  );
}

function withTail(error: unknown, tail: readonly string[]): MoverError {
  if (error instanceof MoverError) {
    return error.tail.length > 0
      ? error
      : new MoverError(error.failureClass, error.message, { cause: error.cause, tail });
  }
  return new MoverError("Unknown", "Cannot run kopia: its output could not be read", { cause: error, tail });
}
