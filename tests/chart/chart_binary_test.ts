import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { ALL_KINDS } from "../../api/mod.ts";
import { parseArgs } from "../../cmd/args.ts";
import { partPath } from "../parts/mod.ts";

interface Manifest {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: Record<string, unknown>;
  readonly rules?: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

const chart = new URL("../../deploy/chart", import.meta.url).pathname;

const overlay = new URL("../../deploy/observability-values.yaml", import.meta.url).pathname;

/** Arguments beginning with "-f" name a file, all others are values to set. */
async function helm(
  ...sets: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly error: string }> {
  const args = [
    "template",
    "kopiur",
    chart,
    "--namespace",
    "kopiur-system",
    ...sets.flatMap((set) => set.startsWith("-f") ? [set] : ["--set", set]),
  ];
  const { code, stdout, stderr } = await new Deno.Command(await partPath("helm"), { args }).output();
  return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
}

async function render(...sets: readonly string[]): Promise<readonly Manifest[]> {
  const { code, out, error } = await helm(...sets);
  assert.equal(code, 0, error);
  return parseAllDocuments(out).map((document) => document.toJS() as Manifest | null).filter((manifest) =>
    manifest !== null
  );
}

/** The first of its kind, of the release's own ones where there are such. */
function find(manifests: readonly Manifest[], kind: string): Manifest {
  const ofKind = manifests.filter((manifest) => manifest.kind === kind);
  const found = ofKind.find((manifest) => hooks([manifest]).length === 0) ?? ofKind[0];
  assert.ok(found, `no ${kind} was rendered`);
  return found;
}

interface PodTemplate {
  readonly spec: {
    readonly securityContext: Record<string, unknown>;
    readonly serviceAccountName: string;
    readonly containers: readonly [{
      readonly image: string;
      readonly securityContext: Record<string, unknown>;
      readonly env: readonly {
        readonly name: string;
        readonly value?: string;
        readonly valueFrom?: unknown;
      }[];
    }];
  };
}

function podTemplate(manifests: readonly Manifest[]): PodTemplate {
  return find(manifests, "Deployment").spec?.["template"] as PodTemplate;
}

function env(manifests: readonly Manifest[], name: string): string | undefined {
  return podTemplate(manifests).spec.containers[0].env.find((variable) => variable.name === name)?.value;
}

Deno.test("the chart: its defaults render CRDs that are kept, RBAC, a restricted Deployment and a metrics Service", async () => {
  const manifests = await render();
  const crds = manifests.filter(({ kind }) => kind === "CustomResourceDefinition");
  assert.equal(crds.length, ALL_KINDS.length);
  for (const crd of crds) assert.equal(crd.metadata.annotations?.["helm.sh/resource-policy"], "keep");
  const { spec } = podTemplate(manifests);
  assert.equal(spec.securityContext["runAsNonRoot"], true);
  assert.deepEqual(spec.securityContext["seccompProfile"], { type: "RuntimeDefault" });
  assert.deepEqual(spec.containers[0].securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.equal(find(manifests, "Service").metadata.name, "kopiur-metrics");
  assert.equal(find(manifests, "ServiceAccount").metadata.name, spec.serviceAccountName);
});

Deno.test("the chart: the controller may do nothing to Secrets but read them", async () => {
  const rules = find(await render(), "ClusterRole").rules ?? [];
  const secrets = rules.filter(({ resources }) => resources.includes("secrets"));
  assert.deepEqual(secrets.flatMap(({ verbs }) => verbs), ["get", "list", "watch"]);
  assert.equal(rules.some(({ resources, verbs }) => resources.includes("*") || verbs.includes("*")), false);
});

Deno.test("the chart: logging reaches the controller, and logging.level falls back to controller.logLevel", async () => {
  assert.equal(env(await render(), "RUST_LOG"), "info");
  assert.equal(env(await render("controller.logLevel=warn"), "RUST_LOG"), "warn");
  const manifests = await render(
    "controller.logLevel=warn",
    "logging.level=info\\,kopia=debug",
    "logging.format=json",
  );
  assert.equal(env(manifests, "RUST_LOG"), "info,kopia=debug");
  assert.equal(env(manifests, "KOPIUR_LOG_FORMAT"), "json");
});

Deno.test("the chart: the limit of movers reaches the controller as a whole number", async () => {
  assert.equal(env(await render(), "KOPIUR_MAX_MOVERS"), "20");
  assert.equal(env(await render("controller.maxConcurrentMovers=10000"), "KOPIUR_MAX_MOVERS"), "10000");
});

Deno.test("the chart: the controller listens on every address, and the Service has the families asked for", async () => {
  const plain = await render();
  assert.equal(env(plain, "KOPIUR_HTTP_ADDR"), "[::]:8080");
  const { ipFamilyPolicy, ipFamilies } = find(plain, "Service").spec ?? {};
  assert.deepEqual([ipFamilyPolicy, ipFamilies], [undefined, undefined]);
  const dual = find(
    await render(
      "metrics.service.ipFamilyPolicy=PreferDualStack",
      "metrics.service.ipFamilies={IPv6,IPv4}",
    ),
    "Service",
  ).spec ?? {};
  assert.deepEqual([dual["ipFamilyPolicy"], dual["ipFamilies"]], ["PreferDualStack", ["IPv6", "IPv4"]]);
});

Deno.test("the chart: how many recipes have a histogram each reaches the controller, and 0 switches them off", async () => {
  assert.equal(env(await render(), "KOPIUR_DURATION_RECIPES"), "500");
  assert.equal(env(await render("metrics.durationRecipes=0"), "KOPIUR_DURATION_RECIPES"), "0");
});

Deno.test("the chart: pull secrets, proxies and authorities reach the controller, which gives them to movers", async () => {
  const plain = await render();
  const names = [
    "KOPIUR_MOVER_PULL_SECRETS",
    "KOPIUR_MOVER_CA_CONFIG_MAP",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
  ];
  assert.deepEqual(names.map((name) => env(plain, name)), names.map(() => undefined));
  const full = await render(
    "imagePullSecrets[0].name=registry",
    "imagePullSecrets[1].name=mirror",
    "caBundle.configMapName=trusted",
    "proxy.httpsProxy=http://proxy.lan:3128",
    "proxy.noProxy=.svc\\,10.0.0.0/8",
  );
  assert.deepEqual(names.map((name) => env(full, name)), [
    "registry,mirror",
    "trusted/ca.crt",
    "http://proxy.lan:3128",
    undefined,
    ".svc,10.0.0.0/8",
  ]);
});

Deno.test("the chart: observability.otlp turns the export on, and is not there otherwise", async () => {
  const otlp = (manifests: readonly Manifest[]) =>
    podTemplate(manifests).spec.containers[0].env.filter(({ name }) => /^OTEL_|OTEL/.test(name));
  assert.deepEqual(otlp(await render("observability.otlp.headers=a=b")), []);
  assert.deepEqual(otlp(await render("observability.otlp.enabled=true")), [
    { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://otel-collector.observability.svc:4317" },
    { name: "OTEL_EXPORTER_OTLP_PROTOCOL", value: "grpc" },
    { name: "KOPIUR_OTEL_STRICT", value: "false" },
  ]);
  const full = await render(
    "observability.otlp.enabled=true",
    "observability.otlp.endpoint=https://otel.lan:4317",
    "observability.otlp.headers=authorization=Bearer%20abc\\,tenant=a",
    "observability.otlp.strict=true",
    "observability.otlp.extraEnv[0].name=OTEL_TRACES_SAMPLER",
    "observability.otlp.extraEnv[0].value=always_off",
  );
  assert.deepEqual(otlp(full).map(({ value }) => value), [
    "https://otel.lan:4317",
    "grpc",
    "authorization=Bearer%20abc,tenant=a",
    "true",
    "always_off",
  ]);
  const names = podTemplate(full).spec.containers[0].env.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});

Deno.test("the chart: headers come from a Secret, and the controller is told which, so that no Job holds them", async () => {
  const { spec } = podTemplate(
    await render("observability.otlp.enabled=true", "observability.otlp.headersSecretRef.name=otel"),
  );
  const found = spec.containers[0].env.filter(({ name }) => name.includes("HEADERS"));
  assert.deepEqual(found, [
    {
      name: "OTEL_EXPORTER_OTLP_HEADERS",
      valueFrom: { secretKeyRef: { name: "otel", key: "headers" } },
    },
    { name: "KOPIUR_OTLP_HEADERS_SECRET", value: "otel/headers" },
  ]);
});

Deno.test("the chart: a client certificate comes from a Secret, and the controller is told which", async () => {
  const { spec } = podTemplate(
    await render("observability.otlp.enabled=true", "observability.otlp.clientCertificateSecret=otel-client"),
  );
  const from = (key: string) => ({ secretKeyRef: { name: "otel-client", key } });
  assert.deepEqual(spec.containers[0].env.filter(({ name }) => name.includes("CLIENT")), [
    { name: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", valueFrom: from("tls.crt") },
    { name: "OTEL_EXPORTER_OTLP_CLIENT_KEY", valueFrom: from("tls.key") },
    { name: "KOPIUR_OTLP_CLIENT_SECRET", value: "otel-client" },
  ]);
});

Deno.test("the chart: the overlay for observability turns on scraping and export, whatever the cluster has", async () => {
  const plain = await render();
  assert.equal(plain.some(({ kind }) => kind === "ServiceMonitor"), false);
  const manifests = await render(
    `-f${overlay}`,
    "metrics.serviceMonitor.labels.release=prometheus",
    "metrics.serviceMonitor.interval=15s",
  );
  const { metadata, spec } = find(manifests, "ServiceMonitor");
  assert.equal(metadata.labels?.["release"], "prometheus");
  const service = find(manifests, "Service");
  const selector = spec?.["selector"] as { readonly matchLabels: Record<string, string> };
  for (const [label, value] of Object.entries(selector.matchLabels)) {
    assert.equal(service.metadata.labels?.[label], value, label);
  }
  assert.deepEqual(spec?.["namespaceSelector"], { matchNames: ["kopiur-system"] });
  assert.deepEqual(spec?.["endpoints"], [
    { port: "metrics", path: "/metrics", interval: "15s", honorLabels: true },
  ]);
  assert.equal(env(manifests, "OTEL_EXPORTER_OTLP_ENDPOINT"), "http://otel-collector.observability.svc:4317");
});

/** Everything the chart runs after an uninstall. */
function hooks(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] !== undefined);
}

Deno.test("the chart: after an uninstall a restricted Job with rights of its own lets the Backups go", async () => {
  const manifests = await render(
    "image.registry=",
    "image.controller.repository=local/kopiur",
    "image.controller.tag=dev",
    "imagePullSecrets[0].name=pull",
    "controller.nodeSelector.disk=ssd",
  );
  const made = hooks(manifests);
  const kinds = made.map(({ kind }) => kind).toSorted();
  assert.deepEqual(kinds, ["ClusterRole", "ClusterRoleBinding", "Job", "ServiceAccount"]);
  for (const { kind, metadata: { annotations = {} } } of made) {
    assert.equal(annotations["helm.sh/hook"], "post-delete", "before, the controller would undo it");
    const policy = annotations["helm.sh/hook-delete-policy"] ?? "";
    assert.match(policy, kind === "Job" ? /hook-succeeded$/ : /hook-succeeded,hook-failed$/, kind);
    assert.equal(Number(annotations["helm.sh/hook-weight"]), kind === "Job" ? 0 : -1, kind);
  }
  assert.deepEqual(find(made, "ClusterRole").rules?.map(({ resources, verbs }) => ({ resources, verbs })), [
    { resources: ["backups"], verbs: ["get", "list", "patch"] },
  ]);
  const { spec = {} } = find(made, "Job");
  assert.deepEqual([spec["activeDeadlineSeconds"], spec["backoffLimit"]], [120, 2]);
  const { spec: pod } = spec["template"] as PodTemplate;
  const controller = podTemplate(manifests).spec;
  assert.deepEqual(pod.securityContext, controller.securityContext);
  assert.deepEqual(pod.containers[0].securityContext, controller.containers[0].securityContext);
  assert.equal(pod.containers[0].image, "local/kopiur:dev");
  assert.equal(pod.serviceAccountName, find(made, "ServiceAccount").metadata.name);
  assert.match(
    JSON.stringify(pod),
    /"imagePullSecrets":\[\{"name":"pull"\}\].*"nodeSelector":\{"disk":"ssd"\}/,
  );
  const { args } = pod.containers[0] as unknown as { readonly args: readonly string[] };
  const { kind } = parseArgs("kopiur", args);
  assert.equal(kind, "finalizers-drop", "the image knows the command");
  const selector = find(manifests, "Service").spec?.["selector"] as Record<string, string>;
  const podLabels = (spec["template"] as { readonly metadata: { readonly labels: Record<string, string> } })
    .metadata.labels;
  assert.notEqual(podLabels["app.kubernetes.io/component"], selector["app.kubernetes.io/component"]);
});

Deno.test("the chart: nothing runs after an uninstall where it was not wanted, or may have no rights", async () => {
  for (const set of ["uninstall.dropFinalizers=false", "rbac.create=false"]) {
    assert.deepEqual(hooks(await render(set)), [], set);
  }
});

Deno.test("the chart: metrics.networkPolicy closes the port to all but the named peers, and is not there otherwise", async () => {
  assert.equal((await render()).some(({ kind }) => kind === "NetworkPolicy"), false);
  const closed = find(await render("metrics.networkPolicy.enabled=true"), "NetworkPolicy").spec;
  const pods = find(await render(), "Deployment").spec?.["selector"];
  assert.deepEqual(closed, { podSelector: pods, policyTypes: ["Ingress"], ingress: [] });
  const peer = "metrics.networkPolicy.from[0].namespaceSelector.matchLabels";
  const open = await render(
    "metrics.networkPolicy.enabled=true",
    `${peer}.kubernetes\\.io/metadata\\.name=monitoring`,
  );
  assert.deepEqual(find(open, "NetworkPolicy").spec?.["ingress"], [{
    from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "monitoring" } } }],
    ports: [{ port: "metrics", protocol: "TCP" }],
  }]);
});

