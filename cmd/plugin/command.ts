import { systemKubeClock } from "../../kube/mod.ts";
import type { PluginInvocation } from "./args.ts";
import type { Host } from "../host.ts";
import { type PluginSession, runPlugin } from "./session.ts";

/** Runs a plugin command against the cluster it names and returns the exit code. */
export async function runPluginCommand(host: Host, invocation: PluginInvocation): Promise<number> {
  return await runPlugin(host, invocation.request, (session) => runCommand(host, session, invocation));
}

/** Imports a command only when it runs. */
async function runCommand(host: Host, session: PluginSession, invocation: PluginInvocation): Promise<number> {
  switch (invocation.kind) {
    case "status": {
      const { runStatus } = await import("./status/status.ts");
      return await runStatus(host, session, invocation.request, new Date());
    }
    case "deletions-list": {
      const { listDeletions } = await import("./deletions/list.ts");
      return await listDeletions(host, session, invocation.request, new Date());
    }
    case "deletions-release": {
      const { releaseDeletions } = await import("./deletions/release.ts");
      return await releaseDeletions(host, session, invocation.request, new Date());
    }
    case "backup-now": {
      const { backupNow } = await import("./backup/now.ts");
      return await backupNow(host, session, invocation.request, systemKubeClock());
    }
    case "backup-accept": {
      const { acceptBackups } = await import("./backup/accept.ts");
      return await acceptBackups(host, session, invocation.request);
    }
    case "schedule": {
      const { suspendSchedule } = await import("./schedule/suspend.ts");
      return await suspendSchedule(host, session, invocation.request);
    }
    case "repository-inherit": {
      const { inheritRepository } = await import("./repository/inherit.ts");
      return await inheritRepository(host, session, invocation.request);
    }
    case "finalizers-drop": {
      const { dropFinalizers } = await import("./finalizers/drop.ts");
      return await dropFinalizers(host, session, invocation.request, systemKubeClock());
    }
    default:
      return invocation satisfies never;
  }
}
