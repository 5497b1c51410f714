import assert from "node:assert/strict";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  type Environment,
  openTelemetry,
  parseTelemetryConfig,
  type Role,
  startTelemetry,
  type Telemetry,
} from "../mod.ts";
import { type OtlpExporters, startOtlpExport } from "./export.ts";

const build = { version: "1.2.3", commit: "abc", date: "2026-01-01" };
const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4317" };

/** What hangs is left behind with its timers, as it is when a process ends. */
const leavesTimers = { sanitizeOps: false, sanitizeResources: false };

type Mood = "well" | "failing" | "silent" | "throwing";

/** Exporters that keep what they get, and do with it what their mood is. */
class FakeCollector {
  mood: Mood = "well";
  readonly spans: ReadableSpan[] = [];
  readonly metrics: ResourceMetrics[] = [];
  readonly logs: ReadableLogRecord[] = [];
  /** Exports that were asked for. */
  asked = 0;

  readonly exporters: OtlpExporters = {
    traces: this.#exporter((items: ReadableSpan[]) => this.spans.push(...items)),
    metrics: this.#exporter((items: ResourceMetrics) => this.metrics.push(items)),
    logs: this.#exporter((items: ReadableLogRecord[]) => this.logs.push(...items)),
  };

  #exporter<T>(keep: (items: T) => void) {
    return {
      export: (items: T, done: (result: ExportResult) => void): void => {
        this.asked += 1;
        if (this.mood === "throwing") throw new Error("no exporter at all");
        if (this.mood === "silent") return;
        if (this.mood === "well") keep(items);
        const error = new Error("14 UNAVAILABLE: No connection established");
        done(
          this.mood === "well"
            ? { code: ExportResultCode.SUCCESS }
            : { code: ExportResultCode.FAILED, error },
        );
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
  }
}

interface Started {
  readonly telemetry: Telemetry;
  readonly lines: string[];
  readonly collector: FakeCollector;
  nowMs: number;
}

function start(env: Environment = {}, role: Role = "controller"): Started {
  const lines: string[] = [];
  const collector = new FakeCollector();
  const config = parseTelemetryConfig({ ...endpoint, ...env }, { role, build, terminal: false });
  const started = { lines, collector, nowMs: 1_700_000_000_000 };
  const telemetry = startTelemetry(config, {
    sink: (line) => void lines.push(line),
    clock: () => started.nowMs,
    otlp: (parts) => {
      assert.ok(config.otlp);
      return startOtlpExport(config.otlp, collector.exporters, parts);
    },
  });
  return Object.assign(started, { telemetry });
}

/** Every sample a collection holds, as an exporter for Prometheus would write it, less the order of things. */
function samplesOf({ scopeMetrics }: ResourceMetrics): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const { descriptor, dataPoints, ...kind } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
    const isCounter = "isMonotonic" in kind && kind.isMonotonic;
    assert.ok(!descriptor.name.endsWith("_total"), descriptor.name);
    for (const { attributes, value } of dataPoints) {
      const labels = Object.entries(attributes).map(([key, each]) => `${key}="${each}"`).join(",");
      const series = `${descriptor.name}${isCounter ? "_total" : ""}${labels === "" ? "" : `{${labels}}`}`;
      if (typeof value === "number") samples.set(series, value);
      else samples.set(series.replace(descriptor.name, `${descriptor.name}_count`), value.count);
    }
  }
  return samples;
}

