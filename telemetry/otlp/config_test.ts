import assert from "node:assert/strict";
import fc from "fast-check";
import { inlineCertificates } from "./inline_certificates.ts";
import { parseOtlpConfig } from "./config.ts";
import type { OtlpTarget } from "./target.ts";
import { otlpVariables, variableNames } from "./variables.ts";

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4317" };
const pem = `-----BEGIN CERTIFICATE-----
MIIBdDCCARugAwIBAgIUZkbG4Ko2wYNLNmjF0Y9zZchGP/YwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAgFw0yNjExMjEwOTIxNTFaGA8yMTI2MTAyODA5MjE1
MVowDzENMAsGA1UEAwwEdGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLZ/
k+GWPEGJKSuGQN80qrtQNL1Tyz/TD5+gofZfWiv1FzC8/Q9b67DUoNS2wcHf74Fc
GI2If60BjWGDX/3joHOjUzBRMB0GA1UdDgQWBBRUbWp45C/C0G9ypY9B2xdbZQqm
zTAfBgNVHSMEGDAWgBRUbWp45C/C0G9ypY9B2xdbZQqmzTAPBgNVHRMBAf8EBTAD
AQH/MAoGCCqGSM49BAMCA0cAMEQCICWyrV0deDZicva6rnHeiLYRPAgdp8hnx4kG
auE91Np8AiBdrLaqYu3rkguWqUiCo8+5AGh33748zoQmhNCjiXgtug==
-----END CERTIFICATE-----`;

function targetOf(env: Readonly<Record<string, string>>): OtlpTarget | undefined {
  return parseOtlpConfig({ ...endpoint, ...env }).otlp?.targets.logs;
}

Deno.test("parseOtlpConfig() exports nothing and looks at nothing without an endpoint", () => {
  const env = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json", OTEL_EXPORTER_OTLP_ENDPOINT: " " };
  const nothing = { otlp: undefined, faults: [], ignored: [], hints: [], secrets: [] };
  assert.deepEqual(parseOtlpConfig(env), nothing);
  assert.deepEqual(parseOtlpConfig({ ...endpoint, ...env, OTEL_SDK_DISABLED: "TRUE" }), nothing);
});

Deno.test("parseOtlpConfig() has a default for everything but the endpoint", () => {
  const target = {
    address: "otel:4317",
    security: { kind: "plain" },
    headers: [],
    timeoutMs: 10_000,
    compression: "none",
  };
  assert.deepEqual(parseOtlpConfig(endpoint), {
    otlp: {
      targets: { traces: target, metrics: target, logs: target },
      temporality: "cumulative",
      metricIntervalMs: 60_000,
      metricTimeoutMs: 30_000,
      sampler: { root: "always_on", parentBased: true, ratio: 1 },
      spans: { delayMs: 5_000, timeoutMs: 30_000, mostQueued: 2_048, mostPerExport: 512 },
      logs: { delayMs: 1_000, timeoutMs: 30_000, mostQueued: 2_048, mostPerExport: 512 },
    },
    faults: [],
    ignored: [],
    hints: [],
    secrets: [],
  });
});

Deno.test("parseOtlpConfig() reads an endpoint as people write it", () => {
  const cases: Readonly<Record<string, readonly [address: string, security: "plain" | "tls"]>> = {
    "http://otel:4317": ["otel:4317", "plain"],
    "HTTP://otel:4317/": ["otel:4317", "plain"],
    "http://otel": ["otel:4317", "plain"],
    "https://otel.example.com": ["otel.example.com:443", "tls"],
    "https://otel.example.com:4317": ["otel.example.com:4317", "tls"],
    "otel:4317": ["otel:4317", "tls"],
    "http://[fd00::1]:4317": ["[fd00::1]:4317", "plain"],
  };
  for (const [text, [address, security]] of Object.entries(cases)) {
    const target = targetOf({ OTEL_EXPORTER_OTLP_ENDPOINT: text });
    assert.deepEqual([target?.address, target?.security.kind], [address, security], text);
  }
  const insecure = { OTEL_EXPORTER_OTLP_ENDPOINT: "otel:4317", OTEL_EXPORTER_OTLP_INSECURE: "true" };
  assert.equal(targetOf(insecure)?.security.kind, "plain");
});

Deno.test("parseOtlpConfig() lets the variable of a signal win for that signal", () => {
  const { otlp } = parseOtlpConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://all:4317",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://traces:4317",
    OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: pem,
    OTEL_EXPORTER_OTLP_TIMEOUT: "100",
    OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "200",
    OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: "gzip",
    OTEL_EXPORTER_OTLP_HEADERS: "a=1,b=2",
    OTEL_EXPORTER_OTLP_LOGS_HEADERS: "B=3",
  });
  const { traces, metrics, logs } = otlp?.targets ?? {};
  assert.deepEqual([traces?.address, traces?.security], ["traces:4317", { kind: "tls", authorities: pem }]);
  assert.deepEqual([metrics?.address, metrics?.compression, metrics?.timeoutMs], ["all:4317", "gzip", 100]);
  assert.deepEqual([logs?.timeoutMs, logs?.compression, logs?.headers], [200, "none", [["a", "1"], [
    "b",
    "3",
  ]]]);
  const one = parseOtlpConfig({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://otel:4317" });
  assert.deepEqual(Object.keys(one.otlp?.targets ?? {}), ["metrics"]);
});

