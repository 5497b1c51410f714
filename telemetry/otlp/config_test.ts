import assert from "node:assert/strict";
import fc from "fast-check";
import { inlineCertificates } from "./inline_certificates.ts";
import { createCertificateAuthority } from "../../tests/cluster/mod.ts";
import { openTelemetry, parseTelemetryConfig, Redactor } from "../mod.ts";
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

const facts = {
  role: "controller",
  build: { version: "1.2.3", commit: "abc", date: "2026-01-01" },
  terminal: false,
} as const;

function targetOf(env: Readonly<Record<string, string>>): OtlpTarget | undefined {
  return parseOtlpConfig({ ...endpoint, ...env }).otlp?.targets.logs;
}

const nothing = { otlp: undefined, faults: [], ignored: [], hints: [], secrets: [] };

Deno.test("parseOtlpConfig() exports nothing without an endpoint, and reads no tuning", () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: " ",
    OTEL_EXPORTER_OTLP_TIMEOUT: "soon",
    OTEL_TRACES_SAMPLER: "x",
  };
  assert.deepEqual(parseOtlpConfig(env), nothing);
});

Deno.test("parseOtlpConfig() refuses another protocol than gRPC without an endpoint too, unless all is off", async () => {
  for (const name of ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]) {
    const env = { [name]: "http/protobuf" };
    const { otlp, faults, ignored } = parseOtlpConfig(env);
    assert.deepEqual([otlp, faults, ignored.length], [undefined, [], 1]);
    assert.match(ignored[0] ?? "", new RegExp(`^Cannot use ${name}: it is "http/protobuf", expected "grpc"`));
    const strict = parseTelemetryConfig({ ...env, KOPIUR_OTEL_STRICT: "true" }, facts);
    await assert.rejects(openTelemetry(strict), new RegExp(name));
    assert.deepEqual(parseOtlpConfig({ ...env, OTEL_SDK_DISABLED: "TRUE" }), nothing);
  }
  const one = {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://otel:4317",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  };
  assert.deepEqual([parseOtlpConfig(one).faults.length, parseOtlpConfig(one).ignored], [1, []]);
});

Deno.test("parseOtlpConfig() tells of each OTEL_EXPORTER_ variable that it does not know, without its value", async () => {
  const unknown = {
    OTEL_EXPORTER_OTLP_SPAN_INSECURE: "true",
    OTEL_EXPORTER_OTLP_TRACES_TEMPORALITY_PREFERENCE: "delta",
    OTEL_EXPORTER_ZIPKIN_ENDPOINT: "http://me:hunter22@zipkin",
  };
  for (const env of [unknown, { ...endpoint, ...unknown }]) {
    const { ignored } = parseOtlpConfig({ ...env, OTEL_EXPORTER_JAEGER_USER: " ", OTEL_LOG_LEVEL: "debug" });
    assert.deepEqual(
      ignored.map((each) => each.split(",")[0]),
      Object.keys(unknown).map((name) => `Cannot use ${name}`),
    );
    assert.ok(!ignored.join().includes("hunter22"));
    assert.match(
      ignored[0] ?? "",
      /, which is not known here, expected one of OTEL_EXPORTER_OTLP_ENDPOINT, /,
    );
    const strict = parseTelemetryConfig({ ...env, KOPIUR_OTEL_STRICT: "true" }, facts);
    await assert.rejects(openTelemetry(strict), /SPAN_INSECURE/);
  }
});

Deno.test("parseOtlpConfig() says what is wrong with headers and how to write them, and shows none of it", () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "Bearer hunter22": /: entry 1 has no "="/,
    "authorization=Bearer hunter22,hunter22": /: entry 2 has no "="/,
    "a=b, =hunter22": /: entry 2 has no name before "="/,
    "a=100%hunter22": /: entry 1 has a "%" that begins no %-encoded character/,
    "a b=hunter22": /: the name of header 1 has other characters than letters/,
    "a=b,key-bin=hunter22": /: the name of header 2 is reserved by gRPC/,
    "grpc-timeout=hunter22": /reserved by gRPC/,
    "a=hunter22%0Ax": /: the value of header 1 has other characters than printable ASCII/,
  };
  for (const [text, says] of Object.entries(cases)) {
    const { faults } = parseOtlpConfig({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: text });
    const [fault = "", ...more] = faults;
    assert.deepEqual(more, []);
    assert.match(fault, /^Cannot use OTEL_EXPORTER_OTLP_HEADERS, whose value is not shown: /);
    assert.match(fault, says);
    assert.match(
      fault,
      /expected a list like "name=value,name=value" with "%" in a value written as %25 and "," as %2C$/,
    );
    assert.ok(!fault.includes("hunter22"), fault);
  }
});

