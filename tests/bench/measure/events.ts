import * as z from "zod";
import { backupConfigKind, backupKind, type KindDefinition } from "../../../api/mod.ts";
import {
  type ApiRequest,
  isConflict,
  type ObjectKey,
  type Resource,
  resourceOf,
  resourcePath,
  type Transport,
} from "../../../kube/mod.ts";
import { type ApiServer, startApiserver } from "../../cluster/mod.ts";
import { benchTransport } from "../bench_transport.ts";
import { startController } from "../controller_process.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import { percentileOf } from "../figures/percentile.ts";
import { spreadOf } from "../figures/spread.ts";
import type { TeamCounts } from "../objects/team.ts";
import { watchEvents } from "../watch_events.ts";
import { installKinds, writeTeam } from "../objects/write_team.ts";
import type { Workbench } from "../workbench.ts";

/** What the cache holds, and how many events are told one after another. */
export interface EventsSize extends TeamCounts {
  readonly events: number;
}

const fullSize: EventsSize = { namespaces: 50, recipes: 1000, runs: 10_000, events: 300 };
/** For the first times code runs that is compiled later. */
const warmUp = 30;
const limitSeconds = 300;

/** What is changed so that the controller has to write a status: a field of the spec that starts no work. */
const changes: readonly {
  readonly kind: KindDefinition;
  readonly name: string;
  readonly spec: (event: number) => unknown;
}[] = [
  { kind: backupKind, name: "recipe-1-0", spec: (event) => ({ pin: event % 2 === 0 }) },
  {
    kind: backupConfigKind,
    name: "recipe-1",
    // Far more than it has runs, so nothing is deleted.
    spec: (event) => ({ retention: { keepLatest: 1000 + event % 2 } }),
  },
];
const namespace = "team-1";

/**
 * From an event to the status that answers it, with 10 000 Backups in the cache: what the controller itself needs,
 * and so without what writing a status and hearing of it takes without any controller.
 */
export async function measureEvents(
  bench: Pick<Workbench, "progress" | "signal" | "binary">,
  size = fullSize,
): Promise<readonly Figure[]> {
  const { progress, signal } = bench;
  await using server = await startApiserver();
  await installKinds(server);
  progress(`writing ${size.recipes} recipes and ${size.runs} runs`);
  await writeTeam(server, size, signal);
  const { kubeconfigPath, folder } = server;
  const moverImage = "kopiur.local/kopiur:bench";
  await using controller = await startController({
    binary: await bench.binary(),
    kubeconfigPath,
    folder,
    moverImage,
  });
  await controller.ready(60, signal);
  await controller.idle(limitSeconds, signal);
  await using own = await benchTransport(kubeconfigPath);
  const figures: Figure[] = [];
  for (const { kind, name, spec } of changes) {
    await using watcher = new ObjectWatch(server, own.transport, resourceOf(kind), { namespace, name });
    progress(`${size.events} events of a ${kind.kind}`);
    const answers: number[] = [];
    for (let event = 0; event < warmUp + size.events; event++) {
      signal.throwIfAborted();
      const took = await watcher.answerMs(spec(event), signal);
      if (event >= warmUp) answers.push(took);
    }
    const writes: number[] = [];
    for (let write = 0; write < size.events / 3; write++) writes.push(await watcher.writeMs(signal));
    figures.push(figureOfEvents(kind.kind, size, answers, writes));
  }
  return figures;
}

function figureOfEvents(
  kind: string,
  { runs }: EventsSize,
  answers: readonly number[],
  writes: readonly number[],
): Figure {
  // The median of the write, not its slow cases: what is in doubt counts as ours.
  const write = spreadOf(writes).median;
  const own = (share: number) => Math.max(0, percentileOf(answers, share) - write);
  return figureOf(
    {
      what: `event of a ${kind} → reconcile done, ${runs} Backups in the cache, p99 of our own time`,
      unit: "ms",
      aim: { atMost: 25 },
    },
    [own(0.99)],
    `${answers.length} events; median ${
      quantityText(own(0.5), "ms")
    }; beside it writing the status and hearing of it ${quantityText(write, "ms")}`,
  );
}

