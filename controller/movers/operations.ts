import { LABEL, OPERATION_NAMES, type OperationKey } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { PlannedMeasure } from "../runtime/plan.ts";

/**
 * The pool of a mover's slot: bootstraps have a few slots of their own, so that a dead storage does not keep
 * backups from starting, and many backups do not keep a repository from being opened.
 */
export const slotPools = ["movers", "bootstraps"] as const;
export type SlotPool = typeof slotPools[number];

/** Classes of slots, the most urgent first. */
export const slotClasses = ["restore", "backup", "maintenance", "deletion"] as const;
export type SlotClass = typeof slotClasses[number];

/** What the controller needs to know about an operation, besides its work spec and result. */
interface OperationFacts {
  /** Value of the operation label of its Jobs and pods. */
  readonly label: string;
  /** Its part in the names of its Jobs; a backup uses the name of its source instead. */
  readonly jobNamePart: string;
  /** The pool of its movers' slots. */
  readonly slots: SlotPool;
  /** Its urgency in the queue. */
  readonly slotClass: SlotClass;
}

/** Every operation of the mover contract; without an entry here one does not compile. */
export const OPERATIONS = {
  backup: { label: "backup", jobNamePart: "backup", slots: "movers", slotClass: "backup" },
  bootstrap: { label: "bootstrap", jobNamePart: "bootstrap", slots: "bootstraps", slotClass: "maintenance" },
  snapshotDelete: { label: "snapshot-delete", jobNamePart: "delete", slots: "movers", slotClass: "deletion" },
} as const satisfies Readonly<Record<OperationKey, OperationFacts>>;

/** The operation with that label; undefined for one this release does not know. */
export function operationOfLabel(label: string | undefined): OperationFacts | undefined {
  return Object.values(OPERATIONS).find((each) => each.label === label);
}

/** True for a Job or pod of this operation. */
export function isOf(operation: OperationKey, { metadata: { labels } }: KubeObject): boolean {
  return labels?.[LABEL.operation] === OPERATIONS[operation].label;
}

/** The counter and the duration of a mover that ended, for the one pass that records its end. */
export function moverMeasures(
  operation: OperationKey,
  result: "succeeded" | "failed",
  seconds: number | undefined,
): readonly PlannedMeasure[] {
  const labels = { operation: OPERATION_NAMES[operation], result } as const;
  return [
    { kind: "add", metric: "kopiur_mover_operations_total", labels, value: 1 },
    ...(seconds === undefined ? [] : [
      { kind: "record", metric: "kopiur_mover_operation_duration_seconds", labels, value: seconds } as const,
    ]),
  ];
}
