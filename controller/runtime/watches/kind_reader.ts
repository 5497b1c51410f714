import { resourceId } from "../../../kube/mod.ts";
import type {
  CountQuery,
  KubeObject,
  LogPart,
  ObjectKey,
  Query,
  Reader,
  Resource,
} from "../../../kube/types.ts";
import type { IndexNames } from "./merge.ts";

/**
 * The caches as one kind sees them: with its own index names, and only what it declared. So a kind whose
 * watches are incomplete fails in its first test, and not in a cluster for a missing permission.
 */
export class KindReader implements Reader {
  readonly #kind: string;
  readonly #names: IndexNames;
  readonly #reader: Reader;

  constructor(kind: string, names: IndexNames, reader: Reader) {
    this.#kind = kind;
    this.#names = names;
    this.#reader = reader;
  }

  get(resource: Resource, key: ObjectKey): KubeObject | undefined {
    this.#namesFor(resource);
    return this.#reader.get(resource, key);
  }

  list(resource: Resource, query: Query = {}): readonly KubeObject[] {
    const { index, ...rest } = query;
    if (index !== undefined) {
      return this.#reader.list(resource, { ...rest, index: this.#indexFor(resource, index) });
    }
    this.#namesFor(resource);
    return this.#reader.list(resource, rest);
  }

  count(resource: Resource, query: CountQuery): number {
    return this.#reader.count(resource, { ...query, index: this.#indexFor(resource, query.index) });
  }

  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#reader.read(resource, key, signal);
  }

  readLog(pod: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined> {
    return this.#reader.readLog(pod, part, signal);
  }

  serverNow(): Date | undefined {
    return this.#reader.serverNow();
  }

  #indexFor(resource: Resource, { name, value }: CountQuery["index"]): CountQuery["index"] {
    const names = this.#namesFor(resource);
    const merged = names.get(name);
    if (merged !== undefined) return { name: merged, value };
    const known = [...names.keys()].map((each) => `"${each}"`).join(", ");
    throw new TypeError(
      `Cannot list ${resource.plural} by "${name}": ${this.#kind} declares no such index, ` +
        `expected one of [${known}]`,
    );
  }

  #namesFor(resource: Resource): ReadonlyMap<string, string> {
    const names = this.#names.get(resourceId(resource));
    if (names !== undefined) return names;
    throw new TypeError(
      `Cannot read ${resource.plural} from the cache: ${this.#kind} does not watch them, ` +
        "expected a watch of that resource",
    );
  }
}