const watchEvent = z.object({
  object: z.looseObject({
    metadata: z.looseObject({ generation: z.number(), resourceVersion: z.string() }),
    status: z.looseObject({
      observedGeneration: z.number().optional(),
      conditions: z.array(z.looseObject({ message: z.string() })).default([]),
    }).optional(),
  }),
});
type Stored = z.infer<typeof watchEvent>["object"];
type Watched = Stored & { readonly atMs: number };

/** Of the same size, and another one for the API server. */
function otherStatus(status: Stored["status"]): unknown {
  const conditions = status?.conditions.map((each) => ({ ...each, message: crypto.randomUUID() }));
  return { ...status, conditions };
}

/** One object under a watch of our own. */
class ObjectWatch {
  readonly #transport: Transport;
  readonly #resource: Resource;
  readonly #key: ObjectKey;
  readonly #stop = new AbortController();
  readonly #watching: Promise<void>;
  #seen: Watched[] = [];
  #wake: () => void = () => undefined;

  constructor(server: ApiServer, transport: Transport, resource: Resource, key: ObjectKey) {
    this.#transport = transport;
    this.#resource = resource;
    this.#key = key;
    const selector = encodeURIComponent(`metadata.name=${key.name}`);
    const folder = resourcePath(resource, { namespace: key.namespace });
    const path = `${folder}?watch=true&fieldSelector=${selector}`;
    this.#watching = watchEvents(server, path, (event) => this.#see(event), this.#stop.signal)
      .catch((error) => this.#stop.abort(error));
  }

  /** Milliseconds from the event of a changed spec, as a watch tells it, to that of the status that answers it. */
  async answerMs(spec: unknown, signal: AbortSignal): Promise<number> {
    this.#seen = [];
    const changed = await this.#send({ verb: "patch", target: { key: this.#key }, body: { spec } }, signal);
    const { generation } = changed.metadata;
    const event = await this.#first((seen) => seen.metadata.generation === generation, signal);
    const answer = await this.#first(({ status }) => status?.observedGeneration === generation, signal);
    return answer.atMs - event.atMs;
  }

  /** Milliseconds from the request for a status to the event of it, with nobody between. */
  async writeMs(signal: AbortSignal): Promise<number> {
    for (;;) {
      signal.throwIfAborted();
      this.#seen = [];
      const current = await this.#send({ verb: "get", target: { key: this.#key } }, signal);
      const body = { ...current, status: otherStatus(current.status) };
      const begun = performance.now();
      try {
        const target = { key: this.#key, subresource: "status" } as const;
        const written = await this.#send({ verb: "update", target, body }, signal);
        const { resourceVersion } = written.metadata;
        const event = await this.#first((seen) => seen.metadata.resourceVersion === resourceVersion, signal);
        return event.atMs - begun;
      } catch (error) {
        // The controller puts right what it finds; then it was first.
        if (!isConflict(error)) throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("The watch is stopped"));
    await this.#watching;
  }

  async #first(wanted: (seen: Watched) => boolean, signal: AbortSignal): Promise<Watched> {
    const limit = AbortSignal.any([signal, this.#stop.signal, AbortSignal.timeout(10_000)]);
    for (;;) {
      const found = this.#seen.find(wanted);
      if (found !== undefined) return found;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const onAbort = () => reject(limit.reason);
      limit.throwIfAborted();
      limit.addEventListener("abort", onAbort, { once: true });
      await promise.finally(() => limit.removeEventListener("abort", onAbort));
    }
  }

  #see(event: unknown): void {
    this.#seen.push({ ...watchEvent.parse(event).object, atMs: performance.now() });
    this.#wake();
  }

  /** By the product's own transport: fetch alone waits for acknowledgements that come late. */
  async #send(request: Omit<ApiRequest, "resource">, signal: AbortSignal): Promise<Stored> {
    const answer = await this.#transport.send({ ...request, resource: this.#resource }, signal);
    return watchEvent.shape.object.parse(answer);
  }
}
