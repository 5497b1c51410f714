import { EXIT } from "./exit_code.ts";

/** What a role is given so that it ends well. */
export interface Lifecycle {
  /** Aborts when the role is to stop. */
  readonly signal: AbortSignal;
  /** Registers a step of the end. The newest runs first, each once, whatever became of the others. */
  atEnd(name: string, step: () => Promise<void>): void;
}

/** What the end of a role needs of the world. */
export interface LifecycleOptions {
  /** Calls back for each signal of that name; the answer stops it. */
  readonly onSignal: (name: "SIGTERM" | "SIGINT", callback: () => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Calls back once after the delay; the answer cancels it. */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
  /** How long a role may take to end once it is told to, its steps included. */
  readonly deadlineMs: number;
  /** Tells what goes on, and what went wrong while ending. */
  readonly tell: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** The lifecycle of this process: its signals, its exit, its timers. */
export function processLifecycle(
  deadlineMs: number,
  tell: LifecycleOptions["tell"],
): LifecycleOptions {
  return {
    deadlineMs,
    tell,
    exit: (code) => Deno.exit(code),
    onSignal: (name, callback) => {
      Deno.addSignalListener(name, callback);
      return () => Deno.removeSignalListener(name, callback);
    },
    setTimer: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

interface Step {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const SIGNAL_NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Runs a role until it ends or a signal stops it, then its steps in reverse order; the answer is its exit code.
 * A second signal ends the process at once. A role or step that does not end in time, or a step that fails,
 * makes the exit code 1. What the role throws is thrown after its steps have run.
 */
export async function runRole(
  options: LifecycleOptions,
  body: (lifecycle: Lifecycle) => Promise<number>,
): Promise<number> {
  const stopping = new AbortController();
  const steps: Step[] = [];
  const stopListening = listen(options, stopping);
  const deadline = startDeadline(options);
  stopping.signal.addEventListener("abort", deadline.start, { once: true });
  const lifecycle: Lifecycle = {
    signal: stopping.signal,
    atEnd: (name, run) => void steps.push({ name, run }),
  };
  try {
    const ended = await Promise.race([settle(() => body(lifecycle)), deadline.passed]);
    deadline.start();
    const stepsFailed = await runSteps(steps, deadline.passed, options);
    if (ended.kind === "threw") throw ended.error;
    if (ended.kind === "late") options.tell("the role did not stop in time", { limitMs: options.deadlineMs });
    return ended.kind === "ended" && !stepsFailed ? ended.code : failedCode(ended);
  } finally {
    deadline.cancel();
    stopListening();
  }
}

type Ending =
  | { readonly kind: "ended"; readonly code: number }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "late" };

async function settle(work: () => Promise<number | void>): Promise<Ending> {
  try {
    return { kind: "ended", code: await work() ?? EXIT.ok };
  } catch (error) {
    return { kind: "threw", error };
  }
}

/** A code that says more than "failed" stays. */
function failedCode(ended: Ending): number {
  return ended.kind === "ended" && ended.code !== EXIT.ok ? ended.code : EXIT.failed;
}

function listen(options: LifecycleOptions, stopping: AbortController): () => void {
  const stops = (["SIGTERM", "SIGINT"] as const).map((name) =>
    options.onSignal(name, () => {
      if (stopping.signal.aborted) return options.exit(128 + SIGNAL_NUMBERS[name]);
      options.tell("stopping", { signal: name });
      stopping.abort(new Error(`Stopped by ${name}`));
    })
  );
  return () => stops.forEach((stop) => stop());
}

interface Deadline {
  readonly passed: Promise<{ readonly kind: "late" }>;
  readonly start: () => void;
  readonly cancel: () => void;
}

function startDeadline(options: LifecycleOptions): Deadline {
  const { promise, resolve } = Promise.withResolvers<{ readonly kind: "late" }>();
  let cancel: (() => void) | undefined;
  return {
    passed: promise,
    start: () => cancel ??= options.setTimer(options.deadlineMs, () => resolve({ kind: "late" })),
    cancel: () => cancel?.(),
  };
}

/** True when a step failed or did not end in time; the rest is run all the same. */
async function runSteps(
  steps: readonly Step[],
  late: Promise<{ readonly kind: "late" }>,
  options: LifecycleOptions,
): Promise<boolean> {
  let failed = false;
  for (const { name, run } of steps.toReversed()) {
    const ended = await Promise.race([settle(run), late]);
    if (ended.kind === "ended") continue;
    failed = true;
    if (ended.kind === "threw") options.tell("a step of the end failed", { step: name, error: ended.error });
    else options.tell("a step of the end did not finish in time", { step: name });
  }
  return failed;
}
