import {
  openTelemetry,
  parseTelemetryConfig,
  type Role,
  StrictTelemetryError,
  type Telemetry,
} from "../../telemetry/mod.ts";
import { readBuild } from "../build.ts";
import { UsageError } from "../exit_code.ts";
import type { Host } from "../host.ts";
import type { Environment } from "../config/variable.ts";

/** Starts the telemetry of a role, with its export. Throws a UsageError when strict mode forbids the start. */
export async function startRoleTelemetry(host: Host, env: Environment, role: Role): Promise<Telemetry> {
  const facts = { role, build: readBuild(), terminal: host.stdout.isTerminal };
  try {
    return await openTelemetry(parseTelemetryConfig(env, facts));
  } catch (error) {
    if (error instanceof StrictTelemetryError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}
