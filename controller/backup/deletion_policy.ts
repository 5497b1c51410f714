import type { DeletionPolicy } from "../../api/mod.ts";

/** What may be said of what becomes of a Backup's snapshots. */
export interface PolicyWords {
  /** By the Backup itself. */
  readonly own: DeletionPolicy | undefined;
  /** By its recipe when the run began; it is all there is when the recipe is gone. */
  readonly pinned: DeletionPolicy | undefined;
  /** By its recipe now. */
  readonly today: DeletionPolicy | undefined;
}

/**
 * What becomes of a Backup's snapshots (design D17, D21): its own word counts; else that of its recipe, of which the
 * more careful one of today and of the start of the run holds; Delete where nobody says anything.
 */
export function policyOf({ own, pinned, today }: PolicyWords): DeletionPolicy {
  if (own !== undefined) return own;
  return [today, pinned].find((word) => word !== undefined && word !== "Delete") ?? "Delete";
}