Deno.test("Redactor leaves every sentence about a wrong variable as it is", () => {
  const names = Object.values(otlpVariables).flatMap((variable) => variableNames(variable));
  for (const name of [...names, "OTEL_EXPORTER_SECRET_KEY"]) {
    for (const value of ["%", "/no/such/file", "wrong"]) {
      const env = { ...endpoint, OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel", [name]: value };
      const { faults, warnings, hints, secrets } = parseTelemetryConfig(env, facts);
      const redactor = new Redactor();
      for (const secret of secrets) redactor.remember(secret);
      for (const sentence of [...faults, ...warnings, ...hints]) {
        assert.equal(redactor.text(sentence), sentence);
      }
    }
  }
});

Deno.test("parseOtlpConfig() takes a certificate of this process with its key, and neither alone nor of another pair", async () => {
  const authority = await createCertificateAuthority("test");
  const [own, other] = [
    await authority.issue({ commonName: "a" }),
    await authority.issue({ commonName: "b" }),
  ];
  const [certificate, key] = [
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
  ] as const;
  const https = { OTEL_EXPORTER_OTLP_ENDPOINT: "https://otel:4317" };
  const good = parseOtlpConfig({ ...https, [certificate]: own.certPem, [key]: own.keyPem });
  assert.deepEqual(good.otlp?.targets.logs?.security, {
    kind: "tls",
    client: { certificate: own.certPem.trim(), key: own.keyPem.trim() },
  });
  assert.ok(good.secrets.includes(own.keyPem.trim()));
  const ofOne = parseOtlpConfig({
    ...https,
    [certificate.replace("CLIENT", "LOGS_CLIENT")]: own.certPem,
    [key.replace("CLIENT", "LOGS_CLIENT")]: own.keyPem,
  });
  assert.ok(ofOne.otlp?.targets.logs?.security.kind === "tls" && ofOne.otlp.targets.logs.security.client);
  assert.deepEqual(ofOne.otlp.targets.traces?.security, { kind: "tls" });
  const wrong: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [
      { [certificate]: own.certPem },
      /CLIENT_CERTIFICATE, as OTEL_EXPORTER_OTLP_CLIENT_KEY is not set, expected both/,
    ],
    [{ [key]: own.keyPem }, /CLIENT_KEY, as OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is not set, expected both/],
    [
      { [certificate]: own.certPem, [key]: other.keyPem },
      /CLIENT_KEY, which is the key of another certificate/,
    ],
    [
      { [certificate]: own.certPem, [key]: "/no/tls.key" },
      /CLIENT_KEY, which is "\/no\/tls.key", expected a readable/,
    ],
    [
      { [certificate]: own.certPem, [key]: own.certPem },
      /whose value is not shown: no key can be read from it/,
    ],
    [
      { [certificate]: "/no/tls.crt", [key]: own.keyPem },
      /CLIENT_CERTIFICATE: it is "\/no\/tls.crt", expected/,
    ],
  ];
  for (const [env, says] of wrong) {
    const { otlp, faults } = parseOtlpConfig({ ...https, ...env });
    assert.equal(otlp, undefined);
    assert.equal(faults.length, 1, faults.join("\n"));
    assert.match(faults[0] ?? "", says);
  }
  const plain = parseOtlpConfig({ ...endpoint, [certificate]: own.certPem, [key]: own.keyPem });
  assert.deepEqual(plain.otlp?.targets.logs?.security, { kind: "plain" });
  assert.match(
    plain.hints.join(),
    /Doubtful OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: it is set, expected an endpoint with https/,
  );
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
  assert.ok(!good.secrets.includes("Bearer"));
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
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "/ca.crt",
    OTEL_EXPORTER_OTLP_CLIENT_KEY: "/ca.crt",
    OTHER: "/ca.crt",
  };
  const read = (path: string) =>
    path === "/ca.crt" ? Promise.resolve(`${pem}\n`) : Promise.reject(new Error("gone"));
  assert.deepEqual(await inlineCertificates(env, read), {
    ...env,
    OTEL_EXPORTER_OTLP_CERTIFICATE: pem,
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: pem,
    OTEL_EXPORTER_OTLP_CLIENT_KEY: pem,
  });
});
