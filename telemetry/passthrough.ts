/** The telemetry variables that the controller passes on to movers (deploy/docs/contract.md). */
import { telemetryVariables } from "./config.ts";
import { parseOtlpConfig } from "./otlp/config.ts";
import { type OtlpVariable, otlpVariables, variableNames } from "./otlp/variables.ts";
import type { Environment } from "./settings.ts";

/** Passed on whenever set: the log settings apply to the whole product. */
export const LOG_PASSTHROUGH: readonly string[] = [
  telemetryVariables.logFilter.name,
  telemetryVariables.logFormat.name,
];

/** Passed on when there is a collector; without OTEL_SERVICE_NAME, as a mover is another service. */
export const OTLP_PASSTHROUGH: readonly string[] = Object.values(otlpVariables)
  .filter(({ handedOn }) => handedOn)
  .flatMap((variable: OtlpVariable) => variableNames(variable));

const headerVariables: readonly string[] = variableNames(otlpVariables.headers);
const { clientCertificate, clientKey } = otlpVariables;

/** A variable movers get: with its value, or from a key of a Secret in their own namespace. */
export type HandedOn =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly secretKeyRef: SecretKey };

/** A Secret, by the name it has in every namespace, and a key in it. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** The Secrets that the controller has headers and its client certificate from. */
export interface TelemetrySecrets {
  readonly headers?: SecretKey | undefined;
  /** The name of one of type kubernetes.io/tls. */
  readonly client?: string | undefined;
}

/**
 * The variables that movers get. Settings that export nothing are left out. What the controller has from a Secret is
 * never in a Job: movers read it from a Secret of that name, which applies to all signals. A client certificate and its
 * key come from a Secret or not at all.
 */
export function telemetryPassthrough(env: Environment, secrets: TelemetrySecrets = {}): readonly HandedOn[] {
  const hasCollector = parseOtlpConfig(env).otlp !== undefined;
  const { headers: headersSecret, client } = secrets;
  const certificate: readonly HandedOn[] = client === undefined || !hasCollector ? [] : [
    { name: clientCertificate.name, secretKeyRef: { name: client, key: "tls.crt" } },
    { name: clientKey.name, secretKeyRef: { name: client, key: "tls.key" } },
  ];
  const byValue = [...LOG_PASSTHROUGH, ...hasCollector ? OTLP_PASSTHROUGH : []].flatMap(
    (name): readonly HandedOn[] => {
      const value = env[name];
      if (value === undefined || value.trim() === "") return [];
      if (headersSecret !== undefined && headerVariables.includes(name)) {
        return name === otlpVariables.headers.name ? [{ name, secretKeyRef: headersSecret }] : [];
      }
      return [{ name, value }];
    },
  );
  return [...byValue, ...certificate];
}
