/**
 * The mover: reads a work spec, drives kopia, and writes one JSON result. The exit code agrees with the result.
 *
 * It does not talk to the API server. It imports only `api/` and `telemetry/`. Start reading at `runMover`, then
 * `operations/`: each operation is a list of kopia steps (`kopia/client.ts`).
 * @module
 */
import { MOVER_ENV, MOVER_EXIT, MOVER_PATH, type MoverResult, type WorkSpec } from "../api/mover/contract.ts";
import { attribute, type Clock, type Sink, type Telemetry } from "../telemetry/mod.ts";
import { connectionOf, type Kopia, type KopiaLimits, namedTexts } from "./kopia/client.ts";
import { kopiaEnvironment, secretsOf } from "./kopia/environment.ts";
import { asMoverError, beforeSaving, MoverError } from "./mover_error.ts";
import { backUp } from "./operations/backup.ts";
import { bootstrap } from "./operations/bootstrap.ts";
import { deleteSnapshots } from "./operations/snapshot_delete.ts";
import { tellStill } from "./progress/still.ts";
import { exitCodeOf, renderResult, writeResult } from "./report.ts";
import { type Environment, operationName, parseWorkSpec, refuseMissingSecrets } from "./work_spec.ts";

export type { Environment } from "./work_spec.ts";

/** Where a mover finds its input. MOVER_PATH and MOVER_ENV list the paths and variables of its container. */
export interface MoverConfig {
  readonly workSpecPath: string;
  /** The file the result is written to; it may exist. */
  readonly resultPath: string;
  /** Path of kopia, or its name on the PATH. */
  readonly kopiaBinary: string;
  /** The private CA, read when the work spec says there is one. */
  readonly caBundlePath: string;
  /** A writable folder for short-lived files. */
  readonly scratchFolder: string;
  /** The mover's environment; secrets and kopia's settings are read from it by name. */
  readonly environment: Environment;
  /** Seconds between SIGTERM and SIGKILL for kopia. */
  readonly stopGraceSeconds: number;
  /** How long a new repository is left alone before anything is saved in it. */
  readonly settleSeconds: number;
  readonly limits: KopiaLimits;
}

/** What a mover reports through. */
export interface MoverDeps
  extends Pick<Telemetry, "log" | "metrics" | "withSpan" | "withRemoteParent" | "redactor"> {
  readonly clock: Clock;
  /** Standard output, for the lines the controller reads: progress of a backup, and a bootstrap's catalog. */
  readonly print: Sink;
}

/** The values that are the same in every mover container. */
export const moverDefaults = {
  workSpecPath: MOVER_PATH.workSpec,
  resultPath: MOVER_PATH.terminationMessage,
  kopiaBinary: "kopia",
  caBundlePath: MOVER_PATH.caBundle,
  scratchFolder: MOVER_PATH.tmp,
  /** The kubelet waits 30 s; the other 10 s are for writing the result. */
  stopGraceSeconds: 20,
  /** Between its look at an empty storage and its write another kopia makes a key, which takes a quarter of a second. */
  settleSeconds: 5,
  limits: { stepSeconds: 600, stallSeconds: 600, stillSeconds: 60 },
} as const satisfies Omit<MoverConfig, "environment">;

/**
 * Does the work of a work spec and returns the exit code: 0 done, 1 try again, 2 do not try again. Never throws.
 * When the signal aborts, kopia is stopped and the result is "Interrupted".
 */
export async function runMover(config: MoverConfig, deps: MoverDeps, signal: AbortSignal): Promise<number> {
  for (const secret of secretsOf(config.environment)) deps.redactor.remember(secret);
  const startedMs = deps.clock();
  // Everything is logged within the trace of the run, also a failure to read the work spec.
  return await deps.withRemoteParent(config.environment[MOVER_ENV.traceparent], async () => {
    const outcome = await work(config, deps, signal);
    const durationSeconds = Math.max(0, Math.round(deps.clock() - startedMs)) / 1000;
    return await report({ version: 1, durationSeconds, ...outcome }, config, deps);
  });
}

async function report(result: MoverResult, config: MoverConfig, deps: MoverDeps): Promise<number> {
  logResult(deps.log, result);
  measure(deps.metrics, result);
  try {
    await writeResult(config.resultPath, renderResult(result));
  } catch (error) {
    const variable = MOVER_ENV.resultPath;
    deps.log.error("the result cannot be written", { path: config.resultPath, variable, error });
    // Nobody learns what succeeded, so it is tried again; a failure for which a person must act stays one.
    return "failure" in result ? exitCodeOf(result) : MOVER_EXIT.retryable;
  }
  return exitCodeOf(result);
}

/** A result without the fields that all results have. */
type Outcome = MoverResult extends infer R
  ? R extends MoverResult ? Omit<R, "version" | "durationSeconds"> : never
  : never;

async function work(config: MoverConfig, deps: MoverDeps, signal: AbortSignal): Promise<Outcome> {
  let spec: WorkSpec;
  try {
    spec = await beforeSaving(async () => parseWorkSpec(await readWorkSpec(config.workSpecPath)));
  } catch (error) {
    return failureFrom(error, deps);
  }
  const operation = operationName(spec);
  const { kind, namespace, name } = spec.target;
  const attributes = {
    [attribute.operation]: operation,
    [attribute.kind]: kind,
    [attribute.namespace]: namespace,
    [attribute.name]: name,
  };
  try {
    return await deps.withSpan("mover", attributes, async () => {
      deps.log.info("mover started");
      await beforeSaving(() => refuseMissingSecrets(spec, config.environment));
      return await withTimeLimit(
        spec,
        signal,
        (limited) => operate(spec, kopiaFor(config, deps, spec, limited)),
      );
    });
  } catch (error) {
    return { operation, ...failureFrom(error, deps) };
  }
}

