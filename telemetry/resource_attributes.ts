/** What this process is: its role, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES. */
import { listEscapes, parseKeyValueList } from "./otlp/key_value_list.ts";
import { otlpVariables } from "./otlp/variables.ts";
import { attribute } from "./semconv.ts";
import { cannotUse, type Environment, given } from "./settings.ts";

/** Who writes; the plugin is `kubectl kopiur`. */
export type Role = "controller" | "webhook" | "mover" | "plugin";

const serviceNames: Readonly<Record<Role, string>> = {
  controller: "kopiur-controller",
  webhook: "kopiur-webhook",
  mover: "kopiur-mover",
  plugin: "kopiur-plugin",
};

/** The attributes of a resource, as far as role and environment give them. */
export interface GivenResource {
  readonly serviceName: string;
  readonly instanceId: string | undefined;
  /** All other attributes; they win over those this process finds itself. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Ignored in a mover: it inherits the variable from the controller, which is another pod. */
const ownOfPod: ReadonlySet<string> = new Set([
  attribute.serviceName,
  attribute.serviceInstanceId,
  attribute.k8sPodName,
  attribute.k8sNamespaceName,
  "k8s.pod.uid",
  "k8s.pod.ip",
  "k8s.node.name",
  "k8s.container.name",
  "host.name",
]);

/** Reads both variables. An invalid list is reported to `onFault` and counts as empty. */
export function parseResourceAttributes(
  env: Environment,
  role: Role,
  onFault: (sentence: string) => void,
): GivenResource {
  const found = given(env, [otlpVariables.resourceAttributes.name]);
  const list = parseKeyValueList(found?.text ?? "");
  if (list.kind === "broken" && found !== undefined) {
    const expected = `a list like "deployment.environment=prod,k8s.cluster.name=home" ${listEscapes}`;
    onFault(`${cannotUse(found, { expected })}: ${list.fault}`);
  }
  const pairs = list.kind === "pairs" ? list.pairs : [];
  const own = pairs.filter(([key]) => role !== "mover" || !ownOfPod.has(key));
  const {
    [attribute.serviceName]: serviceName,
    [attribute.serviceInstanceId]: instanceId,
    ...attributes
  } = Object.fromEntries(own);
  return {
    serviceName: given(env, [otlpVariables.serviceName.name])?.text ?? serviceName ?? serviceNames[role],
    instanceId,
    attributes,
  };
}
