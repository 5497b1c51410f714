import { isDeepStrictEqual } from "node:util";
import { type Condition, mergeConditions } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { errorChain } from "../../../telemetry/mod.ts";
import { conditionsOf, statusFields } from "./conditions_of.ts";
import type { Decision } from "./observe_and_plan.ts";
import type { AnyKind } from "../kind.ts";
import { type Outcome, outcomeOfError } from "../outcome.ts";
import type { Applied } from "../plan.ts";
import { outcomeConditions } from "./report.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A whole status, conditions included. */
export type Status = Fields & {
  readonly observedGeneration: number;
  readonly conditions: readonly Condition[];
};

/** Everything a status is computed from. */
export interface StatusInput {
  readonly kind: AnyKind;
  readonly decision: Decision;
  readonly applied: Applied;
  readonly object: KubeObject;
  readonly now: Date;
}

/**
 * The status an object should have, and the outcome of the pass: the plan's, unless deciding, applying or the
 * kind's own status failed. When the kind threw, its former status is kept.
 */
export function desiredStatus(input: StatusInput): { readonly status: Status; readonly outcome: Outcome } {
  const { decision, object, now } = input;
  const { facts, outcome } = factsOf(input);
  const planned = decision.kind === "planned" ? decision.plan.conditions : [];
  const generation = object.metadata.generation ?? 0;
  const changes = [...planned, ...outcomeConditions(outcome)];
  const conditions = mergeConditions(conditionsOf(object), changes, generation, now);
  return { status: { ...facts, observedGeneration: generation, conditions }, outcome };
}

/** True when a status differs from the one before in more than the outcome of the pass. */
export function factsDiffer(object: KubeObject, status: Status): boolean {
  return !isDeepStrictEqual(withoutEnding(statusFields(object)), withoutEnding(status));
}

function factsOf({ kind, decision, applied, object }: StatusInput): { facts: Fields; outcome: Outcome } {
  const facts = statusFields(object);
  if (decision.kind === "threw") return { facts, outcome: decision.outcome };
  const { world, plan } = decision;
  try {
    const own = kind.status(world, plan, applied);
    return {
      facts: own,
      outcome: applied.error === undefined ? plan.outcome : outcomeOfError(applied.error),
    };
  } catch (error) {
    if (applied.error === undefined) return { facts, outcome: outcomeOfError(error) };
    const message = `Cannot compute the status after a step failed: ${errorChain(error)}`;
    return { facts, outcome: outcomeOfError(new Error(message, { cause: applied.error })) };
  }
}

/** The status as JSON, without what comes from the outcome alone. */
function withoutEnding(status: Fields): unknown {
  const { observedGeneration: _generation, conditions = [], ...rest } = status;
  const specific = Array.isArray(conditions)
    ? conditions.filter(({ type }) => type !== "Ready" && type !== "Reconciling" && type !== "Stalled")
    : [];
  return JSON.parse(JSON.stringify({ ...rest, conditions: specific }));
}
