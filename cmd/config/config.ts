/**
 * Every environment variable this program reads, with its default and meaning; they are parsed only here. The
 * reference page and the help texts are generated from these lists.
 */
import * as z from "zod";
import { MOVER_ENV, MOVER_PATH } from "../../api/mover/environment.ts";
import type { ControllerOptions } from "../../controller/options.ts";
import {
  type OtlpVariable,
  otlpVariables,
  telemetryPassthrough,
  telemetryVariables,
} from "../../telemetry/mod.ts";
import { proxyPassthrough } from "./proxy_passthrough.ts";
import { type Environment, readVariables, type ValuesOf, type Variable } from "./variable.ts";
import {
  flag,
  imageReference,
  listenAddress,
  nameAndKey,
  namespaceName,
  objectNames,
  path,
  secretName,
  wholeNumber,
} from "./variable_schema.ts";

/** The environment variables of `kopiur controller`. */
export const controllerVariables = {
  moverImage: {
    name: "KOPIUR_MOVER_IMAGE",
    expected: 'the image of mover pods, like "ghcr.io/home-operations/kopiur:0.1.0"',
    description: "Image of the mover pods; the chart sets it to the controller's own.",
    schema: imageReference,
  },
  moverImagePullPolicy: {
    name: "KOPIUR_MOVER_PULL_POLICY",
    fallback: "IfNotPresent",
    expected: '"Always", "IfNotPresent" or "Never"',
    description: "Pull policy of the mover pods.",
    schema: z.enum(["Always", "IfNotPresent", "Never"]),
  },
  moverPullSecrets: {
    name: "KOPIUR_MOVER_PULL_SECRETS",
    fallback: "",
    expected: 'names of Secrets, separated by commas, like "registry,mirror"',
    description:
      "Pull secrets of the mover pods, separated by commas: each in the namespace of the mover. A kubelet passes over one " +
      "that is not there, and takes those of the namespace's default ServiceAccount as well.",
    schema: objectNames,
  },
  moverCaConfigMap: {
    name: "KOPIUR_MOVER_CA_CONFIG_MAP",
    expected: 'a ConfigMap and a key in it, like "trusted-ca/ca.crt"',
    description:
      "Certificate authorities that movers trust on the way to their storage besides public ones: a ConfigMap of that name " +
      "in the namespace of each mover; where there is none, nothing is added.",
    schema: nameAndKey.optional(),
  },
  maxMovers: {
    name: "KOPIUR_MAX_MOVERS",
    fallback: "20",
    expected: "a whole number from 0 to 10000",
    description:
      "Movers that may have a slot at the same time in the whole cluster; 0 means no limit. The last tenth of the " +
      "slots (at least one where there are two) goes only to namespaces that have none. Movers that open a repository " +
      "have slots of their own besides these: a quarter as many, and at least two.",
    schema: wholeNumber(0, 10_000),
  },
  namespace: {
    name: "KOPIUR_NAMESPACE",
    expected: "the name of a namespace",
    description:
      "Namespace the controller runs in, where its lease is kept. Not set: that of the service account " +
      "or of the kubeconfig's context. In a mover: the pod's, for what it exports.",
    schema: namespaceName.optional(),
  },
  podName: {
    name: "POD_NAME",
    expected: "the name of the pod",
    description:
      "Name of this replica in the lease, in Events and in what it exports. Not set: the name of the machine. " +
      "In a mover: the pod's, which makes each mover an instance of its own in what it exports.",
    schema: z.string().max(253).regex(/^[A-Za-z0-9][-A-Za-z0-9._]*$/).optional(),
  },
  httpAddress: {
    name: "KOPIUR_HTTP_ADDR",
    fallback: "[::]:8080",
    expected: 'an address like "[::]:8080", "0.0.0.0:8080" or ":8080"',
    description:
      "Where /metrics, /healthz and /readyz are served. [::] is every address, of IPv6 and of IPv4; where there is no " +
      "IPv6 it is every IPv4 address.",
    schema: listenAddress,
  },
  leaderElection: {
    name: "KOPIUR_LEADER_ELECTION",
    fallback: "true",
    expected: '"true" or "false"',
    description:
      "Whether a lease makes sure that one replica works at a time; off only for a single replica.",
    schema: flag,
  },
  otlpHeadersSecret: {
    name: "KOPIUR_OTLP_HEADERS_SECRET",
    expected: 'a Secret and a key in it, like "otel/headers"',
    description:
      "Where OTEL_EXPORTER_OTLP_HEADERS comes from, when it comes from a Secret: movers take theirs from a Secret of " +
      "that name in their own namespace instead of having them in their Job, and send none where there is none.",
    schema: nameAndKey.optional(),
  },
  otlpClientSecret: {
    name: "KOPIUR_OTLP_CLIENT_SECRET",
    expected: "the name of a Secret",
    description:
      "Where OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY come from: the name of a Secret " +
      "of type kubernetes.io/tls. Movers take theirs from a Secret of that name in their own namespace, and show no " +
      "certificate where there is none.",
    schema: secretName.optional(),
  },
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

/** The environment variables of `kopiur mover` itself. */
export const moverVariables = {
  workSpecPath: {
    name: MOVER_ENV.workSpecPath,
    fallback: MOVER_PATH.workSpec,
    expected: "a path",
    description: "The file with the work spec.",
    schema: path,
  },
  resultPath: {
    name: MOVER_ENV.resultPath,
    fallback: MOVER_PATH.terminationMessage,
    expected: "a path",
    description: "The file the result is written to; the pod's termination message.",
    schema: path,
  },
  kopiaBinary: {
    name: MOVER_ENV.kopiaBinary,
    fallback: "kopia",
    expected: "a path or the name of a program",
    description: "The kopia program.",
    schema: path,
  },
} as const satisfies Readonly<Record<string, Variable<unknown>>>;

/** Variables that the mover reads or passes on to kopia; secret values are never shown. */
const inheritedVariables: readonly VariableDoc[] = [
  [MOVER_ENV.password, "Password of the repository, from its Secret."],
  [MOVER_ENV.cacheFolder, "A folder that can be written to, for kopia's cache."],
  [MOVER_ENV.logFolder, "A folder that can be written to, for kopia's own logs."],
  [MOVER_ENV.configPath, "Where kopia keeps its connection to the repository."],
  [MOVER_ENV.checkForUpdates, "The controller sets it to false: kopia asks nobody for a newer version."],
  [MOVER_ENV.awsAccessKeyId, "Access key of an S3 repository, from its Secret."],
  [MOVER_ENV.awsSecretAccessKey, "Secret key of an S3 repository, from its Secret."],
  [MOVER_ENV.awsSessionToken, "Session token of temporary S3 keys, from the Secret."],
  [
    MOVER_ENV.traceparent,
    "The W3C traceparent of the work; the mover's spans and log lines join that trace.",
  ],
  [
    MOVER_ENV.trustFolders,
    "A folder of certificate authorities that kopia trusts besides those of the image (KOPIUR_MOVER_CA_CONFIG_MAP).",
  ],
].map(([name = "", description = ""]) => ({ name, roles: ["mover"], default: "", description }));

/** Proxies and authorities, by the names every program knows. */
const networkVariables: readonly VariableDoc[] = [
  [
    MOVER_ENV.httpsProxy,
    ["controller", "mover", "kubectl-kopiur"],
    "Proxy for https, as http://proxy.lan:3128. The controller gives it to movers, who take it on the way to their " +
    "storage, where a Repository names none of its own; it does not give one with user and password, which belong into " +
    "a Secret (spec.backend.s3.proxy.secretRef). With a kubeconfig it leads to the API server as with kubectl; a " +
    "controller in its cluster goes there directly.",
  ],
  [MOVER_ENV.httpProxy, ["controller", "mover", "kubectl-kopiur"], "The same for http."],
  [
    MOVER_ENV.noProxy,
    ["controller", "mover", "kubectl-kopiur"],
    "What is reached without a proxy, separated by commas: host, .domain, *.domain, address, CIDR, each of the first four " +
    "with :port or without; * is all.",
  ],
  [
    "SSL_CERT_FILE",
    ["mover", "kubectl-kopiur"],
    "A file of certificate authorities in place of the machine's: for kopia, and for an API server whose kubeconfig names " +
    "no authority.",
  ],
].map(([name, roles, description]) => ({ name, roles, default: "", description }) as VariableDoc);

/** How the plugin and the controller find the cluster, in this order. */
const clusterVariables: readonly VariableDoc[] = [
  ["KUBECONFIG", "Kubeconfig files, separated by colons and merged. The plugin has options that come first."],
  ["HOME", "Its .kube/config is read when KUBECONFIG is not set."],
  [
    "KUBERNETES_SERVICE_HOST",
    "With KUBERNETES_SERVICE_PORT: the API server of the pod, when there is no kubeconfig.",
  ],
].map(([name = "", description = ""]) => ({
  name,
  roles: ["controller", "kubectl-kopiur"],
  default: "",
  description,
}));

/** Variables that movers get as well, from the downward API. */
const alsoOfMovers: ReadonlySet<string> = new Set([MOVER_ENV.podName, MOVER_ENV.namespace]);

/** One environment variable as the reference page shows it. */
export interface VariableDoc {
  readonly name: string;
  readonly roles: readonly string[];
  readonly default: string;
  readonly description: string;
}

/** Every environment variable, in the order of the reference page. */
export const CONFIG_VARIABLES: readonly VariableDoc[] = [
  ...describeVariables(controllerVariables, "controller"),
  ...describeVariables(moverVariables, "mover"),
  ...inheritedVariables,
  ...networkVariables,
  ...describeTelemetry(),
  ...clusterVariables,
];

/** The checked settings of the controller; `heldBack` names proxies that movers do not get from it. */
export type ControllerConfig =
  & Omit<ValuesOf<typeof controllerVariables>, "otlpHeadersSecret" | "otlpClientSecret">
  & Pick<ControllerOptions, "moverEnvPassthrough">
  & { readonly heldBack: readonly string[] };

/** The checked settings of a mover. */
export type MoverConfig = ValuesOf<typeof moverVariables>;

/** Parses the controller's settings; throws a UsageError that names every wrong variable. */
export function parseControllerConfig(env: Environment): ControllerConfig {
  const { otlpHeadersSecret: headers, otlpClientSecret: client, ...values } = readVariables(
    controllerVariables,
    env,
  );
  const { handedOn, heldBack } = proxyPassthrough(env);
  return {
    ...values,
    moverEnvPassthrough: [...telemetryPassthrough(env, { headers, client }), ...handedOn],
    heldBack,
  };
}

/** Parses a mover's settings; throws a UsageError that names every wrong variable. */
export function parseMoverConfig(env: Environment): MoverConfig {
  return readVariables(moverVariables, env);
}

function describeVariables(
  variables: Readonly<Record<string, Variable<unknown>>>,
  role: string,
): readonly VariableDoc[] {
  return Object.values(variables).map(({ name, fallback = "", description }) => ({
    name,
    roles: alsoOfMovers.has(name) ? [role, "mover"] : [role],
    default: fallback,
    description,
  }));
}

function describeTelemetry(): readonly VariableDoc[] {
  const { logFilter, pluginLogFilter, logFormat, durationRecipes, noColor } = telemetryVariables;
  const roles = ["controller", "mover"];
  return [
    { name: logFilter.name, roles, default: logFilter.fallback, description: logFilter.help },
    { name: logFormat.name, roles, default: logFormat.fallback, description: logFormat.help },
    {
      name: pluginLogFilter.name,
      roles: ["kubectl-kopiur"],
      default: pluginLogFilter.fallback,
      description: pluginLogFilter.help,
    },
    {
      name: durationRecipes.name,
      roles: ["controller"],
      default: durationRecipes.fallback,
      description: durationRecipes.help,
    },
    { name: noColor.name, roles: [...roles, "kubectl-kopiur"], default: "", description: noColor.help },
    ...Object.values(otlpVariables).map((variable: OtlpVariable) => ({
      name: variable.name,
      roles,
      default: variable.fallback,
      description: variable.perSignal === undefined
        ? variable.help
        : `${variable.help} With TRACES_, METRICS_ or LOGS_ after OTLP_, for that signal alone.`,
    })),
  ];
}
