import { posix } from "node:path";
import type { MoverOperation } from "../../api/mover/contract.ts";
import { type ConnectRequest, sharedByGroup } from "./config.ts";
import { keepEverything } from "./policy_changes.ts";

/** One kopia command: its name in logs and spans, and its arguments. */
export interface KopiaCommand {
  readonly name: string;
  readonly args: readonly string[];
}

/** A kopia source, written `user@host:path`. */
export interface KopiaSource {
  readonly username: string;
  readonly hostname: string;
  readonly path: string;
}

/** Settings of a new repository. */
export type CreateOptions = NonNullable<
  Extract<MoverOperation, { readonly bootstrap: unknown }>["bootstrap"]["create"]
>;

/** A snapshot to be made. */
export interface SnapshotRequest {
  /** The folder to read. */
  readonly mountPath: string;
  readonly source: KopiaSource;
  readonly tags: Readonly<Record<string, string>>;
  readonly description?: string;
  /** Files read at the same time; absent: one per processor. */
  readonly parallelFiles?: number;
  /** Arguments a user wrote, already checked (refusedExtraArgs). */
  readonly extraArgs?: readonly string[];
  /** The folder for kopia's counters and its log of saved entries; absent: kopia writes neither. */
  readonly reportFolder?: string;
}

// Every value is joined to its flag by "=" and every operand comes after "--", so that kopia's parser (kingpin)
// gives no meaning to a leading "-" or "@" in a user's text.

/** A progress line every five seconds. The estimate is the file system's used space, so the source is read once. */
const withProgress = [
  "--progress",
  "--progress-update-interval=5s",
  "--progress-estimation-type=rough",
] as const;

/**
 * Flags of every command: no automatic maintenance (that is the Maintenance kind's work), no notifications and no
 * password on the cache volume.
 */
const everywhere = [
  "--no-auto-maintenance",
  "--error-notifications=never",
  "--no-persist-credentials",
] as const;

const noLog = ["--disable-file-logging"] as const;

/** The parts of a report folder: kopia's counters and its log. Kopia chooses the name of the second. */
export const REPORT_PLACES = { counters: "counters", log: "cli-logs" } as const;

/** The log is split into files, so that those already read can be removed. Kopia removes the oldest beyond the limit. */
const logPieceBytes = 1024 * 1024;
const mostLogMegabytes = 64;
/** The lowest levels at which kopia logs each file, and each folder with its object. */
const logDetail = { entry: 1, folder: 7 } as const;

/**
 * `repository create` in an empty storage; saves nothing in it and does not connect. Kopia writes the format without a
 * condition, so that of another creator may replace it. What is saved under the first key would then keep the repository
 * from being opened at all.
 */
export function createCommand(request: ConnectRequest, options: CreateOptions): KopiaCommand {
  return command([
    "repository",
    "create",
    ...targetArgs(request),
    ...connectionArgs(request),
    ...flag("encryption", options.encryption),
    ...flag("block-hash", options.hash),
    ...flag("object-splitter", options.splitter),
    "--create-only",
  ]);
}

/** `repository status` as JSON. */
export function statusCommand(): KopiaCommand {
  return command(["repository", "status", "--json"]);
}

/** `maintenance info` as JSON, for the owner. */
export function maintenanceInfoCommand(): KopiaCommand {
  return command(["maintenance", "info", "--json"]);
}

/** `maintenance set`: this identity owns it. */
export function ownMaintenanceCommand(): KopiaCommand {
  return command(["maintenance", "set", "--owner=me"]);
}

/** `snapshot create` as JSON with kopia's counts, without report notifications. */
export function snapshotCreateCommand(request: SnapshotRequest): KopiaCommand {
  return command(
    [
      "snapshot",
      "create",
      "--json",
      "--json-verbose",
      "--no-send-snapshot-report",
      `--override-source=${formatSource(request.source)}`,
      ...Object.entries(request.tags).map(([key, value]) => `--tags=${key}:${value}`),
      ...flag("description", request.description),
      ...flag("parallel", numberText(request.parallelFiles)),
      ...(request.extraArgs ?? []),
    ],
    [request.mountPath],
    [...withProgress, ...(request.reportFolder === undefined ? noLog : reportArgs(request.reportFolder))],
  );
}

/** `snapshot list` of all identities, one manifest per line; with a tag only those that have it. */
export function snapshotListCommand(tag?: { readonly key: string; readonly value: string }): KopiaCommand {
  const filter = tag === undefined ? [] : [`--tags=${tag.key}:${tag.value}`];
  return command(["snapshot", "list", "--all", "--json", "--json-verbose", "--no-retention", ...filter]);
}

/** `snapshot list` of one source. */
export function snapshotListOfSourceCommand(source: KopiaSource): KopiaCommand {
  return command(["snapshot", "list", "--json", "--json-verbose", "--no-retention"], [formatSource(source)]);
}

