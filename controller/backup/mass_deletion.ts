import {
  ANNOTATION,
  type ConditionChange,
  DELETION_BREAKER_DEFAULTS,
  findCondition,
  parseDurationSeconds,
  type Reason,
} from "../../api/mod.ts";
import { foundRepository } from "./checks.ts";
import type { RepositoryView } from "../shared/mod.ts";
import type { RunPin } from "./run_pin.ts";
import type { BackupWorld } from "./world.ts";

/** So long a deletion waits, for those that come with it to arrive here, before any snapshot goes. */
export const SETTLE_SECONDS = 10;
const CONDITION = "DeletionHeld";

/** Whether the snapshots of a deleted Backup may go now. */
export type DeletionVerdict =
  | { readonly kind: "free" }
  /** Too early to know whether it is one of many. */
  | { readonly kind: "settling"; readonly seconds: number }
  /** One of too many: a person must confirm. `news` is the note of the pass in which that is found. */
  | { readonly kind: "held"; readonly message: string; readonly news: string | undefined }
  /** It was held, and a person has confirmed since. */
  | { readonly kind: "confirmed"; readonly message: string };

/**
 * The breaker (design D8): the snapshots of Backups that are deleted together, more of them than a repository's
 * threshold, stay until a person confirms. Deletions count together that lie within the window of each other,
 * whenever they are looked at, so that a controller that was away judges as one that was there. Held once is held
 * until then, whatever is counted later; the condition is the memory.
 */
export function judgeDeletion(world: BackupWorld, pin: RunPin | undefined, now: Date): DeletionVerdict {
  const { backup, object, otherDeletions } = world;
  const before = findCondition(backup.status.conditions, CONDITION);
  if (before?.status === "True") {
    if (!backup.confirmsDeletion) return { kind: "held", message: before.message, news: undefined };
    return { kind: "confirmed", message: "The deletion of the snapshots was confirmed" };
  }
  if (backup.isRoutineDeletion || backup.confirmsDeletion) return { kind: "free" };
  const { threshold, window } = breakerOf(foundRepository(world));
  if (threshold === 0) return { kind: "free" };
  const deletedMs = Date.parse(object.metadata.deletionTimestamp ?? "");
  const waited = (now.getTime() - deletedMs) / 1000;
  if (waited < SETTLE_SECONDS) {
    // A clock of ours that is behind the server's must not make it longer than a look now and then.
    return { kind: "settling", seconds: Math.min(SETTLE_SECONDS, Math.ceil(SETTLE_SECONDS - waited)) };
  }
  const count = otherDeletions + 1;
  if (count <= threshold) return { kind: "free" };
  const repository = pin?.resolved.repository.name ?? "";
  const message =
    `More than ${threshold} Backups of Repository "${repository}" were deleted within ${window}, so their snapshots ` +
    `stay until a person decides. To delete those of this one, annotate it with ${ANNOTATION.confirmDeletion}: ` +
    `"true"; to leave them where they are, with ${ANNOTATION.skipSnapshotCleanup}: "true"`;
  return { kind: "held", message, news: `One of ${count}. ${message}` };
}

/** What the breaker's own condition is to say. */
export function heldCondition(status: "True" | "False", reason: Reason, message: string): ConditionChange {
  return { kind: "set", value: { type: CONDITION, status, reason, message } };
}

/** What a repository says of the breaker; of one that is not there the defaults. */
export function breakerOf(repository: RepositoryView | undefined): {
  readonly threshold: number;
  readonly window: string;
  readonly windowSeconds: number;
} {
  const { threshold, window } = repository?.spec.deletionBreaker ?? DELETION_BREAKER_DEFAULTS;
  const windowSeconds = parseDurationSeconds(window) ??
    parseDurationSeconds(DELETION_BREAKER_DEFAULTS.window);
  return { threshold, window, windowSeconds: windowSeconds ?? 0 };
}
