import { join } from "node:path";
import { CONTRACT_VERSION, MOVER_ENV, type WorkSpec } from "../../api/mover/contract.ts";
import { cacheSizes } from "../../api/mover/cache_sizes.ts";
import {
  createCommand,
  globalKeepEverythingCommand,
  type KopiaCommand,
  snapshotCreateCommand,
} from "../../mover/kopia/argv.ts";
import type { ConnectRequest } from "../../mover/kopia/config.ts";
import { runProgram } from "./run_program.ts";

const identity = { username: "bench", hostname: "bench" } as const;
const sourcePath = "/pvc/bench";

/** A Backup's uid. */
function runId(run: number): string {
  return `00000000-0000-4000-8000-${String(run).padStart(12, "0")}`;
}

/** What a mover outside a container is given. */
export interface MoverStage {
  /** A folder for everything that belongs to one run. */
  readonly work: string;
  readonly data: string;
  readonly kopia: string;
  /** Another number, another Backup. */
  readonly run: number;
}

/** Environment of kopia with everything it writes below `work`, as `side`. */
export function kopiaEnvironment(work: string, side = "bare"): Readonly<Record<string, string>> {
  return {
    HOME: work,
    PATH: "/usr/bin:/bin",
    [MOVER_ENV.password]: "bench",
    [MOVER_ENV.configPath]: join(work, side, "repository.config"),
    [MOVER_ENV.cacheFolder]: join(work, side, "cache"),
    [MOVER_ENV.logFolder]: join(work, side, "logs"),
    [MOVER_ENV.checkForUpdates]: "false",
  };
}

/** Makes a repository in `work` as a bootstrap does. */
export async function createRepository(kopia: string, work: string): Promise<void> {
  const env = kopiaEnvironment(work, "bootstrap");
  const commands = [
    createCommand(connectRequest(work), {}),
    connectCommand(connectRequest(work)),
    globalKeepEverythingCommand(),
  ];
  await Deno.mkdir(repositoryPath(work));
  for (const { args } of commands) {
    await runProgram({ argv: [kopia, ...args], env, limitSeconds: 60 }, AbortSignal.timeout(60_000));
  }
}

/** `repository connect`, which takes the flags that `repository create` takes, but for the one that keeps it from connecting. */
export function connectCommand(request: ConnectRequest): KopiaCommand {
  const [repository = "", , ...rest] = createCommand(request, {}).args;
  return {
    name: "repository connect",
    args: [repository, "connect", ...rest.filter((each) => each !== "--create-only")],
  };
}

/** Connects the bare side; answers with the seconds it took. */
export async function connectBare(kopia: string, work: string, signal: AbortSignal): Promise<number> {
  const { args } = connectCommand(connectRequest(work));
  const { seconds } = await runProgram({
    argv: [kopia, ...args],
    env: kopiaEnvironment(work),
    limitSeconds: 60,
  }, signal);
  return seconds;
}

/** What follows kopia in the bare side's shell: the flags of the mover, but those for kopia's counters and log. */
export function snapshotArgs(data: string, run: number): readonly string[] {
  const request = {
    mountPath: data,
    source: { ...identity, path: sourcePath },
    tags: { "kopiur-run": runId(run) },
  };
  return snapshotCreateCommand(request).args;
}

/** Writes a work spec that does the same, and answers with the environment of the mover. */
export async function moverEnvironment(
  { work, data, kopia, run }: MoverStage,
): Promise<Readonly<Record<string, string>>> {
  const workSpec: WorkSpec = {
    version: CONTRACT_VERSION,
    operation: { backup: { mountPath: data, sourcePath, runId: runId(run), tags: {} } },
    identity,
    repository: { filesystem: { path: repositoryPath(work) } },
    target: { kind: "Backup", namespace: "bench", name: "bench" },
    limits: {},
    cache: {},
  };
  const workSpecPath = join(work, "work-spec.json");
  await Deno.writeTextFile(workSpecPath, JSON.stringify(workSpec));
  return {
    ...kopiaEnvironment(work, "mover"),
    [MOVER_ENV.workSpecPath]: workSpecPath,
    [MOVER_ENV.resultPath]: join(work, "result.json"),
    [MOVER_ENV.kopiaBinary]: kopia,
  };
}

function connectRequest(work: string): ConnectRequest {
  return {
    repository: { filesystem: { path: repositoryPath(work) } },
    identity,
    cache: cacheSizes({}),
    caBundlePath: "",
  };
}

function repositoryPath(work: string): string {
  return join(work, "repository");
}
