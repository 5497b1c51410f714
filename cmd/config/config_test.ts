import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { CONFIG_VARIABLES, parseControllerConfig, parseMoverConfig } from "./config.ts";

const image = { KOPIUR_MOVER_IMAGE: "kopiur.local/kopiur:0.1.0" };

Deno.test("parseControllerConfig() needs the mover image and has a default for everything else", () => {
  deepEqual(parseControllerConfig(image), {
    moverImage: "kopiur.local/kopiur:0.1.0",
    moverImagePullPolicy: "IfNotPresent",
    namespace: undefined,
    podName: undefined,
    httpAddress: { hostname: "::", port: 8080 },
    leaderElection: true,
    moverPullSecrets: [],
    moverCaConfigMap: undefined,
    maxMovers: 20,
    moverEnvPassthrough: [],
    heldBack: [],
  });
  throws(() => parseControllerConfig({}), /Cannot use KOPIUR_MOVER_IMAGE: it is not set, expected the image/);
});

Deno.test("parseControllerConfig() hands on what was set of the log settings, and nothing else", () => {
  const env = { ...image, RUST_LOG: "info,kopia=debug", KOPIUR_LOG_FORMAT: " ", KOPIA_PASSWORD: "secret" };
  deepEqual(parseControllerConfig(env).moverEnvPassthrough, [{
    name: "RUST_LOG",
    value: "info,kopia=debug",
  }]);
});

Deno.test("parseControllerConfig() hands on where headers are, never what they are, when they come from a Secret", () => {
  const env = {
    ...image,
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel:4317",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20hunter22",
  };
  const handedOn = (more: Record<string, string>) =>
    parseControllerConfig({ ...env, ...more }).moverEnvPassthrough.find(({ name }) =>
      name.endsWith("_HEADERS")
    );
  deepEqual(handedOn({}), { name: "OTEL_EXPORTER_OTLP_HEADERS", value: env.OTEL_EXPORTER_OTLP_HEADERS });
  deepEqual(handedOn({ KOPIUR_OTLP_HEADERS_SECRET: "otel/headers" }), {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    secretKeyRef: { name: "otel", key: "headers" },
  });
  const { moverEnvPassthrough } = parseControllerConfig({ ...env, KOPIUR_OTLP_CLIENT_SECRET: "otel-client" });
  deepEqual(moverEnvPassthrough.at(-1), {
    name: "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    secretKeyRef: { name: "otel-client", key: "tls.key" },
  });
});

Deno.test("parseControllerConfig() hands proxies on, but none with a password, and says which", () => {
  const config = parseControllerConfig({
    ...image,
    HTTPS_PROXY: "http://me:hunter2@proxy:3128",
    http_proxy: " http://proxy:3128 ",
    NO_PROXY: ".svc,10.0.0.0/8",
  });
  deepEqual(config.moverEnvPassthrough, [
    { name: "HTTP_PROXY", value: "http://proxy:3128" },
    { name: "NO_PROXY", value: ".svc,10.0.0.0/8" },
  ]);
  deepEqual(config.heldBack, ["HTTPS_PROXY"]);
});

Deno.test("parseControllerConfig() reads what movers pull with and whom they trust", () => {
  const { moverPullSecrets, moverCaConfigMap } = parseControllerConfig({
    ...image,
    KOPIUR_MOVER_PULL_SECRETS: "registry, mirror.lan",
    KOPIUR_MOVER_CA_CONFIG_MAP: "trusted/ca.crt",
  });
  deepEqual(moverPullSecrets, ["registry", "mirror.lan"]);
  deepEqual(moverCaConfigMap, { name: "trusted", key: "ca.crt" });
});

Deno.test("parseControllerConfig() refuses each value that means nothing", () => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{ KOPIUR_MOVER_PULL_POLICY: "always" }, /it is "always", expected "Always", "IfNotPresent" or "Never"/],
    [{ KOPIUR_HTTP_ADDR: "8080" }, /Cannot use KOPIUR_HTTP_ADDR: it is "8080", expected an address like/],
    [{ KOPIUR_LEADER_ELECTION: "maybe" }, /it is "maybe", expected "true" or "false"/],
    [{ KOPIUR_NAMESPACE: "Kopiur System" }, /expected the name of a namespace/],
    [{ KOPIUR_MOVER_IMAGE: "two words" }, /it is "two words"/],
    [{ KOPIUR_MAX_MOVERS: "-1" }, /it is "-1", expected a whole number from 0 to 10000/],
    [{ KOPIUR_MAX_MOVERS: "10001" }, /expected a whole number/],
    [{ KOPIUR_MAX_MOVERS: "1e3" }, /expected a whole number/],
    [{ KOPIUR_OTLP_HEADERS_SECRET: "otel" }, /it is "otel", expected a Secret and a key in it/],
    [{ KOPIUR_OTLP_CLIENT_SECRET: "otel/tls" }, /CLIENT_SECRET.* "otel\/tls", expected the name of a Secret/],
    [{ KOPIUR_MOVER_PULL_SECRETS: "a,,b" }, /expected names of Secrets, separated by commas/],
    [{ KOPIUR_MOVER_CA_CONFIG_MAP: "ca" }, /it is "ca", expected a ConfigMap and a key in it/],
    [{ POD_NAME: "a/b" }, /it is "a\/b"/],
  ];
  for (const [env, want] of cases) throws(() => parseControllerConfig({ ...image, ...env }), want);
});

Deno.test("parseMoverConfig() knows where a container of ours holds everything", () => {
  deepEqual(parseMoverConfig({}), {
    workSpecPath: "/etc/kopiur/work/work-spec.json",
    resultPath: "/run/kopiur/termination-log",
    kopiaBinary: "kopia",
  });
});

Deno.test("CONFIG_VARIABLES names each variable once, with a role and a sentence", () => {
  const names = CONFIG_VARIABLES.map(({ name }) => name);
  equal(new Set(names).size, names.length);
  for (const { name, roles, description } of CONFIG_VARIABLES) {
    ok(roles.length > 0 && description.endsWith("."), name);
  }
});
