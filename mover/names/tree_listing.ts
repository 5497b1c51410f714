import { MoverError } from "../mover_error.ts";

/** A folder in a snapshot: its path below the root (empty for the root), and its object. */
export interface ListedFolder {
  readonly path: string;
  readonly object: string;
}

/** Replaces each byte of a name that is not UTF-8; a name in the source may also contain the character itself. */
export const REPLACEMENT = "\ufffd";
const longestRest = 4 * 1024 * 1024;

/**
 * Reads `kopia ls --recursive --show-object-id` of a folder. Counts the entries, and calls `onSuspect` once for each
 * folder that has a name with a replacement character. Names may contain line breaks: a line that does not begin with an
 * object and the root continues the name before it. Any other text throws MoverError "UnexpectedOutput".
 */
export class TreeListing {
  readonly #root: string;
  readonly #mark: string;
  readonly #onSuspect: (folder: ListedFolder) => void;
  /** The folders above the last entry, the root first: kopia lists a folder's entries right after its own line. */
  readonly #parents: ListedFolder[];
  readonly #reported = new WeakSet<ListedFolder>();
  #rest = "";
  #object = "";
  #path: string | undefined;
  #entries = 0;

  constructor(root: string, onSuspect: (folder: ListedFolder) => void) {
    this.#root = root;
    this.#mark = ` ${root}/`;
    this.#onSuspect = onSuspect;
    this.#parents = [{ path: "", object: root }];
  }

  /** Files, links and folders that were listed. */
  get entries(): number {
    return this.#entries;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > longestRest) throw unexpected("a line without an end");
    for (const line of lines) this.#line(line);
  }

  /** To be called when kopia has ended. */
  end(): void {
    if (this.#rest !== "") throw unexpected("a list that breaks off");
    this.#take();
  }

  #line(line: string): void {
    const start = line.indexOf(this.#mark);
    if (start > 0 && /^[0-9A-Za-z]+ *$/.test(line.slice(0, start))) {
      this.#take();
      this.#object = line.slice(0, start).trimEnd();
      this.#path = line.slice(start + this.#mark.length);
    } else if (this.#path === undefined) {
      throw unexpected(`a line that does not name "${this.#root}"`);
    } else this.#path += `\n${line}`;
  }

  /** Called when the next entry begins: only then is the name complete. */
  #take(): void {
    const path = this.#path;
    if (path === undefined) return;
    this.#entries += 1;
    const isFolder = path.endsWith("/");
    if (!isFolder && !path.includes(REPLACEMENT)) return;
    const parts = (isFolder ? path.slice(0, -1) : path).split("/");
    const depth = parts.length;
    this.#parents.length = Math.min(this.#parents.length, depth);
    const parent = this.#parents[depth - 1];
    if (parent === undefined) throw unexpected("an entry before its folder");
    if (parts[depth - 1]?.includes(REPLACEMENT) === true) this.#suspect(parent);
    if (isFolder) this.#parents.push({ path: path.slice(0, -1), object: this.#object });
  }

  /** Reports a folder once: its entries come before and after those of its sub-folders. */
  #suspect(folder: ListedFolder): void {
    if (this.#reported.has(folder)) return;
    this.#reported.add(folder);
    this.#onSuspect(folder);
  }
}

function unexpected(found: string): MoverError {
  return new MoverError(
    "UnexpectedOutput",
    `Cannot read kopia's answer to "ls": it is ${found}, expected a tree with its objects as kopia 0.23 lists it`,
  );
}
