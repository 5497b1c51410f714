import { dirname } from "node:path";
import { cacheSizes } from "../../api/mover/cache_sizes.ts";
import { MOVER_ENV, type WorkSpec } from "../../api/mover/contract.ts";
import { attribute, type Clock, type Sink, type Telemetry } from "../../telemetry/mod.ts";
import {
  contentShowCommand,
  createCommand,
  type CreateOptions,
  globalKeepEverythingCommand,
  globalPolicyShowCommand,
  isOneContent,
  type KopiaCommand,
  type KopiaSource,
  maintenanceInfoCommand,
  objectShowCommand,
  ownMaintenanceCommand,
  snapshotDeleteCommand,
  snapshotListCommand,
  snapshotListOfSourceCommand,
  sourcePolicySetCommand,
  sourcePolicyShowCommand,
  statusCommand,
  treeListCommand,
} from "./argv.ts";
import { type ConnectRequest, renderKopiaConfig } from "./config.ts";
import { classifyFailure, lastWords } from "./errors.ts";
import {
  type ListTaker,
  parseMaintenanceOwner,
  parseUniqueId,
  type Snapshot,
  SnapshotListReader,
  type UnreadableManifest,
} from "./output.ts";
import { type KopiaExit, type KopiaProcess, type KopiaRun, runKopia, type TextTaker } from "./run.ts";
import { MoverError } from "../mover_error.ts";
import type { FoundPolicy } from "./policy_changes.ts";
import { parseRetentionPolicy, parseTwoPolicies, type RetentionPolicy } from "./policy_output.ts";

/** What every kopia step needs: the process to start, the repository to open, and where to report. */
export interface Kopia {
  readonly process: KopiaProcess;
  readonly connection: ConnectRequest;
  readonly log: Telemetry["log"];
  readonly withSpan: Telemetry["withSpan"];
  /** Texts that a user chose and kopia may repeat; they do not decide the class of a failure. */
  readonly named: readonly string[];
  /** A writable folder for short-lived files. */
  readonly scratchFolder: string;
  readonly clock: Clock;
  /** How long a new repository is left alone before anything is saved in it. */
  readonly settleSeconds: number;
  readonly limits: KopiaLimits;
  /** Told when a command shows no sign of life for a while, and when one does again. */
  readonly onStill?: (still: Still | undefined) => void;
  /** Standard output, for lines that are neither log nor result. */
  readonly print: Sink;
}

/** How long kopia may take: it retries a failing storage for more than twenty minutes (deploy/docs/storage.md). */
export interface KopiaLimits {
  /** Every step but the backup itself. Opening a large repository over a slow network with an empty cache takes minutes. */
  readonly stepSeconds: number;
  /** The longest a backup may make no progress. Longer where kopia's figures are so large that they change seldom. */
  readonly stallSeconds: number;
  /** After so long without a sign of life a step is reported as still. */
  readonly stillSeconds: number;
}

/** A kopia command that shows no sign of life. */
export interface Still {
  /** As in a {@link KopiaCommand}. */
  readonly command: string;
  /** RFC 3339. */
  readonly since: string;
}

/** A healthy volume answers at once; a read from a dead one never returns and cannot be cancelled. */
const folderLimitMs = 60_000;

/**
 * Writes kopia's config file, which every other step needs; the next command opens the repository. Refuses an empty
 * folder and leaves it as it is. Throws MoverError.
 */
export async function connect(kopia: Kopia): Promise<void> {
  await refuseEmptyFolder(kopia.connection);
  await writeConfig(kopia);
}

/** Opens the repository and returns its unique id. Throws MoverError. */
export async function openRepository(kopia: Kopia): Promise<string> {
  await connect(kopia);
  return await readUniqueId(kopia);
}

async function writeConfig({ connection, process }: Kopia): Promise<void> {
  const path = process.environment[MOVER_ENV.configPath];
  if (path === undefined) {
    const message =
      `Cannot open the repository: the environment variable "${MOVER_ENV.configPath}" is not set, ` +
      "expected the path of a file that can be written";
    throw new MoverError("Unknown", message);
  }
  const cacheFolder = process.environment[MOVER_ENV.cacheFolder];
  const places = {
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
    ...("s3" in connection.repository && connection.repository.s3.privateCa
      ? { caBundle: await orMoverError(Deno.readFile(connection.caBundlePath), "the CA of the storage") }
      : {}),
  };
  await orMoverError(writeFile(path, renderKopiaConfig(connection, places)), "kopia's config file");
}

