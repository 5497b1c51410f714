import {
  type CountQuery,
  keyOf,
  keyText,
  type KubeObject,
  type LogPart,
  type ObjectKey,
  type Query,
  type Reader,
  type Resource,
} from "../../../kube/types.ts";

/** The caches, except for objects that were read live. */
export class LiveReader implements Reader {
  readonly #reader: Reader;
  readonly #live = new Map<string, KubeObject | undefined>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Reads an object live and uses that version from then on. */
  async refresh(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<void> {
    this.#live.set(nameOf(resource, key), await this.#reader.read(resource, key, signal));
  }

  /** True for an object that was read live. */
  knows(resource: Resource, key: ObjectKey): boolean {
    return this.#live.has(nameOf(resource, key));
  }

  get(resource: Resource, key: ObjectKey): KubeObject | undefined {
    const name = nameOf(resource, key);
    return this.#live.has(name) ? this.#live.get(name) : this.#reader.get(resource, key);
  }

  /** Uses the index of the cache, so a live object may not match it any more; the caller checks. */
  list(resource: Resource, query?: Query): readonly KubeObject[] {
    return this.#reader.list(resource, query).flatMap((object) => {
      const name = nameOf(resource, keyOf(object));
      return this.#live.has(name) ? this.#live.get(name) ?? [] : [object];
    });
  }

  count(resource: Resource, query: CountQuery): number {
    return this.#reader.count(resource, query);
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
}

function nameOf({ kind }: Resource, key: ObjectKey): string {
  return `${kind} ${keyText(key)}`;
}
