import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";

/**
 * The channel for a listing, which does not fit into a termination message (deploy/docs/decisions/0009-catalog-channel.md): a
 * bootstrap mover writes the snapshots of its repository to its log as lines, and its result has the digest
 * of the lines.
 *
 *     kopiur-catalog <n> <base64 of a part of the gzipped JSON>       n = 1 … digest.lines
 *
 * Lines are so short that no container runtime splits them; other lines between them are ignored.
 */
export const CATALOG_LINE_PREFIX = "kopiur-catalog";
/** The most snapshots of a listing; it has the newest. */
export const CATALOG_MAX_SNAPSHOTS = 5000;
/** The longest line, its end included. */
export const CATALOG_MAX_LINE_BYTES = 8192;
/** How much of a log is read for a listing: its lines, and other lines of the mover. */
export const CATALOG_MAX_LOG_BYTES = 4 * 1024 * 1024;

/** Base64 characters per line; a multiple of 4, so that a line is whole bytes. */
const lineLetters = 8000;
const mostLines = 400;
/** A source path may have 4096 bytes; long ones make the listing shorter, never unreadable. */
const mostJsonBytes = 16 * 1024 * 1024;

const LINE = new RegExp(
  `^${CATALOG_LINE_PREFIX} ([1-9][0-9]{0,3}) ([A-Za-z0-9+/]{1,${lineLetters}}={0,2})\\r?$`,
  "gm",
);

/** The digest of a listing; part of a bootstrap's result. */
export const catalogDigest = z.object({
  lines: z.int().min(1).max(mostLines),
  snapshots: z.int().min(0).max(CATALOG_MAX_SNAPSHOTS),
  /** Of the gzipped JSON, as hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** True when the repository has more snapshots than the listing. */
  truncated: z.boolean(),
});
export type CatalogDigest = Readonly<z.infer<typeof catalogDigest>>;

/** A finished snapshot of a repository. Times are UTC. */
export interface CatalogEntry {
  readonly id: string;
  readonly username: string;
  readonly hostname: string;
  readonly path: string;
  readonly startTime: string;
  readonly endTime: string;
  /** Logical bytes; absent, like the number of files, when the manifest does not say. */
  readonly sizeBytes?: number;
  readonly files?: number;
  /** Value of the tag `kopiur-run`: uid of the Backup that made it, if one did. */
  readonly runId?: string;
  readonly description?: string;
  /** Value of the tag `kopiur-config`: `<namespace>/<BackupConfig>`. */
  readonly config?: string;
  /** Value of the tag `kopiur-backup`: `<namespace>/<Backup>`. */
  readonly backup?: string;
  /** Files and folders that are missing from it; absent when none is. */
  readonly unreadable?: number;
}

const id = z.string().regex(/^[0-9A-Za-z]{1,128}$/);
const count = z.int().min(0);
const time = z.iso.datetime();
const text = z.string();
/**
 * As a row, because field names in every entry would need more memory than the values. A mover of an older
 * release leaves out the last ones.
 */
const row = z.tuple([
  ...[
    id,
    text,
    text,
    text,
    time,
    time,
    count.nullable(),
    count.nullable(),
    text.nullable(),
    text.nullable(),
  ] as const,
  ...[text.nullable().optional(), text.nullable().optional(), count.optional()] as const,
]);
type Row = z.infer<typeof row>;
const rows = z.array(row).max(CATALOG_MAX_SNAPSHOTS);

/**
 * The lines of a listing (without their ends) and their digest. Beyond {@link CATALOG_MAX_SNAPSHOTS},
 * and beyond what a log has room for, the oldest snapshots are left out. `isWhole`: no snapshot was left out before.
 */
export function encodeCatalog(
  entries: readonly CatalogEntry[],
  { isWhole }: { readonly isWhole: boolean },
): { readonly lines: readonly string[]; readonly digest: CatalogDigest } {
  const newestFirst = [...entries].sort(byAge);
  const { packed, snapshots } = pack(newestFirst.slice(0, CATALOG_MAX_SNAPSHOTS).map(rowOf));
  const letters = packed.toString("base64");
  const lines: string[] = [];
  for (let at = 0; at < letters.length; at += lineLetters) {
    lines.push(`${CATALOG_LINE_PREFIX} ${lines.length + 1} ${letters.slice(at, at + lineLetters)}`);
  }
  const truncated = !isWhole || snapshots < entries.length;
  return { lines, digest: { lines: lines.length, snapshots, sha256: sha256Of(packed), truncated } };
}

