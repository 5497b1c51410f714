import type { Applied } from "../runtime/plan.ts";
import type { BackupConfigPlan } from "./plan.ts";
import type { BackupConfigWorld } from "./world.ts";

/**
 * The status of a BackupConfig after a pass. When a step of retention failed, what it says of retention stays as it
 * was: the next pass sees what went all the same, and tells it.
 */
export function backupConfigStatusOf(
  { status: { retention: before } }: BackupConfigWorld,
  { next }: BackupConfigPlan,
  { error }: Applied,
): Readonly<Record<string, unknown>> {
  if (error === undefined) return { ...next };
  const { retention: _retention, ...facts } = next;
  return before === undefined ? facts : { ...facts, retention: before };
}
