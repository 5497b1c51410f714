import { join } from "node:path";
import type {
  BootstrapResult,
  MoverOperation,
  MoverResult,
  RepositoryTarget,
  SnapshotDeleteResult,
  WorkSpec,
} from "../../api/mover/contract.ts";
import { parseMoverResult } from "../../api/mover/contract.ts";
import { type Clock, parseTelemetryConfig, startTelemetry, systemClock } from "../../telemetry/mod.ts";
import { type MoverConfig, moverDefaults, runMover } from "../mod.ts";

/** A folder of its own for one test: the cache, scratch and result of a mover, removed with the test. */
export interface MoverFolder extends AsyncDisposable {
  readonly path: string;
  /** A path inside the folder. */
  at(...parts: readonly string[]): string;
}

/** Makes the folder with what a mover's container would have; `mode` opens it to a kopia of another user. */
export async function makeMoverFolder(mode = 0o755): Promise<MoverFolder> {
  const path = await Deno.makeTempDir({ prefix: "kopiur-mover-" });
  await Deno.chmod(path, mode);
  for (const name of ["cache", "scratch"]) {
    await Deno.mkdir(join(path, name));
    await Deno.chmod(join(path, name), 0o777);
  }
  return {
    path,
    at: (...parts) => join(path, ...parts),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** One run of a mover; what is not said is as in a healthy container. */
export interface MoverCase {
  readonly folder: MoverFolder;
  readonly binary: string;
  readonly operation: MoverOperation;
  readonly repository?: RepositoryTarget;
  readonly identity?: WorkSpec["identity"];
  readonly timeoutSeconds?: number;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly caBundlePath?: string;
  readonly signal?: AbortSignal;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  readonly stopGraceSeconds?: number;
  /** Default: none, for a storage of one's own. */
  readonly settleSeconds?: number;
  readonly limits?: Partial<MoverConfig["limits"]>;
  /** As RUST_LOG. */
  readonly logFilter?: string;
  /** Hears each log line as it is written. */
  readonly onLogLine?: (line: string) => void;
  /** Replaces the work spec. */
  readonly workSpecText?: string;
  /** Where the result goes; only for a place where it cannot be read. */
  readonly resultPath?: string;
}

/** What the world sees of a mover that has ended. */
export interface MoverEnd {
  readonly exitCode: number;
  readonly result: MoverResult;
  readonly log: string;
  /** What it printed besides its log; in a container both are one stream. */
  readonly printed: string;
  /** What it would export. */
  readonly metrics: string;
}

/** The password of every repository in the tests. */
export const password = "correct horse battery";
/** The identity of every mover in the tests. */
export const identity = { username: "app", hostname: "apps" } as const;

/** The work spec of a case. */
export function workSpecOf(given: MoverCase): WorkSpec {
  return {
    version: 1,
    operation: given.operation,
    identity: given.identity ?? identity,
    repository: given.repository ?? { filesystem: { path: given.folder.at("repository") } },
    target: { kind: "Backup", namespace: "apps", name: "nightly" },
    limits: given.timeoutSeconds === undefined ? {} : { timeoutSeconds: given.timeoutSeconds },
    cache: {},
  };
}

/** The environment of a mover's container. */
export function environmentOf(given: MoverCase): Readonly<Record<string, string | undefined>> {
  const { folder } = given;
  return {
    KOPIA_PASSWORD: password,
    KOPIA_CONFIG_PATH: folder.at("cache", "repository.config"),
    KOPIA_CACHE_DIRECTORY: folder.at("cache", "cache"),
    KOPIA_LOG_DIR: folder.at("cache", "logs"),
    KOPIA_CHECK_FOR_UPDATES: "false",
    ...given.environment,
  };
}

/** Runs a mover inside this process and reads what it left. */
export async function runCase(given: MoverCase): Promise<MoverEnd> {
  const resultPath = given.folder.at("termination-log");
  await Deno.writeTextFile(resultPath, "");
  const ended = await runWithoutReading({ resultPath, ...given });
  return { ...ended, result: await readResult(resultPath) };
}

/** Runs a mover inside this process. */
export async function runWithoutReading(
  given: MoverCase & { readonly resultPath: string },
): Promise<Omit<MoverEnd, "result">> {
  const { folder, resultPath } = given;
  const workSpecPath = folder.at("work-spec.json");
  await Deno.writeTextFile(workSpecPath, given.workSpecText ?? JSON.stringify(workSpecOf(given)));
  const lines: string[] = [];
  const printed: string[] = [];
  const telemetry = startTelemetry(
    parseTelemetryConfig({ RUST_LOG: given.logFilter ?? "info", KOPIUR_LOG_FORMAT: "json" }, {
      role: "mover",
      build: { version: "0.0.0", commit: "test", date: "2026-01-01T00:00:00Z" },
      terminal: false,
    }),
    {
      sink: (line) => {
        lines.push(line);
        given.onLogLine?.(line);
      },
    },
  );
  try {
    const exitCode = await runMover(
      {
        ...moverDefaults,
        settleSeconds: given.settleSeconds ?? 0,
        limits: { ...moverDefaults.limits, ...given.limits },
        workSpecPath,
        resultPath,
        kopiaBinary: given.binary,
        scratchFolder: folder.at("scratch"),
        environment: environmentOf(given),
        ...(given.caBundlePath === undefined ? {} : { caBundlePath: given.caBundlePath }),
        ...(given.stopGraceSeconds === undefined ? {} : { stopGraceSeconds: given.stopGraceSeconds }),
      },
      { ...telemetry, clock: given.clock ?? systemClock, print: (line) => void printed.push(line) },
      given.signal ?? new AbortController().signal,
    );
    const metrics = await telemetry.renderMetrics();
    return { exitCode, log: lines.join(""), printed: printed.join(""), metrics };
  } finally {
    await telemetry.shutdown();
  }
}

/** The result a mover wrote, as the controller reads it. */
export async function readResult(path: string): Promise<MoverResult> {
  const read = parseMoverResult(await Deno.readTextFile(path));
  if (read.kind === "unreadable") throw new Error(`Cannot read the result: ${read.why}`);
  return read.result;
}

/** The result of a backup; throws with the failure when it is none. */
export function backupOf(end: MoverEnd): Extract<MoverResult, { readonly backup: unknown }>["backup"] {
  if ("backup" in end.result) return end.result.backup;
  throw new Error(`Cannot take a backup from ${JSON.stringify(end.result)}`);
}

/** The result of a bootstrap but the time of its listing; throws with the failure when it is none. */
export function bootstrapOf(end: MoverEnd): Omit<BootstrapResult, "observedAt" | "recent"> {
  if ("bootstrap" in end.result) {
    const { observedAt: _at, recent: _recent, ...result } = end.result.bootstrap;
    return result;
  }
  throw new Error(`Cannot take a bootstrap from ${JSON.stringify(end.result)}`);
}

/** The failure of a mover; throws with the result when it is none. */
export function failureOf(end: MoverEnd): Extract<MoverResult, { readonly failure: unknown }>["failure"] {
  if ("failure" in end.result) return end.result.failure;
  throw new Error(`Cannot take a failure from ${JSON.stringify(end.result)}`);
}

/** The result of a deletion but what it saw of the repository; throws with the failure when it is none. */
export function deletionOf(end: MoverEnd): Omit<SnapshotDeleteResult, "repository"> {
  if ("snapshotDelete" in end.result) {
    const { repository: _seen, ...result } = end.result.snapshotDelete;
    return result;
  }
  throw new Error(`Cannot take a deletion from ${JSON.stringify(end.result)}`);
}
