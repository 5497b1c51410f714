import * as z from "zod";
import { backupScheduleKind, GROUP } from "../../../api/mod.ts";
import { resourceOf } from "../../../kube/mod.ts";
import { EXIT } from "../../exit_code.ts";
import type { Host } from "../../host.ts";
import { noSuchObject } from "../no_such_object.ts";
import { type PluginSession, withinLimit } from "../session.ts";
import type { ScheduleRequest } from "./args.ts";

/** Suspends or resumes a BackupSchedule; writes nothing when it already is as wanted. */
export async function suspendSchedule(
  { stdout, stderr }: Pick<Host, "stdout" | "stderr">,
  session: PluginSession,
  { schedule: name, suspend }: Pick<ScheduleRequest, "schedule" | "suspend">,
): Promise<number> {
  const { api, namespace, stop } = session;
  const resource = resourceOf(backupScheduleKind);
  const [verb, done] = suspend ? ["suspend", "suspended"] : ["resume", "resumed"];
  return await withinLimit(`${verb} "${name}"`, stop, async (signal) => {
    const found = await api.read(resource, { namespace, name }, signal);
    if (found === undefined) {
      throw await noSuchObject(session, { action: verb, resource, name }, signal);
    }
    if (isSuspended(found) === suspend) {
      stderr.write(`${namespace}/${name} is ${suspend ? "suspended" : "not suspended"} already\n`);
      return EXIT.ok;
    }
    await api.patch(resource, { namespace, name }, { spec: { schedule: { suspend } } }, signal);
    stdout.write(`backupschedule.${GROUP}/${name} ${done}\n`);
    return EXIT.ok;
  });
}

const suspendSpec = z.object({ spec: z.object({ schedule: z.object({ suspend: z.boolean() }) }) });

function isSuspended(schedule: unknown): boolean {
  return suspendSpec.safeParse(schedule).data?.spec.schedule.suspend ?? false;
}
