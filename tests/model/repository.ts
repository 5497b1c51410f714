/** A finished snapshot, as the repository knows it, with what only the model knows of the data it was made of. */
export interface ModelSnapshot {
  readonly id: string;
  /** Uid of the Backup whose mover made it. */
  readonly runId: string;
  /** `namespace/name` of the BackupConfig whose run it was. */
  readonly recipe: string;
  readonly username: string;
  readonly hostname: string;
  readonly path: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly files: number;
  readonly unreadable: number;
  /** Every file there was is in it. */
  readonly isWhole: boolean;
}

/** How many files a volume of the model holds. */
export const FILES = 100;

/** A kopia repository: a set of snapshots, and the ways in which movers change it. */
export class ModelRepository {
  readonly uniqueId: string;
  readonly #snapshots = new Map<string, ModelSnapshot>();
  #made = 0;

  constructor(uniqueId = "0123abcd") {
    this.uniqueId = uniqueId;
  }

  /** All there are, oldest first. */
  get snapshots(): readonly ModelSnapshot[] {
    return [...this.#snapshots.values()];
  }

  /** Saves one, or answers with that which an earlier mover of the same run made of the path. */
  save(snapshot: Omit<ModelSnapshot, "id" | "isWhole">): ModelSnapshot {
    const before = this.snapshots.find(({ runId, path }) =>
      runId === snapshot.runId && path === snapshot.path
    );
    if (before !== undefined) return before;
    const id = `k${String(++this.#made).padStart(8, "0")}`;
    const made = { ...snapshot, id, isWhole: snapshot.unreadable === 0 && snapshot.files === FILES };
    this.#snapshots.set(id, made);
    return made;
  }

  /** What a mover would delete that is told so: what the run tagged, and the ids it knows of that source. */
  ofDeletion(
    { runId, snapshots, username, hostname }: {
      readonly runId: string;
      readonly snapshots: readonly { readonly id: string; readonly sourcePath: string }[];
      readonly username: string;
      readonly hostname: string;
    },
  ): readonly ModelSnapshot[] {
    return this.snapshots.filter((each) =>
      each.runId === runId ||
      snapshots.some(({ id, sourcePath }) =>
        id === each.id && sourcePath === each.path && each.username === username &&
        each.hostname === hostname
      )
    );
  }

  /** Deletes a snapshot. */
  delete({ id }: ModelSnapshot): void {
    this.#snapshots.delete(id);
  }

  /** Those of these after which their recipe would have no whole snapshot of their path that is as new. */
  newestWholeOf(toDelete: readonly ModelSnapshot[]): readonly ModelSnapshot[] {
    const others = this.snapshots.filter((each) => each.isWhole && !toDelete.includes(each));
    return toDelete.filter((each) =>
      each.isWhole &&
      !others.some(({ recipe, path, endTime }) =>
        recipe === each.recipe && path === each.path && endTime >= each.endTime
      )
    );
  }
}
