import type { NameLoss } from "../../api/mover/contract.ts";
import type { FolderEntry, RestOfFolder } from "./folder_list.ts";
import { printable } from "../printable.ts";

/** The most paths listed as renamed, and as lost. */
const mostNamed = 10;

/** The number and the size of the lost files. */
export interface LostSums {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Counts renamed and lost files. When several entries of a stored folder have the same name, kopia restores the last
 * one; the others are lost.
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
   * Adds the entries of one folder whose names contain a replacement character, in their order. `rest` is only counted:
   * its names cannot be compared, so all changed ones count as renamed.
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

  /** False when some folder had a rest, so that lost files may count as renamed. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Files, links and folders that cannot be restored, those in lost folders included. */
  get lostEntries(): number {
    return this.#lostEntries;
  }

  get lostSums(): LostSums {
    return { files: this.#lostFiles, bytes: this.#lostBytes };
  }

  /** For the result; counts of 0 are left out. */
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
