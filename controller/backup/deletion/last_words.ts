import { type DeletionPolicy, deletionPolicy } from "../../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import { textAt } from "../../shared/mod.ts";

/** Beyond that the recipe that changed least lately is forgotten: what its Backups wrote down counts then. */
const MOST_KEPT = 20_000;

/**
 * What each recipe said of snapshots when it was last seen. A Backup writes that down in a pass of its own, which comes
 * too late where the recipe says it and is deleted in the same moment.
 */
export class LastWords {
  readonly #words = new Map<string, DeletionPolicy>();

  /** Notes what a BackupConfig says. */
  note(config: KubeObject): void {
    const said = textAt(config, "spec", "defaultDeletionPolicy") ?? "Delete";
    const word = deletionPolicy.options.find((each) => each === said);
    if (word === undefined) return;
    const key = keyText(keyOf(config));
    this.#words.delete(key);
    this.#words.set(key, word);
    const [oldest] = this.#words.keys();
    if (this.#words.size > MOST_KEPT && oldest !== undefined) this.#words.delete(oldest);
  }

  /** The last word of the recipe of that name; undefined for one that this process never saw. */
  of(key: ObjectKey): DeletionPolicy | undefined {
    return this.#words.get(keyText(key));
  }
}
