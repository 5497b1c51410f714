/** What movers are told of the controller's own telemetry, by name, in one place (seed 000). */
import { type Environment, telemetryVariables } from "./config.ts";
import { parseOtlpConfig } from "./otlp_config.ts";
import { type OtlpVariable, otlpVariables, variableNames } from "./otlp_variables.ts";

/** Handed on whenever set: what a user wants of logs holds for the whole of the product. */
export const LOG_PASSTHROUGH: readonly string[] = [
  telemetryVariables.logFilter.name,
  telemetryVariables.logFormat.name,
];

/** Handed on when there is a collector; OTEL_SERVICE_NAME is not among them, for a mover is another service. */
export const OTLP_PASSTHROUGH: readonly string[] = Object.values(otlpVariables)
  .filter(({ handedOn }) => handedOn)
  .flatMap((variable: OtlpVariable) => variableNames(variable));

/** The variables of an environment movers get, with their values. Settings that export nothing are kept from them. */
export function telemetryPassthrough(
  env: Environment,
): readonly { readonly name: string; readonly value: string }[] {
  const hasCollector = parseOtlpConfig(env).otlp !== undefined;
  return [...LOG_PASSTHROUGH, ...hasCollector ? OTLP_PASSTHROUGH : []].flatMap((name) => {
    const value = env[name];
    return value === undefined || value.trim() === "" ? [] : [{ name, value }];
  });
}
