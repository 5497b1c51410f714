/** A real OpenTelemetry collector that hands what it receives back to the test. */
import { join } from "node:path";
import { ChildProcess } from "../cluster/child_process.ts";
import { createCertificateAuthority, waitUntil } from "../cluster/mod.ts";
import { workFolder } from "../cluster/work_folder.ts";
import { spanEntry } from "../../telemetry/mod.ts";
import { ensureParts, type PartName } from "../parts/mod.ts";
import {
  readLogs,
  readMetrics,
  readSpans,
  type ReceivedLog,
  type ReceivedMetrics,
  type ReceivedSpan,
} from "./received.ts";

/** What a collector needs of the machine. */
export const collectorParts = ["otelcol", "setpriv"] as const satisfies readonly PartName[];

/** How a collector is started. */
export interface CollectorOptions {
  /** Serve TLS with a certificate of a new private authority. */
  readonly tls?: boolean;
  /** False: it is there, and not running yet. */
  readonly running?: boolean;
}

/** A collector on a port of its own, which it keeps when it is killed and started again. */
export class Collector {
  readonly spans: ReceivedSpan[] = [];
  readonly logs: ReceivedLog[] = [];
  readonly metrics: ReceivedMetrics[] = [];
  /** The value of OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** The authority of its certificate; undefined without TLS. */
  readonly caPem: string | undefined;
  readonly #folder: string;
  readonly #port: number;
  readonly #sink: Deno.HttpServer<Deno.NetAddr>;
  readonly #start: () => ChildProcess;
  #process: ChildProcess | undefined;

  /** Use startCollector. */
  constructor(
    folder: string,
    port: number,
    caPem: string | undefined,
    programs: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder;
    this.#port = port;
    this.caPem = caPem;
    this.endpoint = `${caPem === undefined ? "http" : "https"}://127.0.0.1:${port}`;
    this.#sink = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#keep(request),
    );
    this.#start = () =>
      new ChildProcess({
        name: "otelcol",
        argv: [programs["otelcol"] ?? "", "--config", join(folder, "config.yaml")],
        logPath: join(folder, "otelcol.log"),
        setpriv: programs["setpriv"] ?? "",
      });
  }

  /** Where it hands on what it receives. */
  get sinkUrl(): string {
    return `http://127.0.0.1:${this.#sink.addr.port}`;
  }

  /** Starts it, again or for the first time; it accepts connections when this resolves. */
  async start(): Promise<void> {
    const child = this.#start();
    this.#process = child;
    await waitUntil(async () => {
      if (child.ended) return "ended";
      (await Deno.connect({ hostname: "127.0.0.1", port: this.#port })).close();
      return "listening";
    }, { what: `the collector at ${this.endpoint}`, limitSeconds: 20 });
    if (child.ended) throw new Error(`Cannot start otelcol: it said: ${await child.lastWords()}`);
  }

  /** Kills it, as an outage does. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** SIGSTOP: connections stay open, nobody answers. SIGCONT: it goes on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#process?.signal(name);
  }

  /** Waits for something to have arrived. */
  async received<T>(what: string, look: () => T | undefined): Promise<T> {
    return await waitUntil(look, { what: `the collector to receive ${what}`, limitSeconds: 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#sink.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #keep(request: Request): Promise<Response> {
    const body: unknown = await request.json();
    switch (new URL(request.url).pathname) {
      case "/v1/traces":
        this.spans.push(...readSpans(body));
        break;
      case "/v1/logs":
        this.logs.push(...readLogs(body));
        break;
      case "/v1/metrics":
        this.metrics.push(...readMetrics(body));
        break;
    }
    return Response.json({});
  }
}

/** Starts a collector that listens for OTLP over gRPC. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const programs = await ensureParts(collectorParts);
  const folder = await workFolder("otelcol");
  const port = freePort();
  const tls = options.tls === true ? await writeTlsFiles(folder) : undefined;
  const collector = new Collector(folder, port, tls?.caPem, programs);
  const config = configOf(port, collector.sinkUrl, tls);
  await Deno.writeTextFile(join(folder, "config.yaml"), JSON.stringify(config));
  if (options.running !== false) await collector.start();
  return collector;
}

/** What was received that the catalog of spans does not know: names, and attributes as `name: key`. */
export function unknownSpans({ spans }: Pick<Collector, "spans">): readonly string[] {
  return [
    ...new Set(spans.flatMap(({ name, attributes }) => {
      const entry = spanEntry(name);
      if (entry === undefined) return [name];
      return Object.keys(attributes).filter((key) => !entry.attributes.includes(key)).map((key) =>
        `${name}: ${key}`
      );
    })),
  ];
}

/** JSON is YAML. */
function configOf(
  port: number,
  sink: string,
  tls: { readonly certFile: string; readonly keyFile: string } | undefined,
) {
  const security = tls === undefined ? {} : { tls: { cert_file: tls.certFile, key_file: tls.keyFile } };
  const pipeline = { receivers: ["otlp"], exporters: ["otlp_http"] };
  const handOn = {
    endpoint: sink,
    encoding: "json",
    compression: "none",
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
  };
  return {
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${port}`, ...security } } } },
    exporters: { otlp_http: handOn },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  };
}

async function writeTlsFiles(folder: string) {
  const authority = await createCertificateAuthority("collector test CA");
  const pair = await authority.issue({ commonName: "otelcol", ipAddresses: ["127.0.0.1"] });
  const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  await Deno.writeTextFile(certFile, pair.certPem);
  await Deno.writeTextFile(keyFile, pair.keyPem, { mode: 0o600 });
  return { caPem: authority.certPem, certFile, keyFile };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
