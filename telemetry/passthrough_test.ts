import assert from "node:assert/strict";
import { LOG_PASSTHROUGH, OTLP_PASSTHROUGH, telemetryPassthrough } from "./passthrough.ts";

const logs = { RUST_LOG: "info,kopia=debug", KOPIUR_LOG_FORMAT: "json" };
const otlp = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4317",
  OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
  OTEL_EXPORTER_OTLP_LOGS_TIMEOUT: "2000",
  OTEL_RESOURCE_ATTRIBUTES: "k8s.cluster.name=home",
  KOPIUR_OTEL_STRICT: "true",
};

function handedOn(env: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    telemetryPassthrough(env).map((each) => [each.name, "value" in each ? each.value : each.secretKeyRef]),
  );
}

Deno.test("LOG_PASSTHROUGH and OTLP_PASSTHROUGH name what is promised, and not the name of the controller", () => {
  assert.deepEqual(LOG_PASSTHROUGH, ["RUST_LOG", "KOPIUR_LOG_FORMAT"]);
  const named = ["ENDPOINT", "PROTOCOL", "HEADERS"].map((each) => `OTEL_EXPORTER_OTLP_${each}`);
  for (const name of [...named, ...Object.keys(otlp)]) assert.ok(OTLP_PASSTHROUGH.includes(name), name);
  assert.ok(!OTLP_PASSTHROUGH.includes("OTEL_SERVICE_NAME"));
  assert.equal(new Set(OTLP_PASSTHROUGH).size, OTLP_PASSTHROUGH.length);
});

Deno.test("telemetryPassthrough() hands on log settings that are set, and nothing else without a collector", () => {
  const env = {
    ...logs,
    OTEL_RESOURCE_ATTRIBUTES: "a=b",
    KOPIUR_OTEL_STRICT: "true",
    KOPIA_PASSWORD: "secret",
  };
  assert.deepEqual(handedOn(env), logs);
  assert.deepEqual(handedOn({ RUST_LOG: " " }), {});
});

Deno.test("telemetryPassthrough() hands on the settings of the export when there is a collector", () => {
  const env = { ...logs, ...otlp, OTEL_SERVICE_NAME: "mine", KOPIA_PASSWORD: "secret" };
  assert.deepEqual(handedOn(env), { ...logs, ...otlp });
});

Deno.test("telemetryPassthrough() spares movers settings that export nothing", () => {
  assert.deepEqual(handedOn({ ...logs, ...otlp, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }), logs);
  assert.deepEqual(handedOn({ ...logs, ...otlp, OTEL_SDK_DISABLED: "true" }), logs);
});

Deno.test("telemetryPassthrough() keeps headers that come from a Secret out of Jobs, also those of one signal", () => {
  const env = { ...otlp, OTEL_EXPORTER_OTLP_HEADERS: "a=b", OTEL_EXPORTER_OTLP_LOGS_HEADERS: "c=d" };
  const found = telemetryPassthrough(env, { headers: { name: "otel", key: "headers" } });
  assert.deepEqual(found.filter(({ name }) => name.endsWith("HEADERS")), [
    { name: "OTEL_EXPORTER_OTLP_HEADERS", secretKeyRef: { name: "otel", key: "headers" } },
  ]);
});

Deno.test("telemetryPassthrough() hands on a client certificate from a Secret, and never its key by value", () => {
  const env = {
    ...otlp,
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: "",
    OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY: "",
  };
  const found = (more: Readonly<Record<string, string>>, client?: string) =>
    telemetryPassthrough({ ...env, ...more }, { client }).filter(({ name }) => name.includes("CLIENT"));
  assert.deepEqual(found({}, "otel-client"), [
    { name: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", secretKeyRef: { name: "otel-client", key: "tls.crt" } },
    { name: "OTEL_EXPORTER_OTLP_CLIENT_KEY", secretKeyRef: { name: "otel-client", key: "tls.key" } },
  ]);
  assert.deepEqual(found({}), []);
  assert.deepEqual(found({ OTEL_SDK_DISABLED: "true" }, "otel-client"), []);
  assert.ok(OTLP_PASSTHROUGH.every((name) => !name.includes("CLIENT")));
});
