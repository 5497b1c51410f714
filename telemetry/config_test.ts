import assert from "node:assert/strict";
import { parseTelemetryConfig, type TelemetryConfig } from "./config.ts";
import type { Role } from "./resource_attributes.ts";
import type { Environment } from "./settings.ts";

function parse(env: Environment, role: Role = "controller", terminal = false): TelemetryConfig {
  return parseTelemetryConfig(env, {
    role,
    terminal,
    build: { version: "1.2.3", commit: "abc", date: "2026-01-01" },
  });
}

Deno.test("parseTelemetryConfig() has a default for everything", () => {
  assert.deepEqual(parse({}), {
    role: "controller",
    serviceName: "kopiur-controller",
    build: { version: "1.2.3", commit: "abc", date: "2026-01-01" },
    instanceId: undefined,
    namespace: undefined,
    podName: undefined,
    attributes: {},
    logFilter: { base: 3, directives: [] },
    logFormat: { kind: "text", color: false },
    otlp: undefined,
    strict: false,
    durationRecipes: 500,
    faults: [],
    warnings: [],
    hints: [],
    secrets: [],
  });
});

Deno.test("parseTelemetryConfig() reads the variables of the contract", () => {
  const config = parse({
    RUST_LOG: "warn,kopia=debug",
    KOPIUR_LOG_FORMAT: "json",
    KOPIUR_NAMESPACE: "kopiur-system",
    HOSTNAME: "kopiur-0",
    KUBERNETES_SERVICE_HOST: "10.0.0.1",
  }, "mover");
  assert.equal(config.serviceName, "kopiur-mover");
  assert.deepEqual(config.logFilter, { base: 2, directives: [{ target: "kopia", verbosity: 4 }] });
  assert.deepEqual(config.logFormat, { kind: "json" });
  assert.deepEqual([config.namespace, config.podName, config.instanceId], [
    "kopiur-system",
    "kopiur-0",
    "kopiur-0",
  ]);
});

Deno.test("parseTelemetryConfig() reads KOPIUR_LOG for the plugin, with a default of warn", () => {
  assert.equal(parse({ RUST_LOG: "trace" }, "plugin").logFilter.base, 2);
  assert.equal(parse({ KOPIUR_LOG: "debug" }, "plugin").logFilter.base, 4);
});

Deno.test("parseTelemetryConfig() colours text on a terminal only, and not with NO_COLOR", () => {
  const cases: readonly (readonly [Environment, boolean, boolean])[] = [
    [{}, false, false],
    [{}, true, true],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
  ];
  for (const [env, terminal, color] of cases) {
    assert.deepEqual(parse(env, "controller", terminal).logFormat, { kind: "text", color });
  }
});

Deno.test("parseTelemetryConfig() takes every name of the text format and warns of others", () => {
  for (const name of ["text", "plain", "fmt", "TEXT", " text ", ""]) {
    assert.deepEqual(parse({ KOPIUR_LOG_FORMAT: name }).warnings, [], name);
  }
  const config = parse({ KOPIUR_LOG_FORMAT: "logfmt", RUST_LOG: "kopia=loud" });
  assert.equal(config.logFormat.kind, "text");
  assert.deepEqual(config.warnings.map((each) => each.match(/\(\w+\)$/)?.[0]), [
    "(RUST_LOG)",
    "(KOPIUR_LOG_FORMAT)",
  ]);
  assert.match(config.warnings[1] ?? "", /Cannot use the log format "logfmt", expected "text" or "json"/);
});

Deno.test("parseTelemetryConfig() is strict when KOPIUR_OTEL_STRICT cannot be read, and names it", () => {
  for (const [value, strict] of [["true", true], ["0", false], ["", false], ["banana", true]] as const) {
    const config = parse({ KOPIUR_OTEL_STRICT: value });
    assert.equal(config.strict, strict, value);
    assert.deepEqual(
      config.warnings.map((each) => each.split(",")[0]),
      value === "banana" ? ['Cannot use KOPIUR_OTEL_STRICT: it is "banana"'] : [],
    );
  }
});

Deno.test("parseTelemetryConfig() never throws, whatever the environment holds", () => {
  const values = ["\u0000", "=".repeat(9999), "é\uD800", "__proto__", "[a{b}]=trace"];
  for (const value of values) {
    const env = { RUST_LOG: value, KOPIUR_LOG_FORMAT: value, KOPIUR_NAMESPACE: value, HOSTNAME: value };
    assert.doesNotThrow(() => parse(env));
  }
});

Deno.test("parseTelemetryConfig() takes a number of recipes with a histogram each, 0 for none, and no other text", () => {
  const read = (text: string) => parse({ KOPIUR_DURATION_RECIPES: text });
  assert.deepEqual(["0", "2000"].map((text) => read(text).durationRecipes), [0, 2000]);
  for (const text of ["-1", "many", "1e3"]) {
    const { durationRecipes, warnings } = read(text);
    assert.deepEqual([durationRecipes, warnings.length], [500, 1]);
    assert.match(
      warnings[0] ?? "",
      /KOPIUR_DURATION_RECIPES: it is .*, expected a whole number from 0 to 100000/,
    );
  }
});