/** A listing, or why it cannot be read. */
export type CatalogListing =
  | { readonly kind: "listing"; readonly entries: readonly CatalogEntry[]; readonly truncated: boolean }
  | { readonly kind: "unreadable"; readonly why: string };

/**
 * Finds the listing with that digest in a log, newest snapshot first. Never throws, whatever is in the log; of
 * lines with the same number the last one counts, as a mover writes its listing last.
 */
export function decodeCatalog(logText: string, digest: CatalogDigest): CatalogListing {
  const parts = partsIn(logText, digest.lines);
  const missing = parts.filter((part) => part === undefined).length;
  if (missing > 0) return unreadable(`${missing} of its ${digest.lines} lines are not in the log`);
  const packed = Buffer.from(parts.join(""), "base64");
  if (sha256Of(packed) !== digest.sha256) return unreadable("its lines do not add up to its SHA-256");
  const parsed = rows.safeParse(unpack(packed));
  if (!parsed.success) return unreadable("it is no list of snapshots of this version");
  if (parsed.data.length !== digest.snapshots) {
    return unreadable(`it holds ${parsed.data.length} snapshots, expected ${digest.snapshots}`);
  }
  return { kind: "listing", entries: parsed.data.map(entryOf), truncated: digest.truncated };
}

function byAge(a: CatalogEntry, b: CatalogEntry): number {
  const age = Date.parse(b.startTime) - Date.parse(a.startTime);
  return age !== 0 ? age : a.id < b.id ? -1 : Number(a.id > b.id);
}

function pack(all: readonly Row[]): { readonly packed: Buffer; readonly snapshots: number } {
  let kept = all;
  for (;;) {
    const json = Buffer.from(JSON.stringify(kept));
    const packed = json.length > mostJsonBytes ? undefined : gzipSync(json);
    if (packed !== undefined && packed.length <= mostLines * lineLetters * 3 / 4) {
      return { packed, snapshots: kept.length };
    }
    kept = kept.slice(0, Math.floor(kept.length / 2));
  }
}

function unpack(packed: Buffer): unknown {
  try {
    return JSON.parse(gunzipSync(packed, { maxOutputLength: mostJsonBytes }).toString());
  } catch {
    return undefined;
  }
}

function partsIn(logText: string, lines: number): readonly (string | undefined)[] {
  const parts = new Array<string | undefined>(lines).fill(undefined);
  for (const [, number, letters] of logText.matchAll(LINE)) {
    const index = Number(number) - 1;
    if (index < lines) parts[index] = letters;
  }
  return parts;
}

function rowOf(entry: CatalogEntry): Row {
  const { id, username, hostname, path, startTime, endTime, sizeBytes = null, files = null } = entry;
  const { runId = null, description = null, config = null, backup = null, unreadable = 0 } = entry;
  const source = [username, hostname, path] as const;
  const tags = [config, backup] as const;
  return [id, ...source, startTime, endTime, sizeBytes, files, runId, description, ...tags, unreadable];
}

function entryOf(
  [id, username, hostname, path, startTime, endTime, sizeBytes, files, runId, description, ...more]: Row,
): CatalogEntry {
  const [config = null, backup = null, unreadable = 0] = more;
  return {
    ...{ id, username, hostname, path, startTime, endTime },
    ...(sizeBytes === null ? {} : { sizeBytes }),
    ...(files === null ? {} : { files }),
    ...(runId === null ? {} : { runId }),
    ...(description === null ? {} : { description }),
    ...(config === null ? {} : { config }),
    ...(backup === null ? {} : { backup }),
    ...(unreadable === 0 ? {} : { unreadable }),
  };
}

function sha256Of(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function unreadable(what: string): CatalogListing {
  return { kind: "unreadable", why: `Cannot read the listing of the snapshots: ${what}` };
}
