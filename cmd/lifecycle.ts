import { EXIT } from "./exit_code.ts";

/** Lets a role end in order. */
export interface Lifecycle {
  /** Aborts when the role must stop. */
  readonly signal: AbortSignal;
  /** Registers a step to run at the end. The newest runs first; each runs once, even when another fails. */
  atEnd(name: string, step: () => Promise<void>): void;
}

/** What {@link runRole} needs of the process. */
export interface LifecycleOptions {
  /** Calls back for each signal of that name; the returned function stops that. */
  readonly onSignal: (name: "SIGTERM" | "SIGINT", callback: () => void) => () => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
  /** Calls back once after the delay; the returned function cancels it. */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
  /** How long a role and its end steps may take after the stop signal. */
  readonly deadlineMs: number;
  /** Logs the stop, and what fails during it. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** The lifecycle of this process: its signals, its exit, its timers. */
export function processLifecycle(
  deadlineMs: number,
  log: LifecycleOptions["log"],
): LifecycleOptions {
  return {
    deadlineMs,
    log,
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
 * Runs a role until it ends or a signal stops it, then its end steps in reverse order. Returns the exit code.
 * A second signal ends the process at once. The exit code is 1 when the role or a step does not end in time, or a step
 * fails. An error of the role is thrown after its steps have run.
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
    if (ended.kind === "late") options.log("the role did not stop in time", { limitMs: options.deadlineMs });
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

/** The role's own code, unless it is 0. */
function failedCode(ended: Ending): number {
  return ended.kind === "ended" && ended.code !== EXIT.ok ? ended.code : EXIT.failed;
}

function listen(options: LifecycleOptions, stopping: AbortController): () => void {
  const stops = (["SIGTERM", "SIGINT"] as const).map((name) =>
    options.onSignal(name, () => {
      if (stopping.signal.aborted) return options.exit(128 + SIGNAL_NUMBERS[name]);
      options.log("stopping", { signal: name });
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

/** Runs all steps; true when one failed or did not end in time. */
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
    if (ended.kind === "threw") options.log("a step of the end failed", { step: name, error: ended.error });
    else options.log("a step of the end did not finish in time", { step: name });
  }
  return failed;
}
