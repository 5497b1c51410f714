import { LABEL, OPERATION_NAMES, type OperationKey } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import type { PlannedMeasure } from "../runtime/plan.ts";

/**
 * Which slots a mover needs: those that open a repository have a few of their own, so that neither a dead storage keeps
 * backups from starting, nor a night of backups a repository from being opened.
 */
export const slotPools = ["movers", "bootstraps"] as const;
export type SlotPool = typeof slotPools[number];

/** What movers with a slot do, the most urgent first. */
export const slotClasses = ["restore", "backup", "maintenance", "deletion"] as const;
export type SlotClass = typeof slotClasses[number];

/** What the controller has to know of an operation, beside what its work spec and result say. */
interface OperationFacts {
  /** Value of the operation label of its Jobs and pods. */
  readonly label: string;
  /** What it is called in the names of its Jobs; of a backup that is the name of its source. */
  readonly jobNamePart: string;
  /** Which slots its movers need. */
  readonly slots: SlotPool;
  /** How urgent it is among those that wait. */
  readonly slotClass: SlotClass;
}

/** Every operation of the mover contract: one that is not here does not compile. */
export const OPERATIONS = {
  backup: { label: "backup", jobNamePart: "backup", slots: "movers", slotClass: "backup" },
  bootstrap: { label: "bootstrap", jobNamePart: "bootstrap", slots: "bootstraps", slotClass: "maintenance" },
  snapshotDelete: { label: "snapshot-delete", jobNamePart: "delete", slots: "movers", slotClass: "deletion" },
} as const satisfies Readonly<Record<OperationKey, OperationFacts>>;

/** What is known of the operation of that label; undefined for one this release does not know. */
export function operationOfLabel(label: string | undefined): OperationFacts | undefined {
  return Object.values(OPERATIONS).find((each) => each.label === label);
}

/** True for a Job or pod of movers that do this. */
export function isOf(operation: OperationKey, { metadata: { labels } }: KubeObject): boolean {
  return labels?.[LABEL.operation] === OPERATIONS[operation].label;
}

/** The counter and the duration of a mover that ended; to be planned in the one pass that writes its end down. */
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
