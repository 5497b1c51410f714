import type { KubeObject } from "../../../kube/types.ts";
import type { Sample } from "../../../telemetry/mod.ts";

/**
 * `kopiur_resource_phase` of every object: 1 for the phase it is in, 0 for the kind's other phases; 0 for all
 * while it has none. The engine keeps them at 0 for a while after a deletion.
 */
export function* phaseSamples(
  kind: string,
  phases: readonly string[],
  objects: Iterable<KubeObject>,
): Iterable<Sample> {
  for (const object of objects) {
    const { namespace = "", name } = object.metadata;
    const current = phaseOf(object);
    for (const phase of phases) {
      const labels = { kind, namespace, name, phase };
      yield { name: "kopiur_resource_phase", labels, value: phase === current ? 1 : 0 };
    }
  }
}

function phaseOf(object: KubeObject): unknown {
  const { status } = object;
  return typeof status === "object" && status !== null && "phase" in status ? status.phase : undefined;
}
