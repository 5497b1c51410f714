import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createObject, installKopiur } from "../binary/kopiur_api.ts";
import { type RunningController, startController } from "../binary/running_controller.ts";
import {
  type ApiServer,
  createCertificateAuthority,
  pause,
  startApiserver,
  waitUntil,
} from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { type Collector, collectorParts, startCollector, unknownSpans } from "./collector.ts";
import { readExposition } from "./received.ts";

const parts = [...collectorParts, "etcd", "kube-apiserver", "janitor"] as const;
const secret = "hunter22-of-the-collector";
const hasty = {
  OTEL_METRIC_EXPORT_INTERVAL: "500",
  OTEL_BSP_SCHEDULE_DELAY: "200",
  OTEL_BLRP_SCHEDULE_DELAY: "200",
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secret}`,
};

async function exposition(controller: RunningController): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${await controller.url()}/metrics`, { signal: AbortSignal.timeout(3_000) });
  return readExposition(await response.text());
}

async function failuresOf(controller: RunningController, signal: string): Promise<number> {
  return (await exposition(controller)).get(`kopiur_telemetry_export_failures_total{signal="${signal}"}`) ??
    NaN;
}

async function failureOfEach(controller: RunningController): Promise<void> {
  for (const signal of ["traces", "metrics", "logs"]) {
    await waitUntil(async () => await failuresOf(controller, signal) >= 1 || undefined, {
      what: `a failed export of ${signal}`,
      limitSeconds: 30,
    });
  }
}

async function makeRepository(server: ApiServer, name: string): Promise<void> {
  await createObject(server, "repositories", {
    kind: "Repository",
    name,
    namespace: "apps",
    spec: {
      backend: { filesystem: { volume: { pvc: { name: "repo" } } } },
      encryption: { passwordSecretRef: { name: "password" } },
    },
  });
}

function reported(controller: RunningController, what: RegExp): number {
  return controller.log.split("\n").filter((line) => what.test(line)).length;
}

function passOver(collector: Collector, name: string) {
  return collector.spans.find((span) => span.name === "reconcile" && span.attributes["name"] === name);
}

/** Ends in time and well, whatever the collector does. */
async function endsInTime(controller: RunningController): Promise<void> {
  const began = performance.now();
  controller.send("SIGTERM");
  const { code, log } = await controller.ended();
  const seconds = (performance.now() - began) / 1000;
  equal(code, 0, log);
  ok(seconds < 12, `it took ${seconds} s to end`);
  ok(!log.includes("hunter22"));
}

