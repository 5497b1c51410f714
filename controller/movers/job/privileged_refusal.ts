import { ANNOTATION } from "../../../api/meta.ts";
import type { MoverSpec } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";

/**
 * Why a privileged mover may not run in a namespace, as a sentence that says how to permit it; undefined when
 * it may, or when it is not privileged. An unknown namespace permits nothing.
 */
export function privilegedRefusal(
  mover: MoverSpec,
  namespaceName: string,
  namespace: KubeObject | undefined,
): string | undefined {
  if (mover.privilegedMode !== true) return undefined;
  if (namespace?.metadata.annotations?.[ANNOTATION.privilegedMovers] === "true") return undefined;
  const found = namespace === undefined ? "the namespace cannot be read" : "the annotation is not there";
  return `Cannot run a privileged mover in namespace "${namespaceName}": ${found}, ` +
    `expected the annotation ${ANNOTATION.privilegedMovers}: "true" on the namespace`;
}
