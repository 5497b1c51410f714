import { join } from "node:path";
import { REPORT_PLACES } from "../kopia/argv.ts";
import type { Kopia } from "../kopia/client.ts";
import type { Snapshot } from "../kopia/output.ts";
import { REPLACEMENT } from "./tree_listing.ts";

/** What kopia's log writes for a byte of a name that is not UTF-8. */
const ESCAPED = "\\ufffd";
/** A file, link or folder that went into the snapshot; one that could not be read has an error behind its path. */
const savedEntry =
  /^.{27} DEBUG uploader (?:cached|snapshotted (?:file|symlink|directory))\t\{"path":"(?:[^"\\]|\\.)*","dur":/gm;
const savedRoot =
  /^.{27} DEBUG uploader snapshotted directory\t\{"path":"\.","dur":.*,"oid":"([0-9A-Za-z]+)"\}$/gm;
/** Of such a folder entries may have been told that went nowhere with it. */
const failedFolder = /^.{27} DEBUG uploader snapshotted directory\t\{"path":"(?:[^"\\]|\\.)*","error":/m;

/**
 * What kopia's log says of the entries of a snapshot while it is made. A name stands there as it is in the source, and
 * each byte of it that is not UTF-8 as such: where none is, no name was changed, and no two became one.
 */
export class EntryLog {
  #entries = 0;
  #isDoubtful = false;
  readonly #roots: string[] = [];

  /** Takes a part of the log; it ends with a whole line. */
  add(text: string): void {
    this.#isDoubtful ||= text.includes(ESCAPED) || text.includes(REPLACEMENT) ||
      (text.includes('","error":') && failedFolder.test(text));
    this.#entries += text.match(savedEntry)?.length ?? 0;
    if (!text.includes('{"path":".",')) return;
    for (const [, object = ""] of text.matchAll(savedRoot)) this.#roots.push(object);
  }

  /** True only when the log tells of this very tree, of every entry in it, and of no name that can be another than in the source. */
  provesNamesOf({ object, entries }: NonNullable<Snapshot["tree"]>): boolean {
    const [root, other] = this.#roots;
    const isOfTree = root === object && other === undefined;
    return isOfTree && !this.#isDoubtful && this.#entries === entries + 1;
  }
}

const pauseMs = 1000;

/**
 * Hands on what kopia logs below `folder` while fn runs it, and removes what was read, for a log of millions of files is
 * large. A log that cannot be read proves nothing, and stops nobody.
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
    await pause(ended);
    isLast = ended.aborted;
    const files = await logFiles(folder);
    // Kopia still writes to the newest.
    for (const path of isLast ? files : files.slice(0, -1)) {
      entries.add(await Deno.readTextFile(path));
      await Deno.remove(path);
    }
  }
}

/** The pieces of the log, the oldest first; kopia makes the folder when it has something to say. */
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

/** Ends early with kopia. */
function pause(ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      ended.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, pauseMs);
    if (ended.aborted) done();
    else ended.addEventListener("abort", done);
  });
}
