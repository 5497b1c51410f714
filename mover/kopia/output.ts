import * as z from "zod";
import { findJson, parseAs, unexpected } from "./json.ts";
import { goTime } from "./time.ts";
import { MoverError } from "../mover_error.ts";

/** A snapshot as kopia describes it. Times are UTC with milliseconds. */
export interface Snapshot {
  readonly id: string;
  readonly source: { readonly username: string; readonly hostname: string; readonly path: string };
  readonly startTime: string;
  readonly endTime: string;
  /** Why it is not finished ("canceled", "checkpoint"); absent on a finished snapshot. */
  readonly incomplete?: string;
  /** Logical bytes; absent, like every count here, when the manifest does not say: 0 would mean empty. */
  readonly sizeBytes?: number;
  readonly files?: number;
  /** Files that were new or changed, so that kopia read them; absent when kopia kept no counts. */
  readonly filesNew?: number;
  /** Files and folders that are missing from the snapshot, with the first few paths. */
  readonly unreadable?: { readonly count: number; readonly paths: readonly string[] };
  /**
   * The root folder's object, and the number of files, links and folders below it; absent where the manifest lacks
   * one of the two.
   */
  readonly tree?: { readonly object: string; readonly entries: number };
  /** What ignore rules left out; a folder counts once. Absent when there is nothing, or kopia kept no counts. */
  readonly excluded?: { readonly files: number; readonly folders: number };
  /** Without kopia's prefix "tag:". */
  readonly tags: Readonly<Record<string, string>>;
  /** Set by whoever made the snapshot. */
  readonly description?: string;
}

/** A longer id could exceed the 4096 bytes of a result; kopia's have 32 characters. */
const longestId = 128;
const mostErrorPaths = 100;
const count = z.int().min(0);
const id = z.string().regex(new RegExp(`^[0-9A-Za-z]{1,${longestId}}$`));

const manifest = z.object({
  id,
  source: z.object({ host: z.string(), userName: z.string(), path: z.string() }),
  startTime: goTime,
  endTime: goTime,
  incomplete: z.string().optional(),
  stats: z.object({
    totalSize: count.optional(),
    fileCount: count.optional(),
    nonCachedFiles: count.optional(),
    excludedFileCount: count.optional(),
    excludedDirCount: count.optional(),
  }).optional(),
  rootEntry: z.object({
    size: count.optional(),
    obj: z.string().optional(),
    summ: z.object({
      size: count,
      files: count,
      symlinks: count.optional(),
      dirs: count.optional(),
      numFailed: count.optional(),
      numIgnoredErrors: count.optional(),
      errors: z.array(z.object({ path: z.string() })).nullish(),
    }).optional(),
  }).nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  description: z.string().optional(),
});

const status = z.object({ uniqueIDHex: z.string().regex(/^[0-9a-f]{1,128}$/i) });
const owner = z.object({ owner: z.string().optional() });

/** Reads the manifest `snapshot create --json` prints. Throws MoverError "UnexpectedOutput". */
export function parseSnapshot(stdout: string): Snapshot {
  return snapshotOf(parseAs(manifest, findJson(stdout, "snapshot create"), "snapshot create"));
}

/** Reads `repository status --json`: the repository's unique id. Throws MoverError "UnexpectedOutput". */
export function parseUniqueId(stdout: string): string {
  return parseAs(status, findJson(stdout, "repository status"), "repository status").uniqueIDHex;
}

/** Reads `maintenance info --json`: `user@host`, empty when nobody owns it yet. Throws MoverError "UnexpectedOutput". */
export function parseMaintenanceOwner(stdout: string): string {
  return parseAs(owner, findJson(stdout, "maintenance info"), "maintenance info").owner ?? "";
}

/**
 * A listed manifest that this release cannot read, as another client or a later kopia wrote it. It has whatever could
 * be read, because "unreadable" must never count as "absent".
 */
export interface UnreadableManifest {
  /** Absent when it could not be read. */
  readonly id?: string;
  readonly source?: Snapshot["source"];
  /** Absent when they could not be read. Without kopia's prefix "tag:". */
  readonly tags?: Readonly<Record<string, string>>;
  /** Why it cannot be read. */
  readonly error: MoverError;
}

/** Gets the entries of a list. */
export interface ListTaker {
  readonly onSnapshot: (snapshot: Snapshot) => void;
  readonly onUnreadable: (manifest: UnreadableManifest) => void;
}

/**
 * Reads the lines of `snapshot list --json`, one manifest each, and passes each on at once, so that its memory does not
 * grow with the repository. Lines before the list are skipped. A line that is no snapshot is passed to `onUnreadable`,
 * as any client of the repository can write one. A list without an end throws MoverError "UnexpectedOutput".
 */
export class SnapshotListReader {
  readonly #taker: ListTaker;
  #state: "before" | "inside" | "after" = "before";

