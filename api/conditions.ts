import type { Reason } from "./catalogs/reasons.ts";
import type { Condition } from "./kinds/shared_types.ts";

/** Condition types the kinds use. */
export type ConditionType =
  | "Ready"
  | "Reconciling"
  | "Stalled"
  | "Bootstrapped"
  | "CredentialsAvailable"
  | "MoverPermitted"
  | "SnapshotCreated"
  | "Complete"
  | "RetentionActive"
  | "SnapshotsWhole"
  | "HistoryOwned"
  | "SnapshotPresent"
  | "VolumesUsable"
  | "DeletionHeld"
  | "CatalogRead"
  | "UniqueRepository"
  | "Refreshed";

/** What a plan says of one condition; times and generations are filled in when it is merged. */
export interface ConditionValue {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: Reason;
  readonly message: string;
}

/** One change to the list of conditions. */
export type ConditionChange =
  | { readonly kind: "set"; readonly value: ConditionValue }
  | { readonly kind: "remove"; readonly type: ConditionType };

/**
 * Conditions with the changes merged by type. `lastTransitionTime` moves only when a status flips, so an
 * unchanged fact stays byte-identical and is not written again.
 */
export function mergeConditions(
  current: readonly Condition[],
  changes: readonly ConditionChange[],
  generation: number,
  now: Date,
): readonly Condition[] {
  const merged = new Map(current.map((condition) => [condition.type, condition]));
  for (const change of changes) {
    if (change.kind === "remove") {
      merged.delete(change.type);
      continue;
    }
    const { type, status, reason, message } = change.value;
    const before = merged.get(type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : isoSeconds(now);
    merged.set(type, { type, status, reason, message, lastTransitionTime, observedGeneration: generation });
  }
  return [...merged.values()];
}

/** RFC 3339 with whole seconds, the form of metav1.Time. */
export function isoSeconds(time: Date): string {
  return time.toISOString().replace(/\.[0-9]+Z$/, "Z");
}

/** The condition of a type, if there is one. */
export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: ConditionType,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