partTest({
  name: "kopiur controller sends all three signals, and both readers say the same",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system", "apps"]);
    await using collector = await startCollector();
    await using controller = await startController(server, {
      ...hasty,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_RESOURCE_ATTRIBUTES: "k8s.cluster.name=home",
    });
    await controller.ready();
    await makeRepository(server, "nas");

    const pass = await collector.received("a reconcile", () => passOver(collector, "nas"));
    deepEqual([pass.attributes["kind"], pass.attributes["namespace"]], ["Repository", "apps"]);
    const request = await collector.received(
      "an API request beneath it",
      () => collector.spans.find(({ parentSpanId }) => parentSpanId === pass.spanId),
    );
    match(request.name, /^(GET|PUT|PATCH|POST) \/api/);
    equal(request.traceId, pass.traceId);
    ok(!request.name.includes("nas"), "templates hold no names");
    const line = await collector.received(
      "a log line of it",
      () => collector.logs.find((log) => log.traceId === pass.traceId),
    );
    deepEqual([line.attributes["kind"], line.attributes["namespace"], line.attributes["name"]], [
      "Repository",
      "apps",
      "nas",
    ]);
    ok(controller.log.includes(`trace_id=${pass.traceId}`));
    const resource = {
      "service.name": "kopiur-controller",
      "service.instance.id": "controller-0",
      "k8s.cluster.name": "home",
    };
    const metrics = await collector.received("metrics", () => collector.metrics[0]);
    for (const found of [pass.resource, line.resource, metrics.resource]) {
      for (const [key, value] of Object.entries(resource)) equal(found[key], value);
    }

    const isSteady = (series: string) =>
      /^kopiur_(controller|resource|backup|repo|snapshot|orphaned|mover|build|leader|informer_synced|telemetry)/
        .test(series);
    await waitUntil(async () => {
      // What movers did they push themselves.
      const isTheirs = (series: string) => /^kopiur_mover_operation/.test(series);
      const pulled = new Map(
        [...await exposition(controller)].filter(([series]) => isSteady(series) && !isTheirs(series)),
      );
      await pause(600);
      const last = collector.metrics.at(-1)?.samples ?? new Map<string, number>();
      const pushed = new Map([...last].filter(([series]) => isSteady(series)));
      deepEqual([...pushed].toSorted(), [...pulled].toSorted());
      ok(pushed.size > 40, String(pushed.size));
      return true;
    }, { what: "both readers to say the same", limitSeconds: 20 });
    ok(
      collector.metrics.at(-1)?.samples.has(
        'kopiur_resource_ready{kind="Repository",name="nas",namespace="apps"}',
      ),
    );
    await endsInTime(controller);
    deepEqual(unknownSpans(collector), []);
    ok(!/hunter22/.test(JSON.stringify([collector.logs, collector.spans])));
  },
});

partTest({
  name: "kopiur controller does not notice a collector that is not there, comes, dies, comes back and hangs",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system", "apps"]);
    await using collector = await startCollector({ running: false });
    await using controller = await startController(server, {
      ...hasty,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_TIMEOUT: "1000",
    });
    await controller.ready();
    await makeRepository(server, "before");
    await failureOfEach(controller);
    ok(reported(controller, /telemetry cannot be exported/) <= 3, controller.log);

    await collector.start();
    const comes = () => collector.metrics.length;
    await collector.received("metrics", () => comes() > 0 || undefined);
    await makeRepository(server, "during");
    await collector.received("the pass over a new object", () => passOver(collector, "during"));
    ok(reported(controller, /telemetry is exported again/) >= 1);

    await collector.kill();
    const failures = await failuresOf(controller, "metrics");
    await waitUntil(async () => await failuresOf(controller, "metrics") > failures || undefined, {
      what: "the outage to be counted",
      limitSeconds: 20,
    });
    await collector.start();
    const before = comes();
    await collector.received("metrics after its return", () => comes() > before || undefined);

    collector.signal("SIGSTOP");
    await makeRepository(server, "beside");
    const more = await failuresOf(controller, "metrics");
    await waitUntil(async () => await failuresOf(controller, "metrics") > more || undefined, {
      what: "the hang to be counted",
      limitSeconds: 20,
    });
    const began = performance.now();
    equal(
      (await exposition(controller)).get(
        'kopiur_resource_ready{kind="Repository",name="beside",namespace="apps"}',
      ),
      0,
    );
    ok(performance.now() - began < 2_000);
    ok(reported(controller, /telemetry cannot be exported/) <= 9, controller.log);
    await endsInTime(controller);
    collector.signal("SIGCONT");
  },
});

partTest({
  name: "kopiur controller does not notice a collector it must not trust, and tells of it",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system", "apps"]);
    await using collector = await startCollector({ tls: true });
    const { certPem } = await createCertificateAuthority("another");
    await using controller = await startController(server, {
      ...hasty,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_CERTIFICATE: certPem,
    });
    await controller.ready();
    await makeRepository(server, "nas");
    await failureOfEach(controller);
    deepEqual([collector.spans.length, collector.logs.length, collector.metrics.length], [0, 0, 0]);
    ok(reported(controller, /WARN telemetry: telemetry cannot be exported/) >= 1, controller.log);
    await endsInTime(controller);
  },
});
