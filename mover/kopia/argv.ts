import { posix } from "node:path";
import type { MoverOperation } from "../../api/mover/contract.ts";
import { type ConnectRequest, sharedByGroup } from "./config.ts";
import { keepEverything } from "./policy_changes.ts";

/** One kopia command: what it is called in logs and spans, and what follows the program's name. */
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

/** Settings of a repository that is to be made. */
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
  /** Files read at the same time; absent: as many as there are processors. */
  readonly parallelFiles?: number;
  /** Whole arguments a user wrote; only those that were let through (refusedExtraArgs). */
  readonly extraArgs?: readonly string[];
  /** Where kopia leaves its counters and its log of what it saves; absent when nobody will read them. */
  readonly reportFolder?: string;
}

// Every value is bound to its flag by "=" and every argument comes after "--": kopia's parser (kingpin) then
// takes neither a leading "-" nor a leading "@" of a user's text for anything but text.

/** For whoever watches whether kopia gets on; by the file system's own figures, not by reading the source twice. */
const withProgress = [
  "--progress",
  "--progress-update-interval=5s",
  "--progress-estimation-type=rough",
] as const;

/**
 * What every command carries: no maintenance on the side (that is the Maintenance kind's), no notifications and no
 * password left on the cache volume.
 */
const everywhere = [
  "--no-auto-maintenance",
  "--error-notifications=never",
  "--no-persist-credentials",
] as const;

const noLog = ["--disable-file-logging"] as const;

/** What of a folder for reports holds kopia's counters and its log; the second name is of kopia's own choice. */
export const REPORT_PLACES = { counters: "counters", log: "cli-logs" } as const;

/** A log in pieces, of which those that were read can go; kopia itself removes the oldest when there are too many. */
const logPieceBytes = 1024 * 1024;
const mostLogMegabytes = 64;
/** The least at which kopia's log tells of each file, and of each folder with its object. */
const logDetail = { entry: 1, folder: 7 } as const;

/** `repository create`: makes a repository in an empty storage; kopia's config file is then of its own making. */
export function createCommand(request: ConnectRequest, options: CreateOptions): KopiaCommand {
  return command([
    "repository",
    "create",
    ...targetArgs(request),
    ...connectionArgs(request),
    ...flag("encryption", options.encryption),
    ...flag("block-hash", options.hash),
    ...flag("object-splitter", options.splitter),
  ]);
}

/** `repository status` as JSON. */
export function statusCommand(): KopiaCommand {
  return command(["repository", "status", "--json"]);
}

/** `maintenance info` as JSON: it names the owner. */
export function maintenanceInfoCommand(): KopiaCommand {
  return command(["maintenance", "info", "--json"]);
}

/** `snapshot create` as JSON with kopia's counts; the report notifications of the repository stay silent. */
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

/** `snapshot list` of all identities, only those with the tag when one is given; one manifest per line. */
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

/** `ls` of a folder with all that is in it, each entry with its object. */
export function treeListCommand(folder: string): KopiaCommand {
  return command(["ls", "--recursive", "--show-object-id", "--no-error-summary"], [folder]);
}

/** True for an object that is one content of the same id; large ones are cut into several. */
export function isOneContent(object: string): boolean {
  return /^[g-z]?[0-9a-f]+$/.test(object);
}

/** `content show` of several objects, each of them one content, one after the other. */
export function contentShowCommand(objects: readonly string[]): KopiaCommand {
  return command(["content", "show"], objects);
}

/** `show` of one object, also of one that is cut. */
export function objectShowCommand(object: string): KopiaCommand {
  return command(["show"], [object]);
}

/** `policy show` as JSON of the global policy. */
export function globalPolicyShowCommand(): KopiaCommand {
  return command(["policy", "show", "--json", "--global"]);
}

/** `policy show` as JSON of two targets: the source, and the folder above it, which it inherits from. */
export function sourcePolicyShowCommand(source: KopiaSource): KopiaCommand {
  return command(["policy", "show", "--json"], [formatSource(source), formatParent(source)]);
}

/** `policy set`: the global policy keeps everything, identical snapshots included. */
export function globalKeepEverythingCommand(): KopiaCommand {
  return command(["policy", "set", ...keepEverything, "--ignore-identical-snapshots=false", "--global"]);
}

/** `policy set` of one source: each change is a flag with its value (policyChanges). */
export function sourcePolicySetCommand(source: KopiaSource, changes: readonly string[]): KopiaCommand {
  return command(["policy", "set", ...changes], [formatSource(source)]);
}

/** A source as kopia writes it. */
function formatSource(source: KopiaSource): string {
  return `${source.username}@${source.hostname}:${source.path}`;
}

/** Above the root there is the policy of the identity. */
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

/** Wish and limit, as in the config file (`renderKopiaConfig`). */
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
