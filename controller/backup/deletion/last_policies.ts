import { type DeletionPolicy, deletionPolicy } from "../../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import { textAt } from "../../shared/mod.ts";

/** Beyond this the recipe whose last change is oldest is forgotten; the records of its Backups count then. */
const MOST_KEPT = 20_000;

/**
 * The last seen default deletion policy of each recipe. A Backup records it in a pass of its own, which comes
 * too late when the recipe is edited and deleted at the same moment.
 */
export class LastPolicies {
  readonly #policies = new Map<string, DeletionPolicy>();

  /** Remembers the policy of a BackupConfig. */
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

  /** The last policy of the recipe of that name; undefined for one that this process never saw. */
  of(key: ObjectKey): DeletionPolicy | undefined {
    return this.#policies.get(keyText(key));
  }
}
