import { keyText, type ObjectKey } from "../../../kube/types.ts";
import type { Found } from "../../movers/mod.ts";

interface Known {
  readonly content: string;
  readonly version: string;
}

/**
 * Remembers hashes of the Secrets and ConfigMaps of each Repository: an object that is updated without a
 * new content keeps its version, so that no mover is made for it. A restart costs one mover.
 */
export class CredentialMemory {
  readonly #known = new Map<string, Map<string, Known>>();

  /** The found objects, each with the version at which its content was first seen. */
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
