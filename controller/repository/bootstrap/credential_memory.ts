import { keyText, type ObjectKey } from "../../../kube/types.ts";
import type { Found } from "../../movers/mod.ts";

interface Known {
  readonly content: string;
  readonly version: string;
}

/**
 * Remembers what the Secrets and ConfigMaps of each Repository said, as hashes: one that is touched without saying
 * anything new keeps its version, so that no mover is made for it. It is lost with the process, which costs one.
 */
export class CredentialMemory {
  readonly #known = new Map<string, Map<string, Known>>();

  /** What was found, with the version an object had when it first said what it says. */
  steady(repository: ObjectKey, found: readonly Found[]): readonly Found[] {
    const before = this.#known.get(keyText(repository));
    const after = new Map<string, Known>();
    this.#known.set(keyText(repository), after);
    return found.map((each) => {
      const name = `${each.need.kind}/${each.need.name}`;
      const known = before?.get(name);
      const { present } = each;
      if (present?.content === undefined) {
        if (known !== undefined) after.set(name, known);
        return each;
      }
      const { content, version } = present;
      if (known?.content !== content) {
        after.set(name, { content, version });
        return each;
      }
      after.set(name, known);
      return { ...each, present: { ...present, version: known.version } };
    });
  }

  /** Forgets a Repository. */
  drop(repository: ObjectKey): void {
    this.#known.delete(keyText(repository));
  }
}
