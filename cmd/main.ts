import { type Invocation, parseArgs } from "./args.ts";
import { runVersion } from "./build.ts";
import { EXIT, UsageError } from "./exit_code.ts";
import type { Host } from "./host.ts";

/** Runs the command line and returns the exit code. Never throws. */
export async function main(host: Host): Promise<number> {
  const invocation = parseArgs(host.calledAs, host.args);
  try {
    return await run(invocation, host);
  } catch (error) {
    host.stderr.write(await failureText(error, invocation, host));
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
}

/** Why the program failed: for a role in the format of its log, as its log reader must not miss that line. */
async function failureText(error: unknown, { kind }: Invocation, host: Host): Promise<string> {
  if (kind === "controller" || kind === "mover") {
    const { failureLine } = await import("./roles/telemetry.ts");
    const line = failureLine(error, kind, host);
    if (line !== undefined) return line;
  }
  return `error: ${error instanceof Error ? error.message : String(error)}\n`;
}

/** Imports a role only when it runs, so that a mover does not load the code of the controller. */
async function run(invocation: Invocation, host: Host): Promise<number> {
  switch (invocation.kind) {
    case "controller": {
      const { runController } = await import("./roles/controller.ts");
      return await runController(host);
    }
    case "mover": {
      const { runMover } = await import("./roles/mover.ts");
      return await runMover(host);
    }
    case "status":
    case "deletions-list":
    case "deletions-release":
    case "backup-now":
    case "backup-accept":
    case "schedule":
    case "repository-inherit":
    case "finalizers-drop": {
      const { runPluginCommand } = await import("./plugin/command.ts");
      return await runPluginCommand(host, invocation);
    }
    case "version":
      return runVersion(host, invocation.format);
    case "help":
      host.stdout.write(invocation.text);
      return EXIT.ok;
    case "misuse":
      host.stderr.write(invocation.text);
      return EXIT.usage;
    default:
      return invocation satisfies never;
  }
}