Deno.test("both readers say the same of counters, histograms, object counters and object state", async () => {
  const { telemetry, collector } = start();
  const { metrics, state } = telemetry;
  state.setActive(true);
  const recipe = { namespace: "media", name: "photos" };
  state.register(() => [{ name: "kopiur_backup_files", labels: recipe, value: 42 }]);
  metrics.precreate("kopiur_backups_total", recipe);
  metrics.add("kopiur_backups_total", 2, { ...recipe, outcome: "success" });
  metrics.add("kopiur_controller_reconciliations_total", 7, { kind: "Backup" });
  metrics.record("kopiur_controller_reconcile_duration_seconds", 0.2, { kind: "Backup" });
  const text = await telemetry.renderMetrics();
  await telemetry.shutdown();
  const pushed = samplesOf(collector.metrics[0] ?? assert.fail("nothing was pushed"));
  const isSteady = (series: string) => /^(kopiur_|process_start_time_seconds)/.test(series);
  const steady = [...pushed].filter(([series]) => isSteady(series));
  for (const [series, value] of steady) {
    assert.ok(text.includes(`${series} ${value}\n`), `${series} ${value}`);
  }
  const pulled = text.split("\n").filter((line) => isSteady(line) && !/_(bucket|sum)\{/.test(line));
  assert.equal(steady.length, pulled.length);
  assert.ok(steady.length >= 10);
});

Deno.test("what movers do is pushed by movers and shown by the controller, so that a sum counts it once", async () => {
  const labels = { operation: "Backup", result: "succeeded" } as const;
  const did = async (role: Role) => {
    const { telemetry, collector } = start({}, role);
    telemetry.metrics.add("kopiur_mover_operations_total", 1, labels);
    telemetry.metrics.record("kopiur_mover_operation_duration_seconds", 7, labels);
    telemetry.metrics.add("kopiur_controller_reconciliations_total", 1, { kind: "Backup" });
    const shown = await telemetry.renderMetrics();
    await telemetry.shutdown();
    const pushed = [...samplesOf(collector.metrics[0] ?? assert.fail()).keys()].join("\n");
    return [shown, pushed].map((text) => [
      ...new Set(text.match(/kopiur_mover_operation(?:s_total\{|_duration_seconds_count)/g)),
    ]);
  };
  const both = ["kopiur_mover_operations_total{", "kopiur_mover_operation_duration_seconds_count"];
  assert.deepEqual(await did("controller"), [both, []]);
  assert.deepEqual(await did("mover"), [both, both]);
});

Deno.test("object state is pushed by the leader only, and no longer once the object is gone", async () => {
  const { telemetry, collector } = start({ OTEL_METRIC_EXPORT_INTERVAL: "100" });
  let exists = true;
  telemetry.state.register(() => exists ? [{ name: "kopiur_backups_waiting", labels, value: 1 }] : []);
  const labels = { namespace: "media", reason: "Running" } as const;
  const isPushed = async () => {
    const before = collector.metrics.length;
    while (collector.metrics.length < before + 2) await new Promise((resolve) => setTimeout(resolve, 20));
    const last = collector.metrics.at(-1) ?? assert.fail("nothing was pushed");
    return [...samplesOf(last).keys()].some((series) => series.startsWith("kopiur_backups_waiting"));
  };
  assert.equal(await isPushed(), false);
  telemetry.state.setActive(true);
  assert.equal(await isPushed(), true);
  exists = false;
  assert.equal(await isPushed(), false);
  await telemetry.shutdown();
});

Deno.test("a log line is exported with severity, attributes and its trace, and without secrets", async () => {
  const { telemetry, collector, lines } = start({
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hunter22",
  });
  telemetry.redactor.remember("correct-horse");
  const object = { kind: "Backup", namespace: "media", name: "photos-1" };
  await telemetry.withSpan("reconcile", object, () => {
    telemetry.log.child({ target: "kopia" }).warn("it said", {
      said: "password is correct-horse, header hunter22",
      nested: { token: "abcdef", count: 3 },
      error: new Error("outer correct-horse", { cause: new Error("inner") }),
    });
  });
  telemetry.log.debug("not wanted");
  await telemetry.shutdown();
  assert.equal(collector.logs.length, 1);
  const [record] = collector.logs;
  const [span] = collector.spans;
  assert.deepEqual([record?.severityNumber, record?.severityText, record?.body], [13, "WARN", "it said"]);
  assert.equal(record?.instrumentationScope.name, "kopia");
  assert.deepEqual(record?.attributes, {
    ...object,
    said: "password is [redacted], header [redacted]",
    nested: { token: "[redacted]", count: 3 },
    error: "outer [redacted]: inner",
  });
  assert.equal(record?.spanContext?.traceId, span?.spanContext().traceId);
  assert.equal(record?.spanContext?.spanId, span?.spanContext().spanId);
  assert.equal(record?.spanContext?.traceFlags, 1);
  assert.equal(record?.hrTime[0], 1_700_000_000);
  assert.ok(!/hunter22|correct-horse/.test(lines.join("")));
});

Deno.test("everything exported says which process it is from, and OTEL_RESOURCE_ATTRIBUTES what else it is", async () => {
  const attributes = "k8s.cluster.name=home,service.name=mine,k8s.pod.name=other,service.instance.id=other";
  const env = { OTEL_RESOURCE_ATTRIBUTES: attributes, POD_NAME: "run-data-1-x7k2p", HOSTNAME: "run-data" };
  const controller = start(env);
  await controller.telemetry.shutdown();
  assert.deepEqual(controller.collector.metrics[0]?.resource.attributes, {
    "service.name": "mine",
    "service.namespace": "kopiur",
    "service.version": "1.2.3",
    "service.instance.id": "other",
    "k8s.cluster.name": "home",
    "k8s.pod.name": "other",
  });
  const mover = start(env, "mover");
  await mover.telemetry.shutdown();
  assert.deepEqual(mover.collector.metrics[0]?.resource.attributes, {
    "service.name": "kopiur-mover",
    "service.namespace": "kopiur",
    "service.version": "1.2.3",
    "service.instance.id": "run-data-1-x7k2p",
    "k8s.cluster.name": "home",
    "k8s.pod.name": "run-data-1-x7k2p",
  });
  const named = start({ ...env, OTEL_SERVICE_NAME: "yours" });
  await named.telemetry.shutdown();
  assert.equal(named.collector.metrics[0]?.resource.attributes["service.name"], "yours");
});

Deno.test("a failing export is counted each time and told once a minute, and its end is told", async () => {
  const started = start({ OTEL_BLRP_SCHEDULE_DELAY: "0", OTEL_BSP_SCHEDULE_DELAY: "0" });
  const { telemetry, collector, lines } = started;
  const failures = async () => {
    const found = /export_failures_total\{signal="traces"\} (\d+)/.exec(await telemetry.renderMetrics());
    return Number(found?.[1]);
  };
  const oneSpan = async () => {
    const before = collector.asked;
    await telemetry.withSpan("reconcile", {}, () => {});
    while (collector.asked === before) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const reported = (what: RegExp) =>
    lines.filter((line) => what.test(line) && /signal=traces/.test(line)).length;
  assert.equal(await failures(), 0);
  collector.mood = "failing";
  for (let count = 0; count < 3; count++) await oneSpan();
  assert.equal(await failures(), 3);
  const failed = /WARN telemetry: telemetry cannot be exported .*endpoint=http:\/\/otel:4317 .*UNAVAILABLE/;
  assert.equal(reported(failed), 1);
  started.nowMs += 60_000;
  await oneSpan();
  assert.equal(reported(/failures=4/), 1);
  collector.mood = "well";
  await oneSpan();
  await oneSpan();
  assert.equal(reported(/INFO telemetry: telemetry is exported again .*failures=4/), 1);
  assert.equal(await failures(), 4);
  await telemetry.shutdown();
});

Deno.test("an exporter that throws or never answers costs its export and nothing else", async () => {
  for (const mood of ["throwing", "silent"] as const) {
    const tight = {
      OTEL_BSP_EXPORT_TIMEOUT: "50",
      OTEL_BLRP_EXPORT_TIMEOUT: "50",
      OTEL_METRIC_EXPORT_TIMEOUT: "50",
    };
    const { telemetry, collector, lines } = start(tight);
    collector.mood = mood;
    assert.equal(await telemetry.withSpan("reconcile", {}, () => (telemetry.log.info("inside"), 7)), 7);
    const began = performance.now();
    await telemetry.shutdown();
    assert.ok(performance.now() - began < 4_000, mood);
    assert.ok(lines.some((line) => line.includes("inside")));
  }
});

Deno.test("queues stay bounded while nothing can be exported", leavesTimers, async () => {
  const env = {
    OTEL_BSP_MAX_QUEUE_SIZE: "20",
    OTEL_BLRP_MAX_QUEUE_SIZE: "10",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "20",
  };
  const { telemetry, collector } = start(env);
  collector.mood = "silent";
  for (let count = 0; count < 1_000; count++) {
    await telemetry.withSpan("reconcile", {}, () => telemetry.log.info("inside"));
  }
  collector.mood = "well";
  await telemetry.shutdown();
  assert.ok(collector.spans.length <= 20, String(collector.spans.length));
  assert.ok(collector.logs.length <= 10, String(collector.logs.length));
});

Deno.test("shutdown() is over in 5 s although an export never ends, and says so", leavesTimers, async () => {
  const { telemetry, collector, lines } = start();
  collector.mood = "silent";
  await telemetry.withSpan("reconcile", {}, () => {});
  const began = performance.now();
  await telemetry.shutdown();
  const tookMs = performance.now() - began;
  assert.ok(tookMs > 4_900 && tookMs < 6_000, String(tookMs));
  assert.match(lines.join(""), /WARN telemetry: telemetry did not end in time/);
});

Deno.test("openTelemetry() says why nothing is exported, after the log exists, and goes on", async () => {
  const lines: string[] = [];
  const env = {
    ...endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
  };
  const config = parseTelemetryConfig(env, { role: "controller", build, terminal: false });
  const telemetry = await openTelemetry(config, { sink: (line) => void lines.push(line) });
  assert.match(
    lines[0] ?? "",
    /ERROR telemetry: telemetry is not exported fault=.*PROTOCOL.*expected .*grpc/,
  );
  assert.match(lines[1] ?? "", /WARN telemetry: a setting was ignored warning=.*OTEL_EXPORTER_OTLP_TIMEOUT/);
  assert.match(await telemetry.renderMetrics(), /kopiur_build_info/);
  await telemetry.shutdown();
});

Deno.test(
  "openTelemetry() refuses to start in strict mode, with everything that is wrong",
  leavesTimers,
  async () => {
    const wrong = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", KOPIUR_LOG_FORMAT: "xml" };
    const env = { ...endpoint, ...wrong, KOPIUR_OTEL_STRICT: "TRUE" };
    const config = parseTelemetryConfig(env, { role: "controller", build, terminal: false });
    await assert.rejects(openTelemetry(config), {
      name: "StrictTelemetryError",
      message: /OTEL_EXPORTER_OTLP_PROTOCOL: it is "http\/json", expected "grpc"[^]*KOPIUR_LOG_FORMAT/,
    });
    const sound = parseTelemetryConfig({ ...nobody, KOPIUR_OTEL_STRICT: "1" }, {
      role: "mover",
      build,
      terminal: false,
    });
    await (await openTelemetry(sound, { sink: () => {} })).shutdown();
  },
);

Deno.test("parseTelemetryConfig() keeps the plugin away from settings that are for other programs", () => {
  const env = { ...endpoint, OTEL_SERVICE_NAME: "shell", KOPIUR_OTEL_STRICT: "maybe" };
  const config = parseTelemetryConfig(env, { role: "plugin", build, terminal: false });
  assert.deepEqual([config.otlp, config.serviceName, config.warnings], [undefined, "kopiur-plugin", []]);
});