Deno.test("parseOtlpConfig() refuses each setting that would send things nowhere, by name, value and what is accepted", () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [
      { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
      /OTLP_PROTOCOL: it is "http\/protobuf", expected "grpc"/,
    ],
    [{ OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json" }, /OTLP_LOGS_PROTOCOL: it is "http\/json"/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://otel:21" }, /OTLP_ENDPOINT: it is "ftp:.*expected the address/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:99999" }, /OTLP_ENDPOINT/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4317?token=hunter22" }, /OTLP_ENDPOINT/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://me:hunter22@otel:4317" }, /OTLP_ENDPOINT/],
    [
      { OTEL_EXPORTER_OTLP_HEADERS: "Bearer hunter22" },
      /OTLP_HEADERS: its value is not shown, expected a list/,
    ],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a=%zzhunter22" }, /its value is not shown/],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a b=hunter22" }, /its value is not shown/],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "key-bin=hunter22" }, /its value is not shown/],
    [{ OTEL_EXPORTER_OTLP_HEADERS: "a=hunter22%0Ax" }, /its value is not shown/],
    [
      { OTEL_EXPORTER_OTLP_CERTIFICATE: "/no/such/ca.crt" },
      /OTLP_CERTIFICATE: it is "\/no\/such\/ca.crt", expected/,
    ],
  ];
  for (const [env, says] of cases) {
    const { otlp, faults } = parseOtlpConfig({ ...endpoint, ...env });
    assert.equal(otlp, undefined);
    assert.equal(faults.length, 1, faults.join("\n"));
    assert.match(faults[0] ?? "", says);
    assert.ok(!faults.join().includes("hunter22"), faults[0]);
  }
});

Deno.test("parseOtlpConfig() says that 4318 is the port of HTTP when it sees it", () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4318" };
  const refused = parseOtlpConfig({ ...env, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" });
  assert.match(
    refused.faults[0] ?? "",
    /gRPC port 4317 \(4318, which is set, is the port of OTLP over HTTP\)$/,
  );
  const doubtful = parseOtlpConfig(env);
  assert.notEqual(doubtful.otlp, undefined);
  assert.match(doubtful.hints.join(), /4318 is the port of OTLP over HTTP/);
  assert.match(
    parseOtlpConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4317/v1/traces" }).hints.join(),
    /no path/,
  );
});

Deno.test("parseOtlpConfig() takes the default where a tuning makes no sense, and says so", () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    OTEL_EXPORTER_OTLP_TIMEOUT: ["0", "-1", "1e3", "10s", "99999999"],
    OTEL_EXPORTER_OTLP_COMPRESSION: ["zstd"],
    OTEL_EXPORTER_OTLP_INSECURE: ["yes"],
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: ["sometimes"],
    OTEL_METRIC_EXPORT_INTERVAL: ["0", "1", "x"],
    OTEL_TRACES_SAMPLER: ["jaeger_remote"],
    OTEL_BSP_MAX_QUEUE_SIZE: ["0", "1000000"],
  };
  const expected = parseOtlpConfig(endpoint).otlp;
  for (const [name, values] of Object.entries(cases)) {
    for (const value of values) {
      const { otlp, ignored } = parseOtlpConfig({ ...endpoint, [name]: value });
      assert.deepEqual(otlp, expected, `${name}=${value}`);
      assert.equal(ignored.length, 1);
      assert.ok(ignored[0]?.startsWith(`Cannot use ${name}: it is "${value}", expected `), ignored[0]);
    }
  }
});

Deno.test("parseOtlpConfig() keeps what does not fit together within what works", () => {
  const { otlp } = parseOtlpConfig({
    ...endpoint,
    OTEL_METRIC_EXPORT_INTERVAL: "500",
    OTEL_BSP_MAX_QUEUE_SIZE: "10",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.25",
  });
  assert.deepEqual([otlp?.metricIntervalMs, otlp?.metricTimeoutMs], [500, 500]);
  assert.deepEqual([otlp?.spans.mostQueued, otlp?.spans.mostPerExport], [10, 10]);
  assert.deepEqual(otlp?.sampler, { root: "traceidratio", parentBased: false, ratio: 0.25 });
});

Deno.test("parseOtlpConfig() names as secret every value a header has, and all of one it cannot read", () => {
  const good = parseOtlpConfig({
    ...endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hunter22",
  });
  assert.ok(good.secrets.includes("Bearer hunter22") && good.secrets.includes("hunter22"));
  const bad = parseOtlpConfig({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: "hunter22 hunter22" });
  assert.deepEqual(bad.secrets, ["hunter22 hunter22"]);
});

Deno.test("parseOtlpConfig() never throws, whatever the environment holds", () => {
  const names = Object.values(otlpVariables).flatMap((variable) => variableNames(variable));
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("http://x:1", "grpc", "=", "%", "a=%"),
  );
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...names), text), (env) => {
    const { otlp, faults } = parseOtlpConfig({ ...endpoint, ...env });
    assert.ok(otlp === undefined || faults.length === 0);
  }));
});

Deno.test("inlineCertificates() puts the text of a file in its place, and leaves a path it cannot read", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_CERTIFICATE: "/ca.crt",
    OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE: "/gone.crt",
    OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: pem,
    OTHER: "/ca.crt",
  };
  const read = (path: string) =>
    path === "/ca.crt" ? Promise.resolve(`${pem}\n`) : Promise.reject(new Error("gone"));
  assert.deepEqual(await inlineCertificates(env, read), { ...env, OTEL_EXPORTER_OTLP_CERTIFICATE: pem });
});
