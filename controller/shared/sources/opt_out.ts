import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";

/** True for a claim or a Namespace whose owner wants no backup of it. */
export function optsOutOfBackup({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOTATION.noBackup] === "true";
}