async function operate(spec: WorkSpec, kopia: Kopia): Promise<Outcome> {
  const { operation } = spec;
  if ("backup" in operation) return { operation: "Backup", backup: await backUp(kopia, operation.backup) };
  if ("bootstrap" in operation) {
    return { operation: "BootstrapRepository", bootstrap: await bootstrap(kopia, operation.bootstrap) };
  }
  if ("snapshotDelete" in operation) {
    return {
      operation: "SnapshotDelete",
      snapshotDelete: await deleteSnapshots(kopia, operation.snapshotDelete),
    };
  }
  return operation satisfies never;
}

/** Runs fn with a signal that aborts with the given one or at the time limit; its reason says which. */
async function withTimeLimit<T>(
  spec: WorkSpec,
  signal: AbortSignal,
  fn: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const interrupt = () =>
    stop.abort(
      new MoverError("Interrupted", "Cannot finish: the mover was told to stop", { cause: signal.reason }),
    );
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  const { timeoutSeconds } = spec.limits;
  const timer = timeoutSeconds === undefined ? undefined : setTimeout(() => {
    const message = `Cannot finish in time: the time limit of ${timeoutSeconds} s is over`;
    stop.abort(new MoverError("DeadlineExceeded", message));
  }, Math.min(timeoutSeconds * 1000, longestTimerMs));
  try {
    return await fn(stop.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", interrupt);
  }
}

/** The runtime fires a timer with a longer delay at once. */
const longestTimerMs = 2 ** 31 - 1;

function kopiaFor(config: MoverConfig, deps: MoverDeps, spec: WorkSpec, signal: AbortSignal): Kopia {
  return {
    process: {
      binary: config.kopiaBinary,
      environment: kopiaEnvironment(config.environment),
      log: deps.log.child({ target: "kopia" }),
      signal,
      stopGraceSeconds: config.stopGraceSeconds,
    },
    connection: connectionOf(spec, config.caBundlePath),
    log: deps.log,
    withSpan: deps.withSpan,
    named: namedTexts(spec),
    scratchFolder: config.scratchFolder,
    clock: deps.clock,
    settleSeconds: config.settleSeconds,
    limits: limitsWithin(config.limits, spec.limits.timeoutSeconds),
    // The controller reads the progress of backups alone.
    ...("backup" in spec.operation ? tellStill(deps.print) : { print: deps.print }),
  };
}

/** A step ends before the whole operation has to, so that its end says what it waited for; a short one is its own limit. */
function limitsWithin(limits: KopiaLimits, timeoutSeconds = Infinity): KopiaLimits {
  if (timeoutSeconds < SHORT_SECONDS) return limits;
  const most = timeoutSeconds * STEP_SHARE;
  return {
    ...limits,
    stepSeconds: Math.min(limits.stepSeconds, most),
    stallSeconds: Math.min(limits.stallSeconds, most),
  };
}

const STEP_SHARE = 0.8;
const SHORT_SECONDS = 300;

async function readWorkSpec(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const message = `Cannot understand the work spec: "${path}" cannot be read, expected a JSON document`;
    throw new MoverError("InvalidWorkSpec", message, { cause });
  }
}

/** The failure for the result. The whole chain of causes goes to the log. */
function failureFrom(
  error: unknown,
  { redactor, log }: MoverDeps,
): Extract<Outcome, { readonly failure: unknown }> {
  const known = asMoverError(error);
  log.error("mover failed", { class: known.failureClass, error: known });
  return {
    failure: {
      class: known.failureClass,
      message: shorten(redactor.text(known.message)),
      tail: known.tail.map((line) => redactor.text(line)).join("\n"),
      ...(known.nothingSaved ? { nothingSaved: true as const } : {}),
    },
  };
}

/** Cuts the middle: kopia's message begins with the action and ends with the error. */
function shorten(message: string): string {
  if (message.length <= longestMessage) return message;
  const half = longestMessage / 2;
  return `${message.slice(0, half).toWellFormed()} … ${message.slice(-half).toWellFormed()}`;
}

const longestMessage = 1000;

/** Counts the operation; a work spec that could not be read has none. */
function measure(metrics: MoverDeps["metrics"], result: MoverResult): void {
  const { operation, durationSeconds } = result;
  if (operation === undefined) return;
  const labels = { operation, result: "failure" in result ? "failed" : "succeeded" } as const;
  metrics.add("kopiur_mover_operations_total", 1, labels);
  metrics.record("kopiur_mover_operation_duration_seconds", durationSeconds, labels);
}

function logResult(log: Telemetry["log"], result: MoverResult): void {
  const { operation, durationSeconds } = result;
  const common = { operation, durationSeconds };
  if ("failure" in result) log.info("mover ended", { ...common, class: result.failure.class });
  else if ("backup" in result) log.info("mover finished", { ...common, ...result.backup });
  else if ("bootstrap" in result) log.info("mover finished", { ...common, ...result.bootstrap });
  else if ("snapshotDelete" in result) log.info("mover finished", { ...common, ...result.snapshotDelete });
  else result satisfies never;
}
