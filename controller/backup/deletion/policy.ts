import type { BackupStatus, DeletionPolicy } from "../../../api/mod.ts";
import type { BackupPlan, BackupWorld } from "../world/world.ts";

/** The sources of a Backup's deletion policy. */
interface PolicySources {
  /** Of the Backup itself. */
  readonly own: DeletionPolicy | undefined;
  /** Of its recipe when the run began. */
  readonly pinned: DeletionPolicy | undefined;
  /** Of its recipe now, or as this process saw it last; undefined when unknown or unreadable. */
  readonly today: DeletionPolicy | undefined;
  /** Of its recipe when it was last seen, if it differs from the pinned one. */
  readonly last: DeletionPolicy | undefined;
}

/**
 * The deletion policy of a Backup: its own; else that of its recipe, namely the
 * more careful of today's (or the last known, when the recipe is gone) and that of the start of the run; else
 * Delete.
 */
export function policyOf({ own, pinned, today, last }: PolicySources): DeletionPolicy {
  if (own !== undefined) return own;
  return [today ?? last, pinned].find((word) => word !== undefined && word !== "Delete") ?? "Delete";
}

/** The policy of a recipe now; for a deleted recipe the last known one. */
export function policyOfToday(
  { config, lastPolicy }: Pick<BackupWorld, "config" | "lastPolicy">,
): DeletionPolicy | undefined {
  if (config.kind === "missing") return lastPolicy;
  return config.kind === "found" ? config.value.spec.defaultDeletionPolicy ?? "Delete" : undefined;
}

/**
 * The plan with the recipe's policy in its status, when that is new: a recipe that is deleted
 * together with its Backups cannot be read any more.
 */
export function rememberingPolicy(world: BackupWorld, plan: BackupPlan): BackupPlan {
  const { resolved } = plan.next;
  const today = policyOfToday(world);
  if (resolved === undefined || today === undefined || knownPolicy(resolved) === today) return plan;
  const { lastDeletionPolicy: _, ...pinned } = resolved;
  const next = today === pinned.deletionPolicy ? pinned : { ...pinned, lastDeletionPolicy: today };
  return { ...plan, next: { ...plan.next, resolved: next } };
}

/** The last policy of the recipe in the status. */
function knownPolicy(
  { deletionPolicy, lastDeletionPolicy }: NonNullable<BackupStatus["resolved"]>,
): DeletionPolicy {
  return lastDeletionPolicy ?? deletionPolicy;
}
