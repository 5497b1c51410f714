import { join } from "node:path";
import { REPORT_PLACES } from "../kopia/argv.ts";
import type { Kopia } from "../kopia/client.ts";
import type { Snapshot } from "../kopia/output.ts";
import { pause } from "../pause.ts";
import { REPLACEMENT } from "./tree_listing.ts";

/** Kopia's log writes this for a byte of a name that is not UTF-8. */
const ESCAPED = "\\ufffd";
/** A file, link or folder that was saved; the line of an unreadable one has an error after its path. */
const savedEntry =
  /^.{27} DEBUG uploader (?:cached|snapshotted (?:file|symlink|directory))\t\{"path":"(?:[^"\\]|\\.)*","dur":/gm;
const savedRoot =
  /^.{27} DEBUG uploader snapshotted directory\t\{"path":"\.","dur":.*,"oid":"([0-9A-Za-z]+)"\}$/gm;
/** A folder that was not saved, though entries in it may have been logged as saved. */
const failedFolder = /^.{27} DEBUG uploader snapshotted directory\t\{"path":"(?:[^"\\]|\\.)*","error":/m;

/**
 * Reads kopia's log of the entries it saves. Names in it are those of the source, with every byte that is not UTF-8
 * escaped. When no name has such a byte, kopia changed no name and no two files got the same one.
 */
export class EntryLog {
  #entries = 0;
  #isDoubtful = false;
  readonly #roots: string[] = [];

  /** Adds a part of the log, which must end with a whole line. */
  add(text: string): void {
    this.#isDoubtful ||= text.includes(ESCAPED) || text.includes(REPLACEMENT) ||
      (text.includes('","error":') && failedFolder.test(text));
    this.#entries += text.match(savedEntry)?.length ?? 0;
    if (!text.includes('{"path":".",')) return;
    for (const [, object = ""] of text.matchAll(savedRoot)) this.#roots.push(object);
  }

  /** True when the log is of this tree, has every entry of it, and no name that kopia could have changed. */
  provesNamesOf({ object, entries }: NonNullable<Snapshot["tree"]>): boolean {
    const [root, other] = this.#roots;
    const isOfTree = root === object && other === undefined;
    return isOfTree && !this.#isDoubtful && this.#entries === entries + 1;
  }
}

const pauseMs = 1000;

/**
 * Reads kopia's log below `folder` into `entries` while fn runs. Removes what was read, as the log of millions of files
 * is large. A log that cannot be read is only noted at debug; `entries` then proves nothing.
 */
export async function followEntryLog<T>(
  { log }: Pick<Kopia, "log">,
  folder: string,
  entries: EntryLog,
  fn: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const following = follow(join(folder, REPORT_PLACES.log), entries, ended.signal).catch((error) =>
    log.debug("kopia's log of what it saves cannot be read", { error })
  );
  try {
    return await fn();
  } finally {
    ended.abort();
    await following;
  }
}

async function follow(folder: string, entries: EntryLog, ended: AbortSignal): Promise<void> {
  for (let isLast = false; !isLast;) {
    await pause(pauseMs, ended);
    isLast = ended.aborted;
    const files = await logFiles(folder);
    // Kopia still writes to the newest file.
    for (const path of isLast ? files : files.slice(0, -1)) {
      entries.add(await Deno.readTextFile(path));
      await Deno.remove(path);
    }
  }
}

/** The files of the log, the oldest first; none while kopia has not made the folder. */
async function logFiles(folder: string): Promise<readonly string[]> {
  const found: (readonly [number: number, path: string])[] = [];
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const [, number] = /\.(\d+)\.log$/.exec(name) ?? [];
      if (number !== undefined) found.push([Number(number), join(folder, name)]);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.toSorted(([a], [b]) => a - b).map(([, path]) => path);
}
