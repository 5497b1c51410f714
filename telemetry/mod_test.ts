import assert from "node:assert/strict";
import {
  type Environment,
  parseTelemetryConfig,
  type Sample,
  startTelemetry,
  type Telemetry,
} from "./mod.ts";

const build = { version: "1.2.3", commit: "abc", date: "2026-01-01" };

interface Started {
  readonly telemetry: Telemetry;
  readonly lines: string[];
}

function start(env: Environment = {}): Started {
  const lines: string[] = [];
  const config = parseTelemetryConfig(env, { role: "controller", build, terminal: false });
  return { telemetry: startTelemetry(config, { sink: (line) => void lines.push(line) }), lines };
}

/** The lines of the exposition that speak of a family. */
function family(text: string, name: string): readonly string[] {
  return text.split("\n").filter((line) => line.startsWith(name) || line.includes(` ${name} `));
}

Deno.test("startTelemetry() says what the process is in target_info and kopiur_build_info", async () => {
  const { telemetry } = start({
    KOPIUR_NAMESPACE: "kopiur-system",
    HOSTNAME: "pod-1",
    KUBERNETES_SERVICE_HOST: "x",
  });
  const text = await telemetry.renderMetrics();
  assert.deepEqual(family(text, "target_info"), [
    "# HELP target_info Target metadata",
    "# TYPE target_info gauge",
    'target_info{service_name="kopiur-controller",service_namespace="kopiur",service_version="1.2.3",' +
    'service_instance_id="pod-1",k8s_namespace_name="kopiur-system",k8s_pod_name="pod-1"} 1',
  ]);
  assert.equal(
    family(text, "kopiur_build_info").at(-1),
    'kopiur_build_info{version="1.2.3",commit="abc",build_date="2026-01-01"} 1',
  );
});

Deno.test("startTelemetry() measures the process itself", async () => {
  const text = await start().telemetry.renderMetrics();
  const rss = Number(family(text, "process_resident_memory_bytes").at(-1)?.split(" ").at(-1));
  const started = Number(family(text, "process_start_time_seconds").at(-1)?.split(" ").at(-1));
  const cpu = Number(family(text, "process_cpu_seconds_total").at(-1)?.split(" ").at(-1));
  assert.ok(rss > 10e6 && rss < 10e9, String(rss));
  assert.ok(Math.abs(Date.now() / 1000 - started) < 3600, String(started));
  assert.ok(cpu > 0, String(cpu));
  assert.ok(text.includes("# TYPE process_cpu_seconds_total counter"));
});

Deno.test("startTelemetry() logs what was wrong with the environment, after the logger exists", () => {
  const { lines } = start({ RUST_LOG: "kopia=loud", KOPIUR_LOG_FORMAT: "xml" });
  assert.equal(lines.length, 2);
  assert.match(lines[0] ?? "", /WARN telemetry: a setting was ignored warning=.*RUST_LOG/);
  assert.match(lines[1] ?? "", /KOPIUR_LOG_FORMAT/);
});

Deno.test("startTelemetry() makes instances that know nothing of each other", async () => {
  const [one, two] = [start().telemetry, start().telemetry];
  one.metrics.add("kopiur_controller_reconciliations_total", 1, { kind: "Backup" });
  await one.withSpan("outer", {}, () => {
    assert.notEqual(one.activeTrace(), undefined);
    assert.equal(two.activeTrace(), undefined);
  });
  assert.ok(!(await two.renderMetrics()).includes("kopiur_controller_reconciliations_total"));
});

Deno.test("shutdown() may be called twice, and logging and counting do not fail after it", async () => {
  const { telemetry, lines } = start();
  await Promise.all([telemetry.shutdown(), telemetry.shutdown()]);
  telemetry.log.info("still here");
  telemetry.metrics.add("kopiur_controller_reconciliations_total", 1, { kind: "Backup" });
  assert.equal(await telemetry.withSpan("late", {}, () => 7), 7);
  assert.equal(lines.length, 1);
});

Deno.test("a source of metrics that throws is logged and costs its own series only", async () => {
  const { telemetry, lines } = start();
  telemetry.state.registerProcess(() => {
    throw new Error("cache is gone");
  });
  telemetry.state.registerProcess((): Sample[] => [{ name: "kopiur_leader", labels: {}, value: 1 }]);
  assert.ok((await telemetry.renderMetrics()).includes("kopiur_leader 1"));
  assert.match(lines.join(""), /ERROR telemetry: a source of metrics failed error="cache is gone"/);
});

Deno.test("a measurement that is no number is dropped and logged", async () => {
  const { telemetry, lines } = start();
  telemetry.metrics.record("kopiur_controller_reconcile_duration_seconds", NaN, { kind: "Backup" });
  telemetry.metrics.add("kopiur_controller_reconciliations_total", -1, { kind: "Backup" });
  assert.ok(!(await telemetry.renderMetrics()).includes("kopiur_controller_"));
  assert.equal(lines.filter((line) => line.includes("a measurement was dropped")).length, 2);
});

Deno.test("withSpan() puts the object and the trace id on each log line inside, also behind an await", async () => {
  const { telemetry, lines } = start();
  const reconcile = { kind: "Backup", namespace: "media", name: "photos-1" };
  await telemetry.withSpan("reconcile", reconcile, async ({ traceId }) => {
    await Promise.resolve();
    await telemetry.withSpan(
      { name: "GET /api/v1/pods", kind: "client" },
      {},
      () => telemetry.log.info("inside"),
    );
    assert.ok(lines[0]?.includes(`trace_id=${traceId} `));
  });
  assert.match(
    lines[0] ?? "",
    /reconcile\{kind=Backup namespace=media name=photos-1\}:GET \/api\/v1\/pods\{\}: kopiur: inside/,
  );
});
