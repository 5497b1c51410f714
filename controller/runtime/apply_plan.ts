import { FINALIZER } from "../../api/mod.ts";
import type { DesiredObject, KubeObject, Writer } from "../../kube/types.ts";
import type { Applied, Plan } from "./plan.ts";

/** What a plan did to the cluster, and the reconciled object as it is afterwards. */
export interface PlanApplied {
  readonly applied: Applied;
  readonly object: KubeObject;
  /** True when this pass dropped the finalizer. */
  readonly released: boolean;
}

/**
 * Carries out a plan: finalizer present, annotations, creations, removals, offers, finalizer absent, in that order. The
 * first step that fails (an offer that is refused does not) is the last one tried, so a finalizer is never dropped after a failure.
 */
export async function applyPlan(
  plan: Plan,
  object: KubeObject,
  writer: Writer,
  signal: AbortSignal,
): Promise<PlanApplied> {
  const objects: Applied["objects"][number][] = [];
  let current = object;
  let released = false;
  try {
    if (plan.finalizer === "present") {
      current = await writer.setFinalizer(current, FINALIZER, "present", signal);
    }
    for (const annotating of plan.annotate ?? []) await writer.annotate(annotating, signal);
    for (const desired of plan.create) {
      const stored = await writer.create(desired, signal);
      objects.push({ desired, uid: stored.metadata.uid ?? "" });
    }
    for (const removal of plan.remove) await writer.remove(removal, signal);
    const offered = await makeOffers(plan.offer ?? [], writer, signal);
    if (plan.finalizer === "absent" && current.metadata.finalizers?.includes(FINALIZER) === true) {
      current = await writer.setFinalizer(current, FINALIZER, "absent", signal);
      released = true;
    }
    return { applied: { objects, offered }, object: current, released };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    return { applied: { objects, error }, object: current, released };
  }
}

async function makeOffers(
  offers: readonly DesiredObject[],
  writer: Writer,
  signal: AbortSignal,
): Promise<NonNullable<Applied["offered"]>> {
  let made = 0;
  for (const desired of offers) {
    try {
      await writer.create(desired, signal);
      made += 1;
    } catch (thrown) {
      // Broken off or out of time: that is about the pass, not about what is offered.
      if (signal.aborted) throw thrown;
      return {
        made,
        refused: thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }),
      };
    }
  }
  return { made };
}
