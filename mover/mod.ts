/**
 * The mover: reads a work spec, drives kopia, answers with one JSON document and an exit code that agrees with it.
 *
 * It talks to no API server. It imports the contract, the policy, cache sizes, the catalog's form and the reasons from `api/`,
 * and `telemetry/`. Start reading at `runMover`, then `operations/`: each is a list of kopia steps (`kopia/client.ts`).
 * @module
 */
import { MOVER_ENV, MOVER_EXIT, MOVER_PATH, type MoverResult, type WorkSpec } from "../api/mover/contract.ts";
import { attribute, type Clock, type Sink, type Telemetry } from "../telemetry/mod.ts";
import { connectionOf, type Kopia, namedTexts } from "./kopia/client.ts";
import { kopiaEnvironment, secretsOf } from "./kopia/environment.ts";
import { asMoverError, beforeSaving, MoverError } from "./mover_error.ts";
import { backUp } from "./operations/backup.ts";
import { bootstrap } from "./operations/bootstrap.ts";
import { deleteSnapshots } from "./operations/snapshot_delete.ts";
import { exitCodeOf, renderResult, writeResult } from "./report.ts";
import { type Environment, operationName, parseWorkSpec, refuseMissingSecrets } from "./work_spec.ts";

export type { Environment } from "./work_spec.ts";

/** What a mover must be told; see MOVER_PATH and MOVER_ENV for what a mover's container holds. */
export interface MoverConfig {
  readonly workSpecPath: string;
  /** Where the result goes: an existing or new file. */
  readonly resultPath: string;
  /** Path of kopia, or its name on the PATH. */
  readonly kopiaBinary: string;
  /** The private CA, read when the work spec says there is one. */
  readonly caBundlePath: string;
  /** A writable folder for short-lived files. */
  readonly scratchFolder: string;
  /** The mover's environment: secrets and kopia's settings are picked from it by name. */
  readonly environment: Environment;
  /** How long kopia may take to end after SIGTERM before it gets SIGKILL. */
  readonly stopGraceSeconds: number;
}

/** What a mover tells through. */
export interface MoverDeps
  extends Pick<Telemetry, "log" | "metrics" | "withSpan" | "withRemoteParent" | "redactor"> {
  readonly clock: Clock;
  /** Standard output, for the lines the controller reads: how far a backup is, and what a bootstrap found. */
  readonly print: Sink;
}

/** Defaults for everything of a {@link MoverConfig} that a container of ours fixes. */
export const moverDefaults = {
  workSpecPath: MOVER_PATH.workSpec,
  resultPath: MOVER_PATH.terminationMessage,
  kopiaBinary: "kopia",
  caBundlePath: MOVER_PATH.caBundle,
  scratchFolder: MOVER_PATH.tmp,
  /** The kubelet waits 30 s; the rest is for the result. */
  stopGraceSeconds: 20,
} as const satisfies Omit<MoverConfig, "environment">;

/**
 * Does the work of a work spec and answers with the exit code: 0 done, 1 try again, 2 do not try again. Never
 * throws; an aborted signal stops kopia and makes the result "Interrupted".
 */
export async function runMover(config: MoverConfig, deps: MoverDeps, signal: AbortSignal): Promise<number> {
  for (const secret of secretsOf(config.environment)) deps.redactor.remember(secret);
  const startedMs = deps.clock();
  // The whole of it is said within the trace of the run, what goes wrong before the work spec is read included.
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
    deps.log.error("the result cannot be written", { path: config.resultPath, error });
    return MOVER_EXIT.retryable;
  }
  return exitCodeOf(result);
}

/** A result but for what is the same for all. */
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

/** Runs fn with a signal that also knows the time limit; its reason says which of the two it was. */
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

/** A longer timer would fire at once. */
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
    print: deps.print,
  };
}

async function readWorkSpec(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    const message = `Cannot understand the work spec: "${path}" cannot be read, expected a JSON document`;
    throw new MoverError("InvalidWorkSpec", message, { cause });
  }
}

/** The cause of a failure in words for the result; the whole chain of causes goes to the log. */
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

/** The middle goes: kopia begins with what it was doing and ends with what went wrong. */
function shorten(message: string): string {
  if (message.length <= longestMessage) return message;
  const half = longestMessage / 2;
  return `${message.slice(0, half).toWellFormed()} … ${message.slice(-half).toWellFormed()}`;
}

const longestMessage = 1000;

/** What could not even be understood is no operation. */
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