/** `snapshot delete`: kopia stops at the first id it does not know. */
export function snapshotDeleteCommand(ids: readonly string[]): KopiaCommand {
  return command(["snapshot", "delete", "--delete"], ids);
}

/** `ls --recursive` of a folder, each entry with its object. */
export function treeListCommand(folder: string): KopiaCommand {
  return command(["ls", "--recursive", "--show-object-id", "--no-error-summary"], [folder]);
}

/** True when an object is a single content with the same id; kopia splits large objects into several contents. */
export function isOneContent(object: string): boolean {
  return /^[g-z]?[0-9a-f]+$/.test(object);
}

/** `content show` of objects that are each one content; prints one after the other. */
export function contentShowCommand(objects: readonly string[]): KopiaCommand {
  return command(["content", "show"], objects);
}

/** `show` of one object, also of one that is split. */
export function objectShowCommand(object: string): KopiaCommand {
  return command(["show"], [object]);
}

/** `policy show` as JSON of the global policy. */
export function globalPolicyShowCommand(): KopiaCommand {
  return command(["policy", "show", "--json", "--global"]);
}

/** `policy show` as JSON of the source and of the folder above it, from which it inherits. */
export function sourcePolicyShowCommand(source: KopiaSource): KopiaCommand {
  return command(["policy", "show", "--json"], [formatSource(source), formatParent(source)]);
}

/** `policy set` of the global policy: keep every snapshot, identical ones included. */
export function globalKeepEverythingCommand(): KopiaCommand {
  return command(["policy", "set", ...keepEverything, "--ignore-identical-snapshots=false", "--global"]);
}

/** `policy set` of one source; each change is a flag with its value (policyChanges). */
export function sourcePolicySetCommand(source: KopiaSource, changes: readonly string[]): KopiaCommand {
  return command(["policy", "set", ...changes], [formatSource(source)]);
}

/** `user@host:path`. */
function formatSource(source: KopiaSource): string {
  return `${source.username}@${source.hostname}:${source.path}`;
}

/** The folder above a source; above the root it is the identity, which has a policy of its own. */
function formatParent({ username, hostname, path }: KopiaSource): string {
  return path === "/"
    ? `${username}@${hostname}`
    : formatSource({ username, hostname, path: posix.dirname(path) });
}

function command(
  args: readonly string[],
  operands: readonly string[] = [],
  reported: readonly string[] = ["--no-progress", ...noLog],
): KopiaCommand {
  const end = operands.length === 0 ? [] : ["--", ...operands];
  return { name: args.slice(0, 2).join(" "), args: [...args, ...reported, ...everywhere, ...end] };
}

function targetArgs(request: ConnectRequest): readonly string[] {
  return [...backendArgs(request), ...flag("max-upload-speed", numberText(request.uploadBytesPerSecond))];
}

function backendArgs({ repository, caBundlePath }: ConnectRequest): readonly string[] {
  if ("filesystem" in repository) {
    const { fileMode, dirMode } = sharedByGroup;
    return [
      "filesystem",
      ...flag("path", repository.filesystem.path),
      ...flag("file-mode", octal(fileMode)),
      ...flag("dir-mode", octal(dirMode)),
    ];
  }
  const { s3 } = repository;
  return [
    "s3",
    ...flag("bucket", s3.bucket),
    ...flag("endpoint", s3.endpoint),
    ...flag("prefix", s3.prefix),
    ...flag("region", s3.region),
    ...(s3.disableTls ? ["--disable-tls"] : []),
    ...(s3.insecureSkipVerify ? ["--disable-tls-verification"] : []),
    ...(s3.privateCa ? flag("root-ca-pem-path", caBundlePath) : []),
  ];
}

function connectionArgs({ identity, cache }: ConnectRequest): readonly string[] {
  return [
    ...flag("override-username", identity.username),
    ...flag("override-hostname", identity.hostname),
    ...cacheArgs("content", cache.contentCacheSizeMb),
    ...cacheArgs("metadata", cache.metadataCacheSizeMb),
  ];
}

/** The target size and the hard limit, as in the config file (`renderKopiaConfig`). */
function cacheArgs(which: "content" | "metadata", sizeMb: number): readonly string[] {
  return [
    ...flag(`${which}-cache-size-mb`, String(sizeMb)),
    ...flag(`${which}-cache-size-limit-mb`, String(sizeMb)),
  ];
}

function reportArgs(folder: string): readonly string[] {
  return [
    ...flag("diagnostics-output-directory", posix.join(folder, REPORT_PLACES.counters)),
    "--metrics-store-on-exit",
    ...flag("log-dir", folder),
    "--disable-content-log",
    ...flag("log-entry-detail", numberText(logDetail.entry)),
    ...flag("log-dir-detail", numberText(logDetail.folder)),
    ...flag("max-log-file-segment-size", numberText(logPieceBytes)),
    ...flag("log-dir-max-total-size-mb", numberText(mostLogMegabytes)),
  ];
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function numberText(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [`--${name}=${value}`];
}
