import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { inFolder, runKopiur } from "../binary/kopiur_binary.ts";
import { createCertificateAuthority } from "../cluster/mod.ts";
import { partPath, partTest, type ToolResult } from "../parts/mod.ts";
import { type Collector, collectorParts, startCollector, unknownSpans } from "./collector.ts";

const parts = [...collectorParts, "kopia"] as const;
const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentSpanId = "b7ad6b7169203331";
const secret = "hunter22-of-the-collector";

interface Ended extends ToolResult {
  readonly result: string;
  readonly seconds: number;
}

/** A mover that makes a repository with the real kopia, told of a collector by its environment. */
async function bootstrap(env: Readonly<Record<string, string>>): Promise<Ended> {
  const kopia = await partPath("kopia");
  let ended: Ended | undefined;
  await inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "repository"));
    const spec = {
      version: 1,
      operation: { bootstrap: { create: {} } },
      identity: { username: "photos", hostname: "apps" },
      repository: { filesystem: { path: join(folder, "repository") } },
      target: { kind: "Repository", namespace: "apps", name: "nas" },
      limits: { timeoutSeconds: 60 },
      cache: {},
    };
    await Deno.writeTextFile(join(folder, "work-spec.json"), JSON.stringify(spec));
    await Deno.writeTextFile(join(folder, "result"), "");
    const began = performance.now();
    const tool = await runKopiur(["mover"], {
      env: {
        KOPIUR_WORK_SPEC_PATH: join(folder, "work-spec.json"),
        KOPIUR_RESULT_PATH: join(folder, "result"),
        KOPIUR_KOPIA_BINARY: kopia,
        KOPIA_CACHE_DIRECTORY: join(folder, "cache"),
        KOPIA_LOG_DIR: join(folder, "logs"),
        KOPIA_CONFIG_PATH: join(folder, "kopia.config"),
        KOPIA_CHECK_FOR_UPDATES: "false",
        KOPIA_PASSWORD: "correct-horse",
        POD_NAME: "nas-bootstrap-1-0a1b2c3d-x7k2p",
        KOPIUR_NAMESPACE: "apps",
        TRACEPARENT: `00-${traceId}-${parentSpanId}-01`,
        OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${secret}`,
        ...env,
      },
    });
    const seconds = (performance.now() - began) / 1000;
    ended = { ...tool, seconds, result: await Deno.readTextFile(join(folder, "result")) };
  });
  ok(ended !== undefined);
  return ended;
}

/** The work was done whatever became of the telemetry, and nothing secret was said. */
function isDone({ code, result, stdout, stderr }: Ended): void {
  equal(code, 0, stdout + stderr);
  equal(JSON.parse(result).bootstrap.created, true);
  ok(!/correct-horse|hunter22/.test(`${result}${stdout}${stderr}`));
}

function lines({ stdout }: Ended, what: RegExp): number {
  return stdout.split("\n").filter((line) => what.test(line)).length;
}

partTest({
  name: "kopiur mover sends all three signals, within the trace it was given, as the pod it is",
  parts,
  fn: async () => {
    await using collector = await startCollector();
    const ended = await bootstrap({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      RUST_LOG: "info,kopia=debug",
    });
    isDone(ended);
    await allSignals(collector);

    const mover = collector.spans.find(({ name }) => name === "mover");
    deepEqual([mover?.traceId, mover?.parentSpanId, mover?.failed], [traceId, parentSpanId, false]);
    deepEqual(mover?.attributes, {
      operation: "BootstrapRepository",
      kind: "Repository",
      namespace: "apps",
      name: "nas",
    });
    const steps = collector.spans.filter(({ name }) => name === "kopia");
    ok(steps.length >= 3);
    deepEqual(new Set(steps.map(({ parentSpanId }) => parentSpanId)), new Set([mover?.spanId]));
    ok(steps.some(({ attributes }) => attributes["process.exit.code"] === "0"));

    deepEqual(unknownSpans(collector), []);

    const [metrics, ...more] = collector.metrics;
    equal(more.length, 0);
    const labels = 'operation="BootstrapRepository",result="succeeded"';
    equal(metrics?.samples.get(`kopiur_mover_operations_total{${labels}}`), 1);
    equal(metrics?.samples.get(`kopiur_mover_operation_duration_seconds_count{${labels}}`), 1);

    ok(collector.logs.some(({ message, severity }) => message === "mover finished" && severity === "INFO"));
    ok(collector.logs.some(({ target, severity }) => target === "kopia" && severity === "DEBUG"));
    deepEqual(new Set(collector.logs.map((log) => log.traceId)), new Set([traceId]));
    const said = JSON.stringify([collector.logs, collector.spans]);
    ok(!/correct-horse|hunter22/.test(said));

    for (const { resource } of [...collector.spans, ...collector.logs, ...collector.metrics]) {
      equal(resource["service.name"], "kopiur-mover");
      equal(resource["service.instance.id"], "nas-bootstrap-1-0a1b2c3d-x7k2p");
      equal(resource["k8s.pod.name"], "nas-bootstrap-1-0a1b2c3d-x7k2p");
      equal(resource["k8s.namespace.name"], "apps");
    }
  },
});

partTest({
  name: "kopiur mover reaches a collector by TLS with its authority in a file, and no other collector",
  parts,
  fn: async () => {
    await using collector = await startCollector({ tls: true });
    await inFolder(async (folder) => {
      const [right, wrong] = [join(folder, "right.crt"), join(folder, "wrong.crt")];
      await Deno.writeTextFile(right, collector.caPem ?? "");
      await Deno.writeTextFile(wrong, (await createCertificateAuthority("another")).certPem);
      const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
      const refused = await bootstrap({ ...endpoint, OTEL_EXPORTER_OTLP_CERTIFICATE: wrong });
      isDone(refused);
      ok(refused.seconds < 15, `${refused.seconds} s`);
      ok(lines(refused, /WARN telemetry: telemetry cannot be exported.*UnknownIssuer/) >= 1, refused.stdout);
      deepEqual([collector.spans.length, collector.logs.length, collector.metrics.length], [0, 0, 0]);

      isDone(
        await bootstrap({
          ...endpoint,
          OTEL_EXPORTER_OTLP_CERTIFICATE: right,
          OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
        }),
      );
      await allSignals(collector);
    });
  },
});

partTest({
  name:
    "kopiur mover shows a collector that asks for it the certificate of its files, and says when it needs one",
  parts,
  fn: async () => {
    const authority = await createCertificateAuthority("clients");
    const pair = await authority.issue({ commonName: "kopiur" });
    await using collector = await startCollector({ clientCaPem: authority.certPem });
    await inFolder(async (folder) => {
      const [certificate, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
      await Deno.writeTextFile(certificate, pair.certPem);
      await Deno.writeTextFile(key, pair.keyPem);
      const settings = {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_CERTIFICATE: collector.caPem ?? "",
      };
      const refused = await bootstrap(settings);
      isDone(refused);
      ok(
        lines(refused, /telemetry cannot be exported.*endpoint=https:.*CertificateRequired/) >= 1,
        refused.stdout,
      );
      equal(collector.spans.length, 0);
      isDone(
        await bootstrap({
          ...settings,
          OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificate,
          OTEL_EXPORTER_OTLP_CLIENT_KEY: key,
        }),
      );
      await allSignals(collector);
    });
  },
});

partTest({
  name: "kopiur mover does its work and ends in time without a collector, and beside one that hangs",
  parts,
  fn: async () => {
    await using collector = await startCollector();
    const alone = await bootstrap({});
    isDone(alone);
    collector.signal("SIGSTOP");
    const hanging = await bootstrap({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    isDone(hanging);
    ok(hanging.seconds < alone.seconds + 4, `${alone.seconds} s alone, ${hanging.seconds} s beside it`);
    match(hanging.stdout, /WARN telemetry: telemetry did not end in time/);
    collector.signal("SIGCONT");
    await collector.kill();
    const dead = await bootstrap({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    isDone(dead);
    ok(dead.seconds < alone.seconds + 4, `${alone.seconds} s alone, ${dead.seconds} s without it`);
    ok(lines(dead, /telemetry cannot be exported/) <= 3, dead.stdout);
  },
});

partTest({
  name: "kopiur mover says which telemetry setting is wrong: lenient goes on, strict does not start",
  parts,
  fn: async () => {
    const wrong = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_EXPORTER_OTLP_HEADERS: `Bearer ${secret}`,
    };
    const lenient = await bootstrap(wrong);
    isDone(lenient);
    equal(lines(lenient, /ERROR telemetry: telemetry is not exported/), 2);
    match(lenient.stdout, /4318, which is set, is the port of OTLP over HTTP/);
    const strict = await bootstrap({ ...wrong, KOPIUR_OTEL_STRICT: "true" });
    deepEqual([strict.code, strict.stdout, strict.result], [2, "", ""]);
    match(strict.stderr, /OTEL_EXPORTER_OTLP_PROTOCOL: it is "http\/protobuf", expected "grpc"/);
    match(
      strict.stderr,
      /OTEL_EXPORTER_OTLP_HEADERS, whose value is not shown: entry 1 has no "=", expected/,
    );
    ok(!strict.stderr.includes("hunter22"));
  },
});

async function allSignals(collector: Collector): Promise<void> {
  await collector.received("spans", () => collector.spans.length > 0 || undefined);
  await collector.received("metrics", () => collector.metrics.length > 0 || undefined);
  await collector.received(
    "the last log line",
    () => collector.logs.find(({ message }) => message === "mover finished"),
  );
}
