import * as z from "zod";
import { Document, type YAMLMap } from "yaml";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

const text = z.string();
const labels = z.record(z.string(), z.string());
const anyMap = z.record(z.string(), z.unknown());
const anyList = z.array(z.unknown());
const duration = z.string().regex(/^([0-9]+(ms|s|m|h))+$/);

const image = z.strictObject({
  repository: text.default("home-operations/kopiur").describe("Image repository below the registry."),
  tag: text.default("").describe("Tag; empty: the chart's appVersion."),
  digest: text.default("").describe("Digest (sha256:…); wins over the tag."),
}).prefault({});

/** Every value of the chart with default and meaning: the one source of values.yaml, its schema and its table. */
export const chartValues = z.strictObject({
  global: anyMap.optional().describe("Globals of a parent chart; not read."),
  enabled: z.boolean().optional().describe("Condition of a parent chart; not read."),
  nameOverride: text.default("").describe("Replaces the chart's name in object names."),
  fullnameOverride: text.default("").describe("Replaces the whole prefix of object names."),
  installCRDs: z.boolean().default(true).describe(
    "Install and upgrade the CRDs with this release; they are kept on uninstall.",
  ),
  image: z.strictObject({
    registry: text.default("ghcr.io").describe(
      "Registry of all images; empty: the repository is used as it is.",
    ),
    pullPolicy: z.enum(["Always", "IfNotPresent", "Never"]).default("IfNotPresent").describe(
      "Pull policy of controller and movers.",
    ),
    controller: image.describe("Image of the controller."),
    mover: image.describe("Image of mover Jobs. One image serves both roles."),
  }).prefault({}).describe("Images."),
  imagePullSecrets: z.array(z.strictObject({ name: text })).default([]).describe(
    "Pull secrets of the controller and of movers. For movers make Secrets of these names in each namespace with Backups, or attach one to its default ServiceAccount.",
  ),
  proxy: z.strictObject({
    httpsProxy: text.default("").describe(
      "HTTPS_PROXY of the controller and of movers, as http://proxy.lan:3128. One with user and password belongs into a Secret, which a Repository names (spec.backend.s3.proxy.secretRef).",
    ),
    httpProxy: text.default("").describe("HTTP_PROXY likewise."),
    noProxy: text.default("").describe(
      "NO_PROXY likewise: name what is inside the cluster, as .svc,.cluster.local,10.0.0.0/8.",
    ),
  }).prefault({}).describe("Proxy on the way to storages; a Repository may name another one, or none."),
  caBundle: z.strictObject({
    configMapName: text.default("").describe(
      "A ConfigMap of this name in each namespace with movers, as trust-manager makes it; where there is none, nothing is added.",
    ),
    key: text.default("ca.crt").describe("Key in it, with PEM."),
  }).prefault({}).describe(
    "Certificate authorities that movers trust besides public ones; a Repository's tls.caBundleRef counts alone.",
  ),
  serviceAccount: z.strictObject({
    create: z.boolean().default(true).describe("Create the controller's ServiceAccount."),
    name: text.default("").describe("Its name; empty: the release's full name."),
    annotations: labels.default({}).describe("Its annotations."),
  }).prefault({}).describe("ServiceAccount of the controller. Movers have none."),
  rbac: z.strictObject({
    create: z.boolean().default(true).describe("Create ClusterRole, Role and their bindings."),
  }).prefault({}).describe("Permissions of the controller."),
  controller: z.strictObject({
    replicaCount: z.int().min(1).default(1).describe("Replicas; one leads, the others stand by."),
    leaderElection: z.strictObject({
      enabled: z.boolean().default(true).describe("Elect a leader by a Lease; only off with one replica."),
    }).prefault({}).describe("Leader election."),
    maxConcurrentMovers: z.int().min(0).max(10000).default(20).describe(
      "Movers that may have a slot at the same time in the whole cluster; 0 for no limit. The last tenth of the slots, " +
        "at least one, goes only to namespaces that have none. Opening repositories has slots of its own besides these: a " +
        "quarter as many, and at least two.",
    ),
    logLevel: text.default("info").describe("Deprecated alias of logging.level."),
    extraEnv: anyList.default([]).describe("Further environment variables of the controller."),
    extraVolumes: anyList.default([]).describe("Further volumes of the controller pod."),
    extraVolumeMounts: anyList.default([]).describe("Further volume mounts of the controller."),
    resources: anyMap.default({ requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "1Gi" } })
      .describe("Resources of the controller."),
    nodeSelector: labels.default({}).describe("Node selector."),
    tolerations: anyList.default([]).describe("Tolerations."),
    affinity: anyMap.default({}).describe("Affinity."),
    topologySpreadConstraints: anyList.default([]).describe("Topology spread constraints."),
    priorityClassName: text.default("").describe("Priority class."),
    podLabels: labels.default({}).describe("Further labels of the pod."),
    podAnnotations: labels.default({}).describe("Further annotations of the pod."),
    terminationGracePeriodSeconds: z.int().min(5).default(30).describe(
      "Time to finish passes and release the lease.",
    ),
  }).prefault({}).describe("The controller."),
  metrics: z.strictObject({
    port: z.int().min(1).max(65535).default(8080).describe("Port of /metrics, /healthz and /readyz."),
    durationRecipes: z.int().min(0).max(100_000).default(500).describe(
      "Up to so many BackupConfigs each has a histogram of how long its backups take (20 series each); where there are more, all share one, with a warning (KOPIUR_DURATION_RECIPES). 0 switches them off: all share one.",
    ),
    service: z.strictObject({
      enabled: z.boolean().default(true).describe("Create the metrics Service."),
      annotations: labels.default({}).describe("Its annotations."),
      ipFamilyPolicy: z.enum(["", "SingleStack", "PreferDualStack", "RequireDualStack"]).default("").describe(
        "Families of its addresses; empty: the cluster's default, which is IPv6 where there is only that. The controller " +
          "itself answers by IPv4 and by IPv6.",
      ),
      ipFamilies: z.array(z.enum(["IPv4", "IPv6"])).max(2).default([]).describe(
        "The families, the first one first; empty: the cluster's default.",
      ),
    }).prefault({}).describe("Service in front of /metrics."),
    serviceMonitor: z.strictObject({
      enabled: z.boolean().default(false).describe(
        "Let the Prometheus Operator scrape the controller; its CRDs must be installed.",
      ),
      interval: duration.default("30s").describe("Time between two scrapes."),
      labels: labels.default({}).describe(
        "Further labels, which a Prometheus may select by, as release=prometheus.",
      ),
    }).prefault({}).describe(
      "A ServiceMonitor with honorLabels: the labels namespace and name are those of the objects measured.",
    ),
    networkPolicy: z.strictObject({
      enabled: z.boolean().default(false).describe(
        "Close the port of /metrics, which names every namespace and recipe, to all but `from`; the kubelet's probes still pass.",
      ),
      from: z.array(anyMap).default([]).describe(
        "Who may scrape, as the peers of a NetworkPolicy; empty: nobody.",
      ),
    }).prefault({}).describe("NetworkPolicy of the controller; it needs a network that enforces them."),
  }).prefault({}).describe("Metrics."),
  logging: z.strictObject({
    level: text.default("").describe(
      "RUST_LOG of controller and movers, as info,kopia=debug (with --set a comma is written \\,); empty: controller.logLevel.",
    ),
    format: z.enum(["text", "json"]).default("text").describe("KOPIUR_LOG_FORMAT of controller and movers."),
  }).prefault({}).describe("Logging."),
  observability: z.strictObject({
    otlp: z.strictObject({
      enabled: z.boolean().default(false).describe(
        "Export metrics, traces and logs of controller and movers to an OpenTelemetry collector.",
      ),
      endpoint: text.default("http://otel-collector.observability.svc:4317").describe(
        "The collector's gRPC address (OTEL_EXPORTER_OTLP_ENDPOINT); required when enabled.",
      ),
      protocol: z.enum(["grpc"]).default("grpc").describe("Only gRPC is built in."),
      headers: text.default("").describe(
        "OTEL_EXPORTER_OTLP_HEADERS, as authorization=Bearer%20abc; whoever may read Deployments and Jobs sees it.",
      ),
      headersSecretRef: z.strictObject({
        name: text.default("").describe("Name of the Secret, in the namespace of the controller."),
        key: text.default("headers").describe("Key in it."),
      }).prefault({}).describe(
        "Take the headers from a Secret instead. Movers take theirs from a Secret of the same name in their own namespace, and send none where there is none.",
      ),
      clientCertificateSecret: text.default("").describe(
        "Name of a Secret of type kubernetes.io/tls, in the namespace of the controller, with the certificate it shows a collector that asks for one. Movers take theirs from a Secret of the same name in their own namespace, and show none where there is none.",
      ),
      strict: z.boolean().default(false).describe(
        "A telemetry setting that cannot be used keeps the controller from starting (KOPIUR_OTEL_STRICT).",
      ),
      extraEnv: anyList.default([]).describe(
        "Further OTEL_* variables of the controller; those of the export reach the movers too.",
      ),
    }).prefault({}).describe("Export over OTLP."),
  }).prefault({}).describe("Observability."),
  uninstall: z.strictObject({
    dropFinalizers: z.boolean().default(true).describe(
      "After an uninstall, let Backups and their namespaces go: a Job takes kopiur's finalizer off every Backup; snapshots stay. Needs rbac.create.",
    ),
  }).prefault({}).describe("What `helm uninstall` leaves behind."),
  podSecurityContext: anyMap.default({
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" },
  }).describe("Pod security context of the controller (PodSecurity restricted)."),
  securityContext: anyMap.default({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  }).describe("Container security context of the controller."),
});

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** values.yaml with a comment per value, values.schema.json, and the table of the chart's README. */
export function valuesFiles(): readonly GeneratedFile[] {
  const schema = z.toJSONSchema(chartValues, {
    target: "draft-7",
    io: "input",
    reused: "inline",
  }) as unknown as Schema;
  const defaults: unknown = chartValues.parse({});
  return [
    { path: "deploy/chart/values.yaml", text: valuesYaml(schema, defaults) },
    { path: "deploy/chart/values.schema.json", text: JSON.stringify(schema, null, 2) + "\n" },
    { path: "deploy/chart/README.md", text: readme(schema, defaults) },
  ];
}

