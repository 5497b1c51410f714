import type { NameLoss } from "../../api/mover/contract.ts";
import type { FolderEntry, RestOfFolder } from "./folder_list.ts";
import { printable } from "../printable.ts";

/** So many paths of a kind are named. */
const mostNamed = 10;

/** What the files that are lost add up to. */
export interface LostSums {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Counts what became of names kopia cannot keep. Of several entries of a folder that have one name in a snapshot kopia
 * gives back the last one of the folder's list; the others are in the list and nowhere else.
 */
export class NameTally {
  #renamed = 0;
  #isWhole = true;
  #lost = 0;
  #lostEntries = 0;
  #lostFiles = 0;
  #lostBytes = 0;
  readonly #renamedPaths: string[] = [];
  readonly #lostPaths: string[] = [];

  /**
   * Takes the entries of one folder whose names hold a replacement character, in the order of its list, and what is only
   * counted of it. Of that nobody knows what has the same name as another: all of it counts as renamed.
   */
  addFolder(path: string, suspects: readonly FolderEntry[], rest?: RestOfFolder): void {
    this.#renamed += rest?.changed ?? 0;
    if ((rest?.entries ?? 0) > 0) this.#isWhole = false;
    for (const same of Map.groupBy(suspects, ({ name }) => name).values()) {
      const kept = same.at(-1);
      for (const entry of same) {
        const reported = pathOf(path, entry);
        if (entry !== kept) this.#lose(reported, entry);
        else if (entry.isChanged) {
          this.#renamed += 1;
          name(this.#renamedPaths, reported);
        }
      }
    }
  }

  /** False when of some folder not all names were compared, so that what is lost may count as renamed. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Files, links and folders that cannot be given back, those in folders included. */
  get lostEntries(): number {
    return this.#lostEntries;
  }

  get lostSums(): LostSums {
    return { files: this.#lostFiles, bytes: this.#lostBytes };
  }

  /** As the result says it; what there is none of is left out. */
  get found(): NameLoss {
    return {
      ...(this.#renamed === 0 ? {} : { renamed: { count: this.#renamed, paths: [...this.#renamedPaths] } }),
      ...(this.#lost === 0 ? {} : { lost: { count: this.#lost, paths: [...this.#lostPaths] } }),
    };
  }

  #lose(path: string, { entries, leaves, files, bytes }: FolderEntry): void {
    this.#lost += Math.max(1, leaves);
    this.#lostEntries += entries;
    this.#lostFiles += files;
    this.#lostBytes += bytes;
    name(this.#lostPaths, path);
  }
}

function name(paths: string[], path: string): void {
  if (paths.length < mostNamed) paths.push(path);
}

function pathOf(folder: string, { name, isFolder }: FolderEntry): string {
  return printable(`${folder === "" ? "" : `${folder}/`}${name}${isFolder ? "/" : ""}`);
}
