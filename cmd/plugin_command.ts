import { systemKubeClock } from "../kube/mod.ts";
import type { Invocation, StatusRequest } from "./args.ts";
import type { BackupInvocation } from "./backup_args.ts";
import { backupNow } from "./backup_now.ts";
import type { DeletionsInvocation } from "./deletions_args.ts";
import type { Host } from "./host.ts";
import { listDeletions } from "./list_deletions.ts";
import { type PluginSession, runPlugin } from "./plugin_session.ts";
import { releaseDeletions } from "./release_deletions.ts";
import type { ScheduleInvocation } from "./schedule_args.ts";
import { runStatus } from "./status.ts";
import { suspendSchedule } from "./suspend_schedule.ts";

/** What the plugin can be asked beside its version and help. */
export type PluginInvocation =
  & Invocation
  & (
    | { readonly kind: "status"; readonly request: StatusRequest }
    | DeletionsInvocation
    | BackupInvocation
    | ScheduleInvocation
  );

/** Runs a command for a person against the cluster it names; the answer is its exit code. */
export async function runPluginCommand(host: Host, invocation: PluginInvocation): Promise<number> {
  return await runPlugin(host, invocation.request, (session) => runCommand(host, session, invocation));
}

function runCommand(host: Host, session: PluginSession, invocation: PluginInvocation): Promise<number> {
  switch (invocation.kind) {
    case "status":
      return runStatus(host, session, invocation.request, new Date());
    case "deletions-list":
      return listDeletions(host, session, invocation.request, new Date());
    case "deletions-release":
      return releaseDeletions(host, session, invocation.request, new Date());
    case "backup-now":
      return backupNow(host, session, invocation.request, systemKubeClock());
    case "schedule":
      return suspendSchedule(host, session, invocation.request);
    default:
      return invocation satisfies never;
  }
}
