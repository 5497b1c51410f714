/** A real Prometheus that scrapes a cluster as a ServiceMonitor says. */
import { join } from "node:path";
import * as z from "zod";
import { ChildProcess } from "../cluster/machine/child_process.ts";
import { waitUntil } from "../cluster/mod.ts";
import { workFolder } from "../cluster/machine/work_folder.ts";
import { ensureParts, type PartName } from "../parts/mod.ts";

/** What a Prometheus needs of the machine. */
export const prometheusParts = ["prometheus", "promtool", "setpriv"] as const satisfies readonly PartName[];

/** As much of a ServiceMonitor as the chart makes. */
export const serviceMonitor = z.object({
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
    namespaceSelector: z.object({ matchNames: z.array(z.string()) }),
    endpoints: z.tuple([
      z.object({ port: z.string(), path: z.string(), interval: z.string(), honorLabels: z.boolean() }),
    ]),
  }),
});

type MonitorSpec = z.infer<typeof serviceMonitor>["spec"];

/** EndpointSlices carry the labels of their Service. */
const endpointSlices = z.object({
  items: z.array(z.object({
    metadata: z.object({ labels: z.record(z.string(), z.string()) }),
    endpoints: z.array(
      z.object({ addresses: z.array(z.string()), targetRef: z.object({ name: z.string() }) }),
    ).nullable().transform((endpoints) => endpoints ?? []),
    ports: z.array(z.object({ name: z.string(), port: z.number() })),
  })),
});

/** One series of an answer, with its value now. */
export interface Answer {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const queryResult = z.object({
  data: z.object({
    resultType: z.enum(["vector", "scalar"]),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        // NaN where a recipe had no run in the range.
        value: z.tuple([z.number(), z.string().transform(Number)]),
      }),
    ),
  }),
});
const metadataResult = z.object({
  data: z.record(z.string(), z.array(z.object({ type: z.string(), help: z.string() }))),
});

/** The running server; it ends with this process. */
export class Prometheus {
  readonly #url: string;
  readonly #child: ChildProcess;
  readonly #discovery: Deno.HttpServer;
  readonly #folder: string;

  /** Use startPrometheus. */
  constructor(url: string, child: ChildProcess, discovery: Deno.HttpServer, folder: string) {
    this.#url = url;
    this.#child = child;
    this.#discovery = discovery;
    this.#folder = folder;
  }

  /** The answer to an instant query; an error in the query is thrown with Prometheus' words. */
  async query(expression: string): Promise<readonly Answer[]> {
    const { data } = queryResult.parse(await this.#get(`query?query=${encodeURIComponent(expression)}`));
    return data.result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
  }

  /** The one number a query answers with; throws when it is not one. */
  async number(expression: string): Promise<number> {
    const answers = await this.query(expression);
    const [only, ...more] = answers;
    if (only !== undefined && more.length === 0) return only.value;
    throw new Error(`Cannot read one number from ${expression}: it is ${JSON.stringify(answers)}`);
  }

  /** Whether the values of a metric, of any of its series at any time so far, were not all the same. */
  async hasMoved(name: string): Promise<boolean> {
    const moved = await this.query(
      `max(max_over_time(${name}[1h])) - min(min_over_time(${name}[1h])) > 0`,
    );
    return moved.length > 0;
  }

  /** Whether any series of a metric was ever there with another value than 0. */
  async hasRisen(name: string): Promise<boolean> {
    return (await this.query(`max(max_over_time(${name}[1h])) > 0`)).length > 0;
  }

  /** Types of the metrics it has scraped, by name. */
  async types(): Promise<ReadonlyMap<string, string>> {
    const { data } = metadataResult.parse(await this.#get("metadata"));
    return new Map(Object.entries(data).map(([name, [first]]) => [name, first?.type ?? ""]));
  }

  async ready(): Promise<void> {
    await waitUntil(async () => {
      if (this.#child.ended) return "ended";
      const response = await fetch(`${this.#url}/-/ready`, { signal: AbortSignal.timeout(2_000) });
      await response.body?.cancel();
      return response.ok ? "ready" : undefined;
    }, { what: "Prometheus to be ready", limitSeconds: 30 });
    if (this.#child.ended) {
      throw new Error(`Cannot start Prometheus: it said: ${await this.#child.lastWords()}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
    await this.#discovery.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (response.ok) return JSON.parse(text);
    throw new Error(`Cannot ask Prometheus for ${path}: it answered ${response.status}: ${text}`);
  }
}

/** Asks the API server of the cluster for something. */
export type Ask = (method: "GET", path: string) => Promise<unknown>;

/** Starts Prometheus; its targets are those the Prometheus Operator would give it for this ServiceMonitor. */
export async function startPrometheus(ask: Ask, monitor: unknown): Promise<Prometheus> {
  const programs = await ensureParts(prometheusParts);
  const folder = await workFolder("prometheus");
  const { spec } = serviceMonitor.parse(monitor);
  const discovery = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async () => {
      try {
        return Response.json(await findTargets(ask, spec));
      } catch (cause) {
        // Prometheus keeps the targets it has, as it does when its own discovery fails.
        return new Response(String(cause), { status: 503 });
      }
    },
  );
  const config = join(folder, "prometheus.yml");
  // JSON is YAML.
  await Deno.writeTextFile(config, JSON.stringify(scrapeConfig(spec, discovery.addr.port)));
  const port = freePort();
  const child = new ChildProcess({
    name: "prometheus",
    argv: [
      programs.prometheus,
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    logPath: join(folder, "prometheus.log"),
    setpriv: programs.setpriv,
  });
  const prometheus = new Prometheus(`http://127.0.0.1:${port}`, child, discovery, folder);
  try {
    await prometheus.ready();
    return prometheus;
  } catch (cause) {
    await prometheus[Symbol.asyncDispose]();
    throw cause;
  }
}

function scrapeConfig({ endpoints: [endpoint] }: MonitorSpec, discoveryPort: number): unknown {
  return {
    global: { scrape_interval: endpoint.interval, scrape_timeout: endpoint.interval },
    scrape_configs: [{
      job_name: "kopiur",
      metrics_path: endpoint.path,
      honor_labels: endpoint.honorLabels,
      http_sd_configs: [{ url: `http://127.0.0.1:${discoveryPort}/`, refresh_interval: "1s" }],
    }],
  };
}

/** The ready pods behind the Services a ServiceMonitor selects, in the form of HTTP service discovery. */
async function findTargets(ask: Ask, { selector, namespaceSelector, endpoints: [{ port }] }: MonitorSpec) {
  const wanted = Object.entries(selector.matchLabels).map(([label, value]) => `${label}=${value}`).join(",");
  const query = `labelSelector=${encodeURIComponent(wanted)}`;
  const groups = await Promise.all(namespaceSelector.matchNames.map(async (namespace) => {
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${query}`;
    const { items } = endpointSlices.parse(await ask("GET", path));
    return items.flatMap(({ endpoints, ports, metadata }) =>
      endpoints.flatMap(({ addresses: [address = ""], targetRef }) =>
        ports.filter(({ name }) => name === port).map((found) => ({
          targets: [`${address}:${found.port}`],
          labels: { namespace, service: metadata.labels["kubernetes.io/service-name"], pod: targetRef.name },
        }))
      )
    );
  }));
  return groups.flat();
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