async function writeFile(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}

async function orMoverError<T>(effect: Promise<T>, what: string): Promise<T> {
  try {
    return await effect;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MoverError(classifyFailure([why]), `Cannot open the repository: ${what}: ${why}`, { cause });
  }
}

/**
 * Kopia must not open an empty folder: it fails, but first writes a `.shards` file with the layout of old releases.
 * A repository created there later would use sixteen million folders instead of 4096 per kind.
 */
async function refuseEmptyFolder({ repository }: ConnectRequest): Promise<void> {
  if (!("filesystem" in repository)) return;
  const { path } = repository.filesystem;
  if (!(await answerOf(folderIsEmpty(path), path))) return;
  const message = `Cannot open the repository: the folder "${path}" is empty, expected a kopia repository`;
  throw new MoverError("NotInitialized", message);
}

/** Waits for an answer of the volume, at most folderLimitMs. Throws MoverError "RepositoryUnavailable". */
async function answerOf<T>(question: Promise<T>, path: string): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const message = `Cannot open the repository: the folder "${path}" does not answer, expected it to within ` +
    `${folderLimitMs / 1000} s`;
  const timer = setTimeout(() => reject(new MoverError("RepositoryUnavailable", message)), folderLimitMs);
  try {
    return await Promise.race([question, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** False also when the folder cannot be read: kopia's own error then says what is wrong. */
async function folderIsEmpty(path: string): Promise<boolean> {
  try {
    // mkfs makes this folder in the root of a new volume.
    for await (const { name } of Deno.readDir(path)) if (name !== "lost+found") return false;
    return true;
  } catch {
    return false;
  }
}

/** Creates the repository, with nothing in it. Throws MoverError. */
export async function createRepository(kopia: Kopia, options: CreateOptions): Promise<void> {
  await runStep(kopia, createCommand(kopia.connection, options));
  await writeConfig(kopia);
}

/** The unique id that kopia gave the repository when it was created. Throws MoverError. */
export async function readUniqueId(kopia: Kopia): Promise<string> {
  return parseUniqueId((await runStep(kopia, statusCommand())).stdout);
}

/** Who runs maintenance, `user@host`; empty when nobody does yet. Throws MoverError. */
export async function readMaintenanceOwner(kopia: Kopia): Promise<string> {
  return parseMaintenanceOwner((await runStep(kopia, maintenanceInfoCommand())).stdout);
}

/** Makes this identity the owner of maintenance. Throws MoverError. */
export async function ownMaintenance(kopia: Kopia): Promise<void> {
  await runStep(kopia, ownMaintenanceCommand());
}

/** The retention of the global policy. Throws MoverError. */
export async function readGlobalRetention(kopia: Kopia): Promise<RetentionPolicy> {
  return parseRetentionPolicy((await runStep(kopia, globalPolicyShowCommand())).stdout);
}

/** Sets the global policy to keep every snapshot. Throws MoverError. */
export async function keepEverythingGlobally(kopia: Kopia): Promise<void> {
  await runStep(kopia, globalKeepEverythingCommand());
}

/** The effective policy of a source, and the one it inherits from. Throws MoverError. */
export async function readSourcePolicy(kopia: Kopia, source: KopiaSource): Promise<FoundPolicy> {
  const { stdout } = await runStep(kopia, sourcePolicyShowCommand(source));
  const [own, above] = parseTwoPolicies(stdout);
  return { source: own, above };
}

/** Changes the policy of one source; each change is a flag of `policy set`. Throws MoverError. */
export async function setSourcePolicy(
  kopia: Kopia,
  source: KopiaSource,
  changes: readonly string[],
): Promise<void> {
  await runStep(kopia, sourcePolicySetCommand(source, changes));
}

/** Passes every snapshot of the repository to `taker`, one at a time, incomplete ones included. Throws MoverError. */
export async function eachSnapshot(kopia: Kopia, taker: ListTaker): Promise<void> {
  await runList(kopia, snapshotListCommand(), taker);
}

/** The contents of a `snapshot list`. */
interface Listed {
  readonly snapshots: readonly Snapshot[];
  readonly unreadable: readonly UnreadableManifest[];
}

/**
 * The snapshots with a tag, of any source, incomplete ones included. The tag of each is checked again here, because
 * the caller may delete them, and a kopia that misread the filter would list the whole repository. An unreadable
 * manifest is left out only when its tags can be read and lack the tag. Throws MoverError.
 */
export async function listTagged(kopia: Kopia, key: string, value: string): Promise<Listed> {
  const { snapshots, unreadable } = await collectList(kopia, snapshotListCommand({ key, value }));
  return {
    snapshots: snapshots.filter(({ tags }) => tags[key] === value),
    unreadable: unreadable.filter(({ tags }) => tags === undefined || tags[key] === value),
  };
}

/** The snapshots of a source and of the folders above it, incomplete ones included. Throws MoverError. */
export async function listSource(kopia: Kopia, source: KopiaSource): Promise<Listed> {
  return await collectList(kopia, snapshotListOfSourceCommand(source));
}

/** Passes the recursive list of a folder to `taker`, as text (TreeListing). Throws MoverError. */
export async function readTree(
  kopia: Kopia,
  folder: string,
  taker: TextTaker,
  limitSeconds: number,
): Promise<void> {
  await runStep(kopia, treeListCommand(folder), { taker, limitSeconds });
}

/** Passes the contents of objects to `taker`, in order. Several objects must each be one content. Throws MoverError. */
export async function readObjects(
  kopia: Kopia,
  objects: readonly string[],
  taker: TextTaker,
  limitSeconds: number,
): Promise<void> {
  const [first = ""] = objects;
  const isSplit = objects.length === 1 && !isOneContent(first);
  const command = isSplit ? objectShowCommand(first) : contentShowCommand(objects);
  await runStep(kopia, command, { taker, limitSeconds });
}

/** Asks kopia to delete snapshots, whatever its exit code: only a list shows what is gone. Throws MoverError. */
export async function tryDelete(kopia: Kopia, ids: readonly string[]): Promise<KopiaExit> {
  return await runInSpan(kopia, {
    command: snapshotDeleteCommand(ids),
    limitSeconds: kopia.limits.stepSeconds,
  });
}

/** Runs a command in a span of its own, whatever its exit code. Throws MoverError when it had to be stopped. */
export async function runInSpan(kopia: Kopia, run: KopiaRun): Promise<KopiaExit> {
  const attributes = {
    [attribute.processExecutableName]: "kopia",
    [attribute.processCommandArgs]: run.command.name.split(" "),
  };
  return await kopia.withSpan("kopia", attributes, async (span) => {
    const exit = await watchStill(kopia, run);
    span.setAttributes({ [attribute.processExitCode]: exit.code });
    if (exit.code !== 0) {
      span.setAttributes({ [attribute.errorType]: classifyFailure(exit.tail, kopia.named) });
      span.fail(lastWords(exit.tail));
    }
    return exit;
  });
}

/** Reports a command that is still for long: its answer is silent, or its progress stands. */
async function watchStill(kopia: Kopia, run: KopiaRun): Promise<KopiaExit> {
  const { onStill, clock, limits: { stillSeconds } } = kopia;
  let movedMs = clock();
  let isStill = false;
  const tell = (next: boolean) => {
    if (next === isStill) return;
    isStill = next;
    const { name: command } = run.command;
    const since = new Date(movedMs).toISOString();
    if (next) kopia.log.info("kopia shows no sign of life", { command, since });
    onStill?.(next ? { command, since } : undefined);
  };
  const timer = setInterval(() => tell(clock() - movedMs >= stillSeconds * 1000), stillSeconds * 500);
  const onSign = () => {
    movedMs = clock();
    tell(false);
  };
  try {
    return await runKopia(kopia.process, { ...run, onSign });
  } finally {
    clearInterval(timer);
    tell(false);
  }
}

/** The error of a command that ended with another code than 0: kopia's own words and their class. */
export function failureOf(kopia: Pick<Kopia, "named">, command: KopiaCommand, exit: KopiaExit): MoverError {
  if (exit.endedBy !== undefined) {
    const hint = exit.endedBy === "SIGKILL" ? ", as happens when memory runs out" : "";
    const message = `Cannot finish "${command.name}": kopia was ended by ${exit.endedBy}${hint}`;
    return new MoverError("Interrupted", message, { tail: exit.tail });
  }
  const words = lastWords(exit.tail);
  const failureClass = classifyFailure(exit.tail, kopia.named);
  return new MoverError(failureClass, sentenceOf(words, exit.code), { tail: exit.tail });
}

/** Kopia's own words, with a clearer sentence for the cases a reader would not understand. */
function sentenceOf(words: string, code: number): string {
  if (words === "") return `kopia ended with code ${code} and said nothing`;
  if (words.endsWith("error getting kopia.repository blob: BLOB not found")) {
    return "Cannot open the repository: the storage holds none";
  }
  return words.endsWith("unable to decrypt repository blobcfg blob")
    ? "Cannot open the repository: kopia.blobcfg is not of the same repository as kopia.repository, as happens when two " +
      "are created at the same moment; should it stay so, move kopia.blobcfg out of the storage: kopia does without it"
    : words;
}

/** The connection to the repository of a work spec. */
export function connectionOf(spec: WorkSpec, caBundlePath: string): ConnectRequest {
  const { repository, identity, cache, operation } = spec;
  const limit = "backup" in operation ? operation.backup.policy?.upload?.limitMbPerSec : undefined;
  return {
    ...{ repository, identity, caBundlePath },
    cache: cacheSizes(cache),
    ...(limit === undefined ? {} : { uploadBytesPerSecond: limit * bytesPerMegabyte }),
  };
}

const bytesPerMegabyte = 1_000_000;

/** The texts of a work spec that a user chose and kopia may repeat in its messages. */
export function namedTexts({ identity, repository, operation, target }: WorkSpec): readonly string[] {
  const { username, hostname } = identity;
  const texts = [username, hostname, `${username}@${hostname}`, target.namespace, target.name];
  if ("filesystem" in repository) texts.push(repository.filesystem.path);
  else {
    const { bucket, endpoint, prefix, region } = repository.s3;
    texts.push(bucket, endpoint, endpoint.replace(/:\d+$/, ""), prefix ?? "", region ?? "");
  }
  if ("backup" in operation) {
    const { mountPath, sourcePath, tags, description } = operation.backup;
    texts.push(`${username}@${hostname}:${sourcePath}`, mountPath, sourcePath, description ?? "");
    for (const [key, value] of Object.entries(tags)) texts.push(key, value);
  } else if ("snapshotDelete" in operation) {
    for (const { sourcePath } of operation.snapshotDelete.snapshots) {
      texts.push(`${username}@${hostname}:${sourcePath}`, sourcePath);
    }
  }
  return texts.filter((text) => text !== "");
}

async function runStep(
  kopia: Kopia,
  command: KopiaCommand,
  run: Pick<KopiaRun, "onLine" | "taker" | "limitSeconds"> = {},
): Promise<KopiaExit> {
  const exit = await runInSpan(kopia, { limitSeconds: kopia.limits.stepSeconds, ...run, command });
  if (exit.code !== 0) throw failureOf(kopia, command, exit);
  return exit;
}

async function runList(kopia: Kopia, command: KopiaCommand, taker: ListTaker): Promise<void> {
  let skipped = 0;
  let first: UnreadableManifest | undefined;
  const reader = new SnapshotListReader({
    onSnapshot: taker.onSnapshot,
    onUnreadable: (manifest) => {
      skipped += 1;
      first ??= manifest;
      taker.onUnreadable(manifest);
    },
  });
  await runStep(kopia, command, { onLine: (line) => reader.line(line) });
  reader.end();
  if (first === undefined) return;
  const { id, error } = first;
  kopia.log.warn("manifests in the repository cannot be read", { count: skipped, id, error });
}

async function collectList(kopia: Kopia, command: KopiaCommand): Promise<Listed> {
  const snapshots: Snapshot[] = [];
  const unreadable: UnreadableManifest[] = [];
  await runList(kopia, command, {
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    onUnreadable: (manifest) => unreadable.push(manifest),
  });
  return { snapshots, unreadable };
}
