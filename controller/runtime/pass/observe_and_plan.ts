import { StalledError } from "../../../api/mod.ts";
import type { KubeClock } from "../../../kube/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../../../kube/types.ts";
import type { AnyKind, Kind } from "../kind.ts";
import { type Outcome, outcomeOfError } from "../outcome.ts";
import type { Plan } from "../plan.ts";

/** The object a pass is about. */
export interface Subject {
  readonly kind: AnyKind;
  readonly key: ObjectKey;
}

/** What a kind decided about an object. */
export type Decision =
  | {
    readonly kind: "planned";
    readonly object: KubeObject;
    readonly world: { readonly object: KubeObject };
    readonly plan: Plan;
  }
  | { readonly kind: "threw"; readonly object: KubeObject; readonly outcome: Outcome };

/** Observes and plans. Undefined for an object that is gone, also when the kind threw. */
export async function observeAndPlan(
  { kind, key }: Subject,
  { reader, clock }: { readonly reader: Reader; readonly clock: KubeClock },
  signal: AbortSignal,
): Promise<Decision | undefined> {
  try {
    const world = await observeWorld(kind, key, reader, signal, new Date(clock.epochMs()));
    if (world === undefined) return undefined;
    const plan = kind.plan(world, new Date(clock.epochMs()));
    return { kind: "planned", object: world.object, world, plan };
  } catch (error) {
    const object = reader.get(kind.resource, key);
    return object === undefined ? undefined : { kind: "threw", object, outcome: outcomeOfError(error) };
  }
}

/** The observed world with what was granted of shared resources; undefined when the object is gone. */
export async function observeWorld<World extends { readonly object: KubeObject }, P extends Plan>(
  kind: Pick<Kind<World, P>, "observe" | "claims">,
  key: ObjectKey,
  reader: Reader,
  signal: AbortSignal,
  now: Date,
): Promise<World | undefined> {
  const { claims } = kind;
  try {
    const seen = await kind.observe(key, reader, signal, now);
    const world = seen === undefined || claims === undefined
      ? seen
      : await claims.ask(seen, reader, signal, now);
    if (world === undefined) claims?.withdraw(key);
    return world;
  } catch (error) {
    // An invalid object starts nothing until somebody corrects it.
    if (error instanceof StalledError) claims?.withdraw(key);
    throw error;
  }
}