function valuesYaml(schema: Schema, defaults: unknown): string {
  const document = new Document(defaults);
  comment(document.contents as YAMLMap, schema);
  document.commentBefore = ` ${generatedNotice("deploy/generators/values.ts", "#").slice(2)}`;
  return document.toString({ lineWidth: 0 });
}

function comment(map: YAMLMap, schema: Schema): void {
  for (const pair of map.items) {
    const key = pair.key as { value: string; commentBefore?: string };
    const child = schema.properties?.[key.value];
    if (child?.description !== undefined) key.commentBefore = ` ${child.description}`;
    if (child?.properties !== undefined) comment(pair.value as YAMLMap, child);
  }
}

function readme(schema: Schema, defaults: unknown): string {
  return [
    generatedNotice("deploy/generators/values.ts", "<!--"),
    "# kopiur",
    "",
    "Installs the CRDs and the controller. `helm install kopiur deploy/chart -n kopiur-system --create-namespace`",
    "",
    "| value | default | effect |",
    "|---|---|---|",
    ...tableRows("", schema, defaults),
    "",
  ].join("\n");
}

function tableRows(prefix: string, schema: Schema, defaults: unknown): readonly string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const value = typeof defaults === "object" && defaults !== null
      ? (defaults as Record<string, unknown>)[name]
      : undefined;
    const path = `${prefix}${name}`;
    if (child.properties !== undefined) return tableRows(`${path}.`, child, value);
    return [`| \`${path}\` | \`${JSON.stringify(value) ?? ""}\` | ${child.description ?? ""} |`];
  });
}
