import type { Telemetry } from "../telemetry/mod.ts";
import { CachedReader } from "./watch/cached_reader.ts";
import type { KubeClock } from "./clock.ts";
import type { ConnectionInfo } from "./access/connection.ts";
import { EventRecorder } from "./write/event_recorder.ts";
import { HttpTransport } from "./transport/http_transport.ts";
import { type Informer, type InformerOptions, ListWatchInformer } from "./watch/informer.ts";
import { type LeaderElector, LeaseElector, type LeaseOptions } from "./lead/leader_elector.ts";
import { listPages } from "./watch/list_pages.ts";
import { isRecord } from "./received_object.ts";
import { knownResources } from "./resources.ts";
import { ApiWriter } from "./write/api_writer.ts";
import { ServerClock } from "./transport/server_clock.ts";
import type { Transport } from "./transport/transport.ts";
import type { EventSink, KubeObject, Reader, Resource, Writer } from "./types.ts";

/** What a connection is made of besides its address; time, randomness and telemetry are injected. */
export interface ClusterOptions {
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, "metrics" | "withSpan" | "log" | "redactor">;
  /** `reportingInstance` of Events: the pod's name. */
  readonly instance: string;
  /** Unknown fields in a write: `Warn` (the default) logs them, `Strict` refuses them (tests). */
  readonly fieldValidation?: "Warn" | "Strict";
  /** Further resources that may be written. */
  readonly moreResources?: readonly Resource[];
}

/** A connected cluster. */
export interface Cluster {
  /** Answers from the informers of this cluster; `read` asks the API server. */
  readonly reader: Reader;
  readonly writer: Writer;
  readonly events: EventSink;
  /** For requests that the other members do not offer. */
  readonly transport: Transport;
  /** Makes an informer that `reader` uses; the caller must `start` it. */
  createInformer(options: InformerOptions): Informer;
  createLeaderElector(options: LeaseOptions): LeaderElector;
  /** All current objects, read without a cache. */
  list(
    resource: Resource,
    options: {
      readonly namespace?: string;
      readonly labelSelector?: string;
      /** Without spec and status. */
      readonly metadataOnly?: boolean;
      /** With `metadataOnly`: also keep these fields. */
      readonly fields?: readonly string[];
    },
    signal: AbortSignal,
  ): Promise<readonly KubeObject[]>;
  /** `v1.36.3`, read now: the cheapest way to see that the server answers. */
  serverVersion(signal: AbortSignal): Promise<string>;
  /** Sends the waiting Events, for at most `limitMs`, then closes the connections. */
  close(limitMs: number): Promise<void>;
}

/** Connects. Makes no request yet. */
export function connect(connection: ConnectionInfo, options: ClusterOptions): Cluster {
  const { clock, random, telemetry, instance, fieldValidation = "Warn", moreResources = [] } = options;
  const log = telemetry.log.child({ target: "kube" });
  const serverClock = new ServerClock(clock);
  const transport = new HttpTransport(connection, {
    clock,
    random,
    telemetry: { ...pick(telemetry), log },
    serverClock,
  });
  const reader = new CachedReader(transport, serverClock);
  const resources = [...knownResources(), ...moreResources];
  const redact = (text: string) => telemetry.redactor.text(text);
  const events = new EventRecorder({ transport, clock, random, log, redact, instance });
  return {
    reader,
    events,
    transport,
    writer: new ApiWriter({ transport, resources, fieldValidation }),
    createInformer: (wanted) => {
      const informer = new ListWatchInformer(wanted, {
        transport,
        clock,
        random,
        log,
        metrics: telemetry.metrics,
      });
      reader.add(informer);
      return informer;
    },
    createLeaderElector: (wanted) => new LeaseElector(wanted, { transport, clock, random, log }),
    list: (resource, selection, signal) => listAll(transport, { ...selection, resource }, signal),
    serverVersion: (signal) => readVersion(transport, signal),
    close: async (limitMs) => {
      await events.close(limitMs);
      transport.close();
    },
  };
}

function pick(telemetry: ClusterOptions["telemetry"]): Pick<Telemetry, "metrics" | "withSpan"> {
  return {
    metrics: telemetry.metrics,
    withSpan: (start, attributes, fn) => telemetry.withSpan(start, attributes, fn),
  };
}

async function listAll(
  transport: Transport,
  selection: Parameters<typeof listPages>[1],
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  const taker = {
    begin: () => void (objects.length = 0),
    page: (page: readonly KubeObject[]) => void objects.push(...page),
  };
  await listPages(transport, selection, taker, signal);
  return objects;
}

async function readVersion(transport: Transport, signal: AbortSignal): Promise<string> {
  const answer = await transport.sendPath("/version", signal);
  if (isRecord(answer) && typeof answer.gitVersion === "string") return answer.gitVersion;
  throw new TypeError("Cannot read the version of the API server: the answer has none, expected gitVersion");
}
