import * as z from "zod";
import { findJson, parseAs, unexpected } from "./kopia_json.ts";
import { goTime } from "./kopia_time.ts";

/** A snapshot as kopia tells of it. Times are UTC with milliseconds. */
export interface Snapshot {
  readonly id: string;
  readonly source: { readonly username: string; readonly hostname: string; readonly path: string };
  readonly startTime: string;
  readonly endTime: string;
  /** Why it is not a whole one ("canceled", "checkpoint"); absent on a finished snapshot. */
  readonly incomplete?: string;
  /** Logical bytes. */
  readonly sizeBytes: number;
  readonly files: number;
  /** Files read because they were new or changed; absent when kopia kept no counts. */
  readonly filesNew?: number;
  /** Files and folders that are missing from the snapshot, with the first few paths. */
  readonly unreadable?: { readonly count: number; readonly paths: readonly string[] };
  /** Without kopia's prefix "tag:". */
  readonly tags: Readonly<Record<string, string>>;
  /** What its maker said of it. */
  readonly description?: string;
}

/** Longer ids would not fit where they must (4096 bytes); kopia's have 32. */
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
  }).optional(),
  rootEntry: z.object({
    size: count.optional(),
    summ: z.object({
      size: count,
      files: count,
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
 * Reads the lines of `snapshot list --json`, one manifest each, and hands each on at once, so that a repository of
 * a hundred thousand snapshots costs no memory. Noise before the list is skipped; a list that does not end, and a
 * line that is no manifest, throw MoverError "UnexpectedOutput".
 */
export class SnapshotListReader {
  readonly #onSnapshot: (snapshot: Snapshot) => void;
  #state: "before" | "inside" | "after" = "before";

  constructor(onSnapshot: (snapshot: Snapshot) => void) {
    this.#onSnapshot = onSnapshot;
  }

  line(text: string): void {
    const trimmed = text.trim();
    if (this.#state === "before" && trimmed === "[") this.#state = "inside";
    else if (this.#state === "before" && trimmed === "[]") this.#state = "after";
    else if (this.#state === "inside" && trimmed === "]") this.#state = "after";
    else if (this.#state === "inside" && trimmed !== "") this.#onSnapshot(parseListed(trimmed));
  }

  /** To be called when kopia has ended. */
  end(): void {
    if (this.#state === "after") return;
    throw unexpected("snapshot list", this.#state === "before" ? "no list" : "a list that breaks off");
  }
}

function parseListed(line: string): Snapshot {
  const text = line.endsWith(",") ? line.slice(0, -1) : line;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unexpected("snapshot list", `a line that is not JSON (${text.length} characters)`, cause);
  }
  return snapshotOf(parseAs(manifest, json, "snapshot list"));
}

function snapshotOf(parsed: z.infer<typeof manifest>): Snapshot {
  const { stats, rootEntry, description } = parsed;
  const summary = rootEntry?.summ;
  const files = summary?.files ?? stats?.fileCount ?? 0;
  const failed = (summary?.numFailed ?? 0) + (summary?.numIgnoredErrors ?? 0);
  return {
    id: parsed.id,
    source: {
      username: parsed.source.userName,
      hostname: parsed.source.host,
      path: parsed.source.path,
    },
    startTime: parsed.startTime,
    endTime: parsed.endTime,
    ...(parsed.incomplete === undefined || parsed.incomplete === "" ? {} : { incomplete: parsed.incomplete }),
    sizeBytes: summary?.size ?? rootEntry?.size ?? stats?.totalSize ?? 0,
    files,
    // Kopia's own count includes files it then failed to read.
    ...(stats?.nonCachedFiles === undefined ? {} : { filesNew: Math.min(stats.nonCachedFiles, files) }),
    ...(failed === 0 ? {} : {
      unreadable: {
        count: failed,
        paths: (summary?.errors ?? []).slice(0, mostErrorPaths).map(({ path }) => path),
      },
    }),
    tags: Object.fromEntries(
      Object.entries(parsed.tags ?? {}).map(([key, value]) => [key.replace(/^tag:/, ""), value]),
    ),
    ...(description === undefined || description === "" ? {} : { description }),
  };
}
