import type { BackupStatus, DeletionPolicy } from "../../../api/mod.ts";
import type { BackupPlan, BackupWorld } from "../world/world.ts";

/** What may be said of what becomes of a Backup's snapshots. */
interface PolicySources {
  /** By the Backup itself. */
  readonly own: DeletionPolicy | undefined;
  /** By its recipe when the run began. */
  readonly pinned: DeletionPolicy | undefined;
  /** By its recipe now, or as this process saw it last; undefined when that is not known or cannot be read. */
  readonly today: DeletionPolicy | undefined;
  /** By its recipe when it was last seen, where that is not what is pinned. */
  readonly last: DeletionPolicy | undefined;
}

/**
 * What becomes of a Backup's snapshots: its own word counts; else that of its recipe, of which the
 * more careful one of today (where the recipe is gone, of its end) and of the start of the run holds; Delete where
 * nobody says anything.
 */
export function policyOf({ own, pinned, today, last }: PolicySources): DeletionPolicy {
  if (own !== undefined) return own;
  return [today ?? last, pinned].find((word) => word !== undefined && word !== "Delete") ?? "Delete";
}

/** What a recipe says now; of one that is gone what it said when it was last seen, where that is known. */
export function policyOfToday(
  { config, lastPolicy }: Pick<BackupWorld, "config" | "lastPolicy">,
): DeletionPolicy | undefined {
  if (config.kind === "missing") return lastPolicy;
  return config.kind === "found" ? config.value.spec.defaultDeletionPolicy ?? "Delete" : undefined;
}

/**
 * The plan with what the recipe says today in the status it leads to, where that is new: a recipe that is deleted
 * together with its Backups cannot be asked any more.
 */
export function rememberingPolicy(world: BackupWorld, plan: BackupPlan): BackupPlan {
  const { resolved } = plan.next;
  const today = policyOfToday(world);
  if (resolved === undefined || today === undefined || knownPolicy(resolved) === today) return plan;
  const { lastDeletionPolicy: _, ...pinned } = resolved;
  const next = today === pinned.deletionPolicy ? pinned : { ...pinned, lastDeletionPolicy: today };
  return { ...plan, next: { ...plan.next, resolved: next } };
}

/** The last word of the recipe that status knows. */
function knownPolicy(
  { deletionPolicy, lastDeletionPolicy }: NonNullable<BackupStatus["resolved"]>,
): DeletionPolicy {
  return lastDeletionPolicy ?? deletionPolicy;
}
