import { type DeletionPolicy, deletionPolicy } from "../../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import { textAt } from "../../shared/mod.ts";

/** Beyond that the recipe that changed least lately is forgotten: what its Backups wrote down counts then. */
const MOST_KEPT = 20_000;

/**
 * What each recipe said of snapshots when it was last seen. A Backup writes that down in a pass of its own, which comes
 * too late where the recipe says it and is deleted in the same moment.
 */
export class LastPolicies {
  readonly #policies = new Map<string, DeletionPolicy>();

  /** Notes what a BackupConfig says. */
  note(config: KubeObject): void {
    const policyText = textAt(config, "spec", "defaultDeletionPolicy") ?? "Delete";
    const policy = deletionPolicy.options.find((each) => each === policyText);
    if (policy === undefined) return;
    const key = keyText(keyOf(config));
    this.#policies.delete(key);
    this.#policies.set(key, policy);
    const [oldest] = this.#policies.keys();
    if (this.#policies.size > MOST_KEPT && oldest !== undefined) this.#policies.delete(oldest);
  }

  /** The last word of the recipe of that name; undefined for one that this process never saw. */
  of(key: ObjectKey): DeletionPolicy | undefined {
    return this.#policies.get(keyText(key));
  }
}
