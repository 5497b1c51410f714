import { MOVER_ENV, MOVER_PATH, type RepositorySpec } from "../../../api/mod.ts";
import type { Container } from "../../../kube/builtins.ts";
import type { HandedOn } from "../../../telemetry/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import { proxyKey } from "../credentials.ts";
import type { WorkTrace } from "../trace.ts";

type EnvironmentVariable = NonNullable<Container["env"]>[number];

/** The input for a mover's environment. */
export interface MoverEnvironmentRequest {
  readonly repositorySpec: RepositorySpec;
  readonly trace: WorkTrace;
  readonly options: Pick<ControllerOptions, "moverEnvPassthrough" | "moverCaConfigMap">;
}

/**
 * The environment of a mover: its paths, its secrets by reference, and the variables that the controller passes on.
 * The latter never replace those of the contract.
 */
export function moverEnvironment(
  { repositorySpec, trace, options }: MoverEnvironmentRequest,
): readonly EnvironmentVariable[] {
  const own: readonly EnvironmentVariable[] = [
    { name: MOVER_ENV.workSpecPath, value: MOVER_PATH.workSpec },
    { name: MOVER_ENV.resultPath, value: MOVER_PATH.terminationMessage },
    { name: MOVER_ENV.cacheFolder, value: `${MOVER_PATH.cache}/cache` },
    { name: MOVER_ENV.logFolder, value: `${MOVER_PATH.cache}/logs` },
    { name: MOVER_ENV.configPath, value: `${MOVER_PATH.cache}/repository.config` },
    { name: MOVER_ENV.checkForUpdates, value: "false" },
    { name: MOVER_ENV.podName, valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: MOVER_ENV.namespace, valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
    { name: MOVER_ENV.traceparent, value: trace.traceparent },
    ...(options.moverCaConfigMap === undefined
      ? []
      : [{ name: MOVER_ENV.trustFolders, value: MOVER_PATH.trustFolder }]),
    ...secretEnvironment(repositorySpec),
    ...proxyEnvironment(repositorySpec),
  ];
  const taken = new Set<string>(Object.values(MOVER_ENV));
  // Proxies are of one place: those of the controller count only where the Repository says nothing.
  if (repositorySpec.backend.s3?.proxy === undefined) {
    for (const name of PROXY_VARIABLES) {
      taken.delete(name);
    }
  }
  const passedOn: EnvironmentVariable[] = [];
  for (const variable of options.moverEnvPassthrough) {
    if (taken.has(variable.name)) continue;
    taken.add(variable.name);
    passedOn.push(handedOn(variable));
  }
  return [...own, ...passedOn];
}

function handedOn(variable: HandedOn): EnvironmentVariable {
  const { name } = variable;
  // Optional: missing telemetry is better than a backup that does not start.
  if ("secretKeyRef" in variable) {
    return { name, valueFrom: { secretKeyRef: { ...variable.secretKeyRef, optional: true } } };
  }
  return literal(name, variable.value);
}

/** The kubelet reads "$(NAME)" as a variable, and "$$" as "$". */
function literal(name: string, value: string): EnvironmentVariable {
  return { name, value: value.replaceAll("$", () => "$$") };
}

/** Where a Repository says which proxies lead to its storage. */
const PROXY_VARIABLES = [MOVER_ENV.httpsProxy, MOVER_ENV.httpProxy, MOVER_ENV.noProxy] as const;

function proxyEnvironment(spec: RepositorySpec): readonly EnvironmentVariable[] {
  const { httpsProxy, httpProxy, noProxy, secretRef } = spec.backend.s3?.proxy ?? {};
  if (secretRef !== undefined) {
    const needed = proxyKey(spec);
    return PROXY_VARIABLES.map((key) => {
      const optional = key === needed ? {} : { optional: true };
      return { name: key, valueFrom: { secretKeyRef: { name: secretRef.name, key, ...optional } } };
    });
  }
  const values = [httpsProxy, httpProxy, noProxy];
  return PROXY_VARIABLES.flatMap((name, at) => values[at] === undefined ? [] : [literal(name, values[at])]);
}

function secretEnvironment(spec: RepositorySpec): readonly EnvironmentVariable[] {
  const { name, key } = spec.encryption.passwordSecretRef;
  const password = fromSecret(MOVER_ENV.password, name, key);
  const s3 = spec.backend.s3;
  if (s3 === undefined) return [password];
  const keys = s3.auth.secretRef.name;
  return [
    password,
    fromSecret(MOVER_ENV.awsAccessKeyId, keys, MOVER_ENV.awsAccessKeyId),
    fromSecret(MOVER_ENV.awsSecretAccessKey, keys, MOVER_ENV.awsSecretAccessKey),
    {
      name: MOVER_ENV.awsSessionToken,
      valueFrom: { secretKeyRef: { name: keys, key: MOVER_ENV.awsSessionToken, optional: true } },
    },
  ];
}

function fromSecret(variable: string, name: string, key: string): EnvironmentVariable {
  return { name: variable, valueFrom: { secretKeyRef: { name, key } } };
}
