import * as z from "zod";
import { parseAs, unexpected } from "../kopia/json.ts";
import { REPLACEMENT } from "./tree_listing.ts";

/** An entry of a stored folder; the counts include everything below it. */
export interface FolderEntry {
  /** As kopia restores it: bytes that are not UTF-8 became replacement characters. */
  readonly name: string;
  /** True when the name in the source was different, as bytes of it are not UTF-8. */
  readonly isChanged: boolean;
  readonly isFolder: boolean;
  /** Files, links and folders, itself included. */
  readonly entries: number;
  readonly files: number;
  /** Files and links. */
  readonly leaves: number;
  readonly bytes: number;
}

/** The entries of a folder beyond {@link mostSuspects}: they are only counted. */
export interface RestOfFolder {
  readonly entries: number;
  /** Those whose name in the source was different. */
  readonly changed: number;
}

const count = z.int().min(0);
const entryForm = z.object({
  name: z.string(),
  type: z.string(),
  size: count.optional(),
  summ: z.object({ size: count, files: count, symlinks: count.default(0), dirs: count.default(1) })
    .optional(),
});

const WHAT = "content show";
/** Go writes this for a byte that is not UTF-8; the replacement character itself it does not escape. */
const ESCAPED = "\\ufffd";
/** The most entries of one folder that are compared; they need some 20 MB. */
export const mostSuspects = 50_000;
const longestEntry = 4 * 1024 * 1024;

/**
 * Reads stored folders, one JSON document after the other. For each folder it calls `onFolder` with the entries whose
 * name contains a replacement character, in order: the first {@link mostSuspects}, and the counts of the rest. Its
 * memory does not grow with the folder. Any other text throws MoverError "UnexpectedOutput".
 */
export class FolderListReader {
  readonly #onFolder: (suspects: readonly FolderEntry[], rest: RestOfFolder) => void;
  #rest: RestOfFolder = { entries: 0, changed: 0 };
  #suspects: FolderEntry[] = [];
  #depth = 0;
  #inText = false;
  #inEntries = false;
  #isEscaped = false;
  /** The beginning of an entry whose end has not come yet. */
  #unfinished: string | undefined;

  constructor(onFolder: (suspects: readonly FolderEntry[], rest: RestOfFolder) => void) {
    this.#onFolder = onFolder;
  }

  push(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at++) {
      const character = text[at];
      if (this.#inText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (character === "\\") this.#isEscaped = true;
        else if (character === '"') this.#inText = false;
      } else if (character === '"') this.#inText = true;
      else if (character === "{" || character === "[") {
        this.#depth += 1;
        if (character === "[" && this.#depth === 2) this.#inEntries = true;
        if (character === "{" && this.#depth === 3 && this.#inEntries) [this.#unfinished, start] = ["", at];
      } else if (character === "}" || character === "]") {
        if (character === "}" && this.#unfinished !== undefined && this.#depth === 3) {
          this.#take(this.#unfinished + text.slice(start, at + 1));
          this.#unfinished = undefined;
        }
        this.#depth -= 1;
        if (this.#depth === 1) this.#inEntries = false;
        if (this.#depth === 0) this.#endFolder();
      }
    }
    if (this.#unfinished === undefined) return;
    this.#unfinished += text.slice(start);
    if (this.#unfinished.length > longestEntry) throw unexpected(WHAT, "an entry without an end");
  }

  /** To be called when kopia has ended. */
  end(): void {
    if (this.#depth !== 0) throw unexpected(WHAT, "a folder that breaks off");
  }

  #endFolder(): void {
    this.#onFolder(this.#suspects, this.#rest);
    this.#suspects = [];
    this.#rest = { entries: 0, changed: 0 };
  }

  #take(text: string): void {
    if (!text.includes(REPLACEMENT) && !text.includes(ESCAPED)) return;
    const entry = entryOf(text);
    if (!entry.name.includes(REPLACEMENT)) return;
    if (this.#suspects.length < mostSuspects) {
      this.#suspects.push(entry);
      return;
    }
    const { entries, changed } = this.#rest;
    this.#rest = { entries: entries + 1, changed: changed + (entry.isChanged ? 1 : 0) };
  }
}

function entryOf(text: string): FolderEntry {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unexpected(WHAT, `an entry that is not JSON (${text.length} characters)`, cause);
  }
  const { name, type, size = 0, summ } = parseAs(entryForm, json, WHAT);
  const common = { name, isChanged: nameIsChanged(text), isFolder: type === "d" };
  if (type === "d") {
    const { files = 0, symlinks = 0, dirs = 1, size: bytes = 0 } = summ ?? {};
    return { ...common, entries: files + symlinks + dirs, files, leaves: files + symlinks, bytes };
  }
  return { ...common, entries: 1, files: type === "f" ? 1 : 0, leaves: 1, bytes: type === "f" ? size : 0 };
}

/** Reads the raw JSON: only there does a byte that is not UTF-8 differ from a real replacement character. */
function nameIsChanged(text: string): boolean {
  const [, written] = /^\{"name":"((?:[^"\\]|\\.)*)"/s.exec(text) ?? [];
  if (written === undefined) throw unexpected(WHAT, "an entry that does not begin with its name");
  return written.match(/\\(?:u[0-9a-fA-F]{4}|.)/gs)?.includes(ESCAPED) ?? false;
}
