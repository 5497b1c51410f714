import { type BackupOrigin, type BackupSpec, LABEL } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";

/** How a Backup came to be. Only what its spec says makes one discovered: of a run a label cannot say that. */
export function originOf({ metadata }: KubeObject, { discovered }: BackupSpec): BackupOrigin {
  if (discovered !== undefined) return "discovered";
  const label = metadata.labels?.[LABEL.origin];
  if (label === "scheduled" || label === "manual") return label;
  return metadata.labels?.[LABEL.schedule] === undefined ? "manual" : "scheduled";
}
