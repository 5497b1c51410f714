import { MoverError } from "../mover_error.ts";

/** A folder in a snapshot: its path below the root, empty for the root itself, and the object that holds its entries. */
export interface ListedFolder {
  readonly path: string;
  readonly object: string;
}

/** What kopia makes of each byte of a name that is not UTF-8; a name may hold the character itself, too. */
export const REPLACEMENT = "\ufffd";
const longestRest = 4 * 1024 * 1024;

/**
 * Reads `kopia ls --recursive --show-object-id` of a folder: counts what it lists and hands on each folder that holds a
 * name with a replacement character, once. Names may hold line breaks: a line that does not begin with an object and the
 * root belongs to the name before it. Text that is no such list throws MoverError "UnexpectedOutput".
 */
export class TreeListing {
  readonly #root: string;
  readonly #mark: string;
  readonly #onSuspect: (folder: ListedFolder) => void;
  /** The folders on the way to the last entry, the root first: kopia lists a folder right behind its own line. */
  readonly #way: ListedFolder[];
  readonly #reported = new WeakSet<ListedFolder>();
  #rest = "";
  #object = "";
  #path: string | undefined;
  #entries = 0;

  constructor(root: string, onSuspect: (folder: ListedFolder) => void) {
    this.#root = root;
    this.#mark = ` ${root}/`;
    this.#onSuspect = onSuspect;
    this.#way = [{ path: "", object: root }];
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

  /** The entry is whole only when the next one begins. */
  #take(): void {
    const path = this.#path;
    if (path === undefined) return;
    this.#entries += 1;
    const isFolder = path.endsWith("/");
    if (!isFolder && !path.includes(REPLACEMENT)) return;
    const parts = (isFolder ? path.slice(0, -1) : path).split("/");
    const depth = parts.length;
    this.#way.length = Math.min(this.#way.length, depth);
    const parent = this.#way[depth - 1];
    if (parent === undefined) throw unexpected("an entry before its folder");
    if (parts[depth - 1]?.includes(REPLACEMENT) === true) this.#suspect(parent);
    if (isFolder) this.#way.push({ path: path.slice(0, -1), object: this.#object });
  }

  /** One folder's entries stand among those of the folders in it, so it may be met again after them. */
  #suspect(folder: ListedFolder): void {
    if (this.#reported.has(folder)) return;
    this.#reported.add(folder);
    this.#onSuspect(folder);
  }
}

function unexpected(found: string): MoverError {
  return new MoverError(
    "UnexpectedOutput",
    `Cannot read kopia's answer to "ls": it is ${found}, expected a tree with its objects as kopia 0.22 lists it`,
  );
}