Deno.test("the chart: image references honour registry, tag and digest", async () => {
  const plain = await render("image.registry=", "image.mover.repository=local/kopiur", "image.mover.tag=dev");
  assert.equal(env(plain, "KOPIUR_MOVER_IMAGE"), "local/kopiur:dev");
  const pinned = await render("image.controller.digest=sha256:abc");
  assert.equal(podTemplate(pinned).spec.containers[0].image, "ghcr.io/home-operations/kopiur@sha256:abc");
});

Deno.test("the chart: installCRDs=false, rbac.create=false and metrics.service.enabled=false leave out what they name", async () => {
  const kinds = (await render("installCRDs=false", "rbac.create=false", "metrics.service.enabled=false")).map(
    ({ kind }) => kind,
  );
  for (const kind of ["CustomResourceDefinition", "ClusterRole", "Role", "Service"]) {
    assert.equal(kinds.includes(kind), false, kind);
  }
});

Deno.test("the chart refuses senseless values with a sentence", async () => {
  const cases: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    "an unknown value": [["bogus=1"], /bogus/],
    "a log format that does not exist": [["logging.format=xml"], /format/],
    "two controllers without election": [[
      "controller.replicaCount=2",
      "controller.leaderElection.enabled=false",
    ], /two controllers would do everything twice/],
    "a proxy with a password": [
      ["proxy.httpProxy=http://me:p@proxy"],
      /HTTP_PROXY holds a user, expected an address without user and password/,
    ],
    "a family that does not exist": [["metrics.service.ipFamilies={IPv5}"], /ipFamilies/],
    "a protocol that is not built in": [["observability.otlp.protocol=http/protobuf"], /protocol/],
    "an export to nowhere": [[
      "observability.otlp.enabled=true",
      "observability.otlp.endpoint=",
    ], /observability\.otlp\.endpoint is empty/],
    "a ServiceMonitor that finds nothing": [[
      "metrics.serviceMonitor.enabled=true",
      "metrics.service.enabled=false",
    ], /a ServiceMonitor finds pods by it/],
    "an interval that is none": [["metrics.serviceMonitor.interval=soon"], /interval/],
    "headers from two places": [[
      "observability.otlp.enabled=true",
      "observability.otlp.headers=a=b",
      "observability.otlp.headersSecretRef.name=otel",
    ], /are both set/],
    "alerts that are not built yet": [["metrics.prometheusRule.enabled=true"], /prometheusRule/],
    "a dashboard that is not built yet": [["grafanaDashboard.enabled=true"], /grafanaDashboard/],
    "no ServiceAccount at all": [["serviceAccount.create=false"], /serviceAccount\.name is empty/],
  };
  for (const [name, [sets, says]] of Object.entries(cases)) {
    const { code, error } = await helm(...sets);
    assert.notEqual(code, 0, name);
    assert.match(error, says, name);
  }
});
