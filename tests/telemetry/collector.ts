/** A real OpenTelemetry collector that hands what it receives back to the test. */
import { join } from "node:path";
import { ChildProcess } from "../cluster/machine/child_process.ts";
import { createCertificateAuthority, waitUntil } from "../cluster/mod.ts";
import { workFolder } from "../cluster/machine/work_folder.ts";
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
  /** Where it listens: 127.0.0.1 by default, a cluster's hostAddress for pods to reach it. */
  readonly address?: string;
  /** Serve TLS with a certificate of a new private authority. */
  readonly tls?: boolean;
  /** Serve TLS, and ask for a certificate that this authority has issued. */
  readonly clientCaPem?: string;
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
  readonly #address: Deno.NetAddr;
  readonly #sink: Deno.HttpServer<Deno.NetAddr>;
  readonly #start: () => ChildProcess;
  #process: ChildProcess | undefined;

  /** Use startCollector. */
  constructor(
    folder: string,
    address: Deno.NetAddr,
    caPem: string | undefined,
    programs: Readonly<Record<string, string>>,
  ) {
    this.#folder = folder;
    this.#address = address;
    this.caPem = caPem;
    this.endpoint = `${caPem === undefined ? "http" : "https"}://${address.hostname}:${address.port}`;
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
      const { hostname, port } = this.#address;
      (await Deno.connect({ hostname, port })).close();
      return "listening";
    }, { what: `the collector at ${this.endpoint}`, limitSeconds: 20 });
    if (child.ended) throw new Error(`Cannot start otelcol: it said: ${await child.lastWords()}`);
  }

  /** Kills it, as an outage does. */
  async kill(): Promise<void> {
    await this.#process?.kill();
  }

  /** From the next start on its certificate is of an authority nobody was told of, or again the one it had at first. */
  async showCertificate(whose: "own" | "foreign"): Promise<void> {
    for (const file of ["tls.crt", "tls.key"]) {
      await Deno.copyFile(join(this.#folder, whose, file), join(this.#folder, file));
    }
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
  const address = freeAddress(options.address ?? "127.0.0.1");
  const { tls = false, clientCaPem } = options;
  const caPem = tls || clientCaPem !== undefined ? await writeTlsFiles(folder, address.hostname) : undefined;
  if (clientCaPem !== undefined) await Deno.writeTextFile(join(folder, "client.crt"), clientCaPem);
  const collector = new Collector(folder, address, caPem, programs);
  if (caPem !== undefined) await collector.showCertificate("own");
  const clientCa = clientCaPem === undefined ? {} : { client_ca_file: join(folder, "client.crt") };
  const files = { cert_file: join(folder, "tls.crt"), key_file: join(folder, "tls.key"), ...clientCa };
  const config = configOf(address, collector.sinkUrl, caPem === undefined ? {} : { tls: files });
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
  { hostname, port }: Deno.NetAddr,
  sink: string,
  security: Readonly<Record<string, unknown>>,
) {
  const pipeline = { receivers: ["otlp"], exporters: ["otlp_http"] };
  const handOn = {
    endpoint: sink,
    encoding: "json",
    compression: "none",
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
  };
  return {
    receivers: { otlp: { protocols: { grpc: { endpoint: `${hostname}:${port}`, ...security } } } },
    exporters: { otlp_http: handOn },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  };
}

/** Certificates of two authorities, each in a folder of its own; answers with the authority of the first. */
async function writeTlsFiles(folder: string, address: string): Promise<string> {
  const [own, foreign] = [
    await createCertificateAuthority("collector test CA"),
    await createCertificateAuthority("another CA"),
  ];
  for (const [whose, authority] of Object.entries({ own, foreign })) {
    const pair = await authority.issue({ commonName: "otelcol", ipAddresses: [address] });
    await Deno.mkdir(join(folder, whose));
    await Deno.writeTextFile(join(folder, whose, "tls.crt"), pair.certPem);
    await Deno.writeTextFile(join(folder, whose, "tls.key"), pair.keyPem, { mode: 0o600 });
  }
  return own.certPem;
}

function freeAddress(hostname: string): Deno.NetAddr {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr;
}
