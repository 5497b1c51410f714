import { isNotFound } from "../errors.ts";
import type { Store } from "./cache.ts";
import type { Informer } from "./informer.ts";
import { receivedObject } from "../received_object.ts";
import { resourceId, RESOURCES } from "../resources.ts";
import type { ServerClock } from "../transport/server_clock.ts";
import type { Transport } from "../transport/transport.ts";
import {
  type CountQuery,
  keyText,
  type KubeObject,
  type LogPart,
  type ObjectKey,
  type Query,
  type Reader,
  type Resource,
} from "../types.ts";

/** Reads from informers; a resource with several informers (by selector) is read from all of them. */
export class CachedReader implements Reader {
  readonly #informers = new Map<string, Informer[]>();
  readonly #transport: Transport;
  readonly #serverClock: Pick<ServerClock, "now">;

  constructor(transport: Transport, serverClock: Pick<ServerClock, "now">) {
    this.#transport = transport;
    this.#serverClock = serverClock;
  }

  /** Adds an informer. */
  add(informer: Informer): void {
    const id = resourceId(informer.resource);
    this.#informers.set(id, [...(this.#informers.get(id) ?? []), informer]);
  }

  get(resource: Resource, key: ObjectKey): KubeObject | undefined {
    for (const { store } of this.#of(resource)) {
      const object = store.get(key);
      if (object !== undefined) return object;
    }
    return undefined;
  }

  list(resource: Resource, query: Query = {}): readonly KubeObject[] {
    const [only, ...others] = this.#storesFor(resource, query);
    if (others.length === 0) return only.list(query);
    // The same object may match several selectors.
    const found = [only, ...others].flatMap((store) => store.list(query));
    return [...new Map(found.map((object) => [object.metadata.uid ?? object, object])).values()];
  }

  count(resource: Resource, query: CountQuery): number {
    const [only, ...others] = this.#storesFor(resource, query);
    return others.length === 0 ? only.count(query) : this.list(resource, query).length;
  }

  async read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    try {
      const answer = await this.#transport.send({ verb: "get", resource, target: { key } }, signal);
      const object = receivedObject(answer, resource);
      if (object !== undefined) return object;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    throw new TypeError(
      `Cannot get ${resource.kind} ${keyText(key)}: the answer is no object, expected metadata`,
    );
  }

  async readLog(pod: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined> {
    const { container, lastLines, limitBytes } = part;
    const query = { container, tailLines: String(lastLines), limitBytes: String(limitBytes) };
    const target = { key: pod, subresource: "log" } as const;
    try {
      // The limit in characters protects the memory from a server that ignores the limit in bytes.
      return await this.#transport.text(
        { verb: "get", resource: RESOURCES.pod, target, query },
        limitBytes,
        signal,
      );
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  serverNow(): Date | undefined {
    return this.#serverClock.now();
  }

  #storesFor(resource: Resource, { index }: Query): readonly [Store, ...Store[]] {
    const stores = this.#of(resource).map(({ store }) => store);
    const [first, ...others] = index === undefined
      ? stores
      : stores.filter((store) => store.hasIndex(index.name));
    if (first !== undefined) return [first, ...others];
    throw new TypeError(
      `Cannot list ${
        resourceId(resource)
      } by index "${index?.name}": it is not declared, expected a declared index`,
    );
  }

  #of(resource: Resource): readonly Informer[] {
    const informers = this.#informers.get(resourceId(resource));
    if (informers !== undefined) return informers;
    throw new TypeError(
      `Cannot read ${
        resourceId(resource)
      } from the cache: nobody watches it, expected a watch that is declared`,
    );
  }
}