  constructor(taker: ListTaker) {
    this.#taker = taker;
  }

  line(text: string): void {
    const trimmed = text.trim();
    if (this.#state === "before" && trimmed === "[") this.#state = "inside";
    else if (this.#state === "before" && trimmed === "[]") this.#state = "after";
    else if (this.#state === "inside" && trimmed === "]") this.#state = "after";
    else if (this.#state === "inside" && trimmed !== "") this.#take(trimmed);
  }

  /** To be called when kopia has ended. */
  end(): void {
    if (this.#state === "after") return;
    throw unexpected("snapshot list", this.#state === "before" ? "no list" : "a list that breaks off");
  }

  #take(line: string): void {
    const read = readListed(line);
    if ("error" in read) this.#taker.onUnreadable(read);
    else this.#taker.onSnapshot(read);
  }
}

function readListed(line: string): Snapshot | UnreadableManifest {
  const text = line.endsWith(",") ? line.slice(0, -1) : line;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // Kopia writes the id first, so it can be read even when the rest of a long line was cut.
    const [, id] = /^\{"id":"([^"\\]{1,256})"/.exec(text) ?? [];
    const error = unexpected("snapshot list", `a line that is not JSON (${text.length} characters)`, cause);
    return { ...(id === undefined ? {} : { id }), error };
  }
  try {
    return snapshotOf(parseAs(manifest, json, "snapshot list"));
  } catch (error) {
    if (!(error instanceof MoverError)) throw error;
    return { ...whatIsLeft(json), error };
  }
}

const remains = z.object({
  id: z.string().optional().catch(undefined),
  source: z.object({ host: z.string(), userName: z.string(), path: z.string() }).optional().catch(undefined),
  tags: z.record(z.string(), z.unknown()).nullish().transform((tags) => tags ?? {}).or(
    z.unknown().transform(() => undefined),
  ),
});

function whatIsLeft(json: unknown): Omit<UnreadableManifest, "error"> {
  const { data } = remains.safeParse(json);
  if (data === undefined) return {};
  const { id, source, tags } = data;
  return {
    ...(id === undefined ? {} : { id }),
    ...(source === undefined ? {} : { source: sourceOf(source) }),
    ...(tags === undefined ? {} : { tags: plainTags(Object.entries(tags).filter(isText)) }),
  };
}

function isText(pair: readonly [string, unknown]): pair is [string, string] {
  return typeof pair[1] === "string";
}

function snapshotOf(parsed: z.infer<typeof manifest>): Snapshot {
  const { stats, rootEntry, description } = parsed;
  const summary = rootEntry?.summ;
  const files = summary?.files ?? stats?.fileCount;
  const sizeBytes = summary?.size ?? rootEntry?.size ?? stats?.totalSize;
  const failed = (summary?.numFailed ?? 0) + (summary?.numIgnoredErrors ?? 0);
  return {
    id: parsed.id,
    source: sourceOf(parsed.source),
    startTime: parsed.startTime,
    endTime: parsed.endTime,
    ...(parsed.incomplete === undefined || parsed.incomplete === "" ? {} : { incomplete: parsed.incomplete }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
    // Kopia's count includes files that it then failed to read.
    ...(stats?.nonCachedFiles === undefined
      ? {}
      : { filesNew: Math.min(stats.nonCachedFiles, files ?? Infinity) }),
    ...(failed === 0 ? {} : {
      unreadable: {
        count: failed,
        paths: (summary?.errors ?? []).slice(0, mostErrorPaths).map(({ path }) => path),
      },
    }),
    ...treeOf(rootEntry),
    ...excludedOf(stats?.excludedFileCount ?? 0, stats?.excludedDirCount ?? 0),
    tags: plainTags(Object.entries(parsed.tags ?? {})),
    ...(description === undefined || description === "" ? {} : { description }),
  };
}

/** One less than kopia counts: it includes the root folder. */
function treeOf(root: z.infer<typeof manifest>["rootEntry"]): Pick<Snapshot, "tree"> {
  const { obj: object = "", summ } = root ?? {};
  const { files, symlinks, dirs } = summ ?? {};
  if (files === undefined || symlinks === undefined || dirs === undefined || dirs === 0) return {};
  return /^[0-9A-Za-z]{1,128}$/.test(object)
    ? { tree: { object, entries: files + symlinks + dirs - 1 } }
    : {};
}

function sourceOf({ userName, host, path }: z.infer<typeof manifest>["source"]): Snapshot["source"] {
  return { username: userName, hostname: host, path };
}

function plainTags(tags: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries(tags.map(([key, value]) => [key.replace(/^tag:/, ""), value]));
}

function excludedOf(files: number, folders: number): Pick<Snapshot, "excluded"> {
  return files + folders === 0 ? {} : { excluded: { files, folders } };
}
