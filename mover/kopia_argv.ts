import type { MoverOperation, RepositoryTarget, WorkSpec } from "../api/mover_contract.ts";

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

/** Which policy: the repository's global one, or that of one source. */
export type PolicyTarget = { readonly kind: "global" } | {
  readonly kind: "source";
  readonly source: KopiaSource;
};

/** Settings of a repository that is to be made. */
export type CreateOptions = NonNullable<
  Extract<MoverOperation, { readonly bootstrap: unknown }>["bootstrap"]["create"]
>;

/** How a repository is reached, and as whom. */
export interface ConnectRequest {
  readonly repository: RepositoryTarget;
  readonly identity: WorkSpec["identity"];
  readonly cache: WorkSpec["cache"];
  /** The private CA, read when the target says it has one. */
  readonly caBundlePath: string;
}

/** A snapshot to be made. */
export interface SnapshotRequest {
  /** The folder to read. */
  readonly mountPath: string;
  readonly source: KopiaSource;
  readonly tags: Readonly<Record<string, string>>;
  /** Where kopia leaves its own counters; absent when nobody will read them. */
  readonly diagnosticsFolder?: string;
}

// Every value is bound to its flag by "=" and every argument comes after "--": kopia's parser (kingpin) then
// takes neither a leading "-" nor a leading "@" of a user's text for anything but text.

/**
 * What every command carries: no progress bars, no maintenance on the side (that is the Maintenance kind's),
 * no notifications, no password and no log files left on the cache volume.
 */
const everywhere = [
  "--no-progress",
  "--no-auto-maintenance",
  "--error-notifications=never",
  "--no-persist-credentials",
  "--disable-file-logging",
] as const;

const keepEverything = [
  "--keep-latest=0",
  "--keep-hourly=0",
  "--keep-daily=0",
  "--keep-weekly=0",
  "--keep-monthly=0",
  "--keep-annual=0",
] as const;

/**
 * kopia's own modes (0600, 0700) would let no other user read what one mover wrote; every mover is in the group
 * of the repository's volume. Needs the mover's umask to leave group bits alone.
 */
const sharedByGroup = ["--file-mode=0660", "--dir-mode=0770"] as const;

/** `repository connect`: opens an existing repository and keeps the connection in kopia's config file. */
export function connectCommand(request: ConnectRequest): KopiaCommand {
  return command(["repository", "connect", ...targetArgs(request), ...connectionArgs(request)]);
}

/** `repository create`: makes a repository in an empty storage and connects to it. */
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
      ...diagnosticsArgs(request.diagnosticsFolder),
    ],
    [request.mountPath],
  );
}

/** `snapshot list` of all identities, only those with the tag when one is given; one manifest per line. */
export function snapshotListCommand(tag?: { readonly key: string; readonly value: string }): KopiaCommand {
  const filter = tag === undefined ? [] : [`--tags=${tag.key}:${tag.value}`];
  return command(["snapshot", "list", "--all", "--json", "--no-retention", ...filter]);
}

/** `snapshot list` of one source. */
export function snapshotListOfSourceCommand(source: KopiaSource): KopiaCommand {
  return command(["snapshot", "list", "--json", "--no-retention"], [formatSource(source)]);
}

/** `snapshot delete`: kopia stops at the first id it does not know. */
export function snapshotDeleteCommand(ids: readonly string[]): KopiaCommand {
  return command(["snapshot", "delete", "--delete"], ids);
}

/** `policy show` as JSON: the policy as it works, with what it inherits. */
export function policyShowCommand(target: PolicyTarget): KopiaCommand {
  return policyCommand(["policy", "show", "--json"], target);
}

/** `policy set`: all six keeps at 0, which kopia reads as "keep everything", and identical snapshots are saved. */
export function policyKeepEverythingCommand(target: PolicyTarget): KopiaCommand {
  return policyCommand(["policy", "set", ...keepEverything, "--ignore-identical-snapshots=false"], target);
}

/** A source as kopia writes it. */
export function formatSource(source: KopiaSource): string {
  return `${source.username}@${source.hostname}:${source.path}`;
}

function command(args: readonly string[], operands: readonly string[] = []): KopiaCommand {
  const [first = "", second = ""] = args;
  const end = operands.length === 0 ? [] : ["--", ...operands];
  return { name: `${first} ${second}`, args: [...args, ...everywhere, ...end] };
}

function policyCommand(args: readonly string[], target: PolicyTarget): KopiaCommand {
  switch (target.kind) {
    case "global":
      return command([...args, "--global"]);
    case "source":
      return command(args, [formatSource(target.source)]);
  }
}

function targetArgs({ repository, caBundlePath }: ConnectRequest): readonly string[] {
  if ("filesystem" in repository) {
    return ["filesystem", ...flag("path", repository.filesystem.path), ...sharedByGroup];
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

/** The size alone is a wish that kopia overshoots; the limit is what keeps a small volume from filling up. */
function cacheArgs(which: "content" | "metadata", sizeMb: number | undefined): readonly string[] {
  if (sizeMb === undefined) return [];
  return [
    ...flag(`${which}-cache-size-mb`, String(sizeMb)),
    ...flag(`${which}-cache-size-limit-mb`, String(sizeMb)),
  ];
}

function diagnosticsArgs(folder: string | undefined): readonly string[] {
  return folder === undefined
    ? []
    : [...flag("diagnostics-output-directory", folder), "--metrics-store-on-exit"];
}

function flag(name: string, value: string | undefined): readonly string[] {
  return value === undefined || value === "" ? [] : [`--${name}=${value}`];
}
