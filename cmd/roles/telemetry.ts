import {
  createLog,
  lineOutput,
  openTelemetry,
  parseLogFilter,
  parseTelemetryConfig,
  Redactor,
  type Role,
  StrictTelemetryError,
  systemClock,
  type Telemetry,
  type TelemetryConfig,
} from "../../telemetry/mod.ts";
import { readBuild } from "../build.ts";
import { UsageError } from "../exit_code.ts";
import type { Host } from "../host.ts";
import type { Environment } from "../config/variable.ts";
import { giveUp } from "./permissions.ts";

/** Starts the telemetry of a role, with its export. Throws a UsageError when strict mode forbids the start. */
export async function startRoleTelemetry(host: Host, env: Environment, role: Role): Promise<Telemetry> {
  const config = configOf(host, env, role);
  // Only kopia goes to the storage, and it is a process of its own.
  if (role === "mover" && config.otlp === undefined) giveUp("net");
  try {
    return await openTelemetry(config);
  } catch (error) {
    if (error instanceof StrictTelemetryError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** What kept a role from starting as a line of its log, where the log is JSON; undefined where it is text. */
export function failureLine(error: unknown, role: Role, host: Host): string | undefined {
  const { logFormat } = configOf(host, host.env, role);
  if (logFormat.kind === "text") return undefined;
  let line = "";
  createLog({
    filter: parseLogFilter("error").filter,
    redactor: new Redactor(),
    clock: systemClock,
    outputs: [lineOutput((text) => void (line += text), logFormat)],
    activeTrace: () => undefined,
  }).error(`the ${role} failed`, { error });
  return line;
}

function configOf(host: Host, env: Environment, role: Role): TelemetryConfig {
  return parseTelemetryConfig(env, { role, build: readBuild(), terminal: host.stdout.isTerminal });
}
