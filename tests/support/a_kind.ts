import { backupKind } from "../../api/mod.ts";
import type { AnyKind } from "../../controller/runtime/kind.ts";
import type { Plan } from "../../controller/runtime/plan.ts";
import { type KubeObject, resourceOf } from "../../kube/mod.ts";

type World = { readonly object: KubeObject };

/** A plan that does nothing and is content; a test says what else it wants. */
export function aPlan(parts: Partial<Plan> = {}): Plan {
  const outcome = { kind: "settled", reason: "Ready", message: "All is well", ready: "True" } as const;
  return { create: [], remove: [], conditions: [], outcome, events: [], measures: [], ...parts };
}

/** A kind over Backups that sees the object alone; `plan` may be given as a value. */
export function aKind(
  parts: Partial<Omit<AnyKind, "plan">> & { readonly plan?: Plan | ((world: World, now: Date) => Plan) } = {},
): AnyKind {
  const { plan = aPlan(), ...rest } = parts;
  const resource = resourceOf(backupKind);
  return {
    name: "Backup",
    resource,
    watches: [],
    writes: [],
    observe(key, reader) {
      const object = reader.get(resource, key);
      return Promise.resolve(object === undefined ? undefined : { object });
    },
    plan: (world, now) => typeof plan === "function" ? plan(world, now) : plan,
    status: () => ({ phase: "Pending" }),
    samples: () => [],
    ...rest,
  };
}
