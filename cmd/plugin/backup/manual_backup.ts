import { API_VERSION, backupKind, FINALIZER, LABEL } from "../../../api/mod.ts";
import { labelValue, shortHash } from "../../../controller/shared/objects/names.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { BackupNowRequest } from "./args.ts";

/** The longest value of a label, so that Backups can be selected by name. */
const LONGEST_NAME = 63;

/** The Backup of `backup now`. `attempt` counts from 1 and makes the name unique within a second. Pure. */
export function manualBackup(
  request: Omit<BackupNowRequest, "wait" | "scope" | "kubeconfig" | "context">,
  namespace: string,
  now: Date,
  attempt: number,
): KubeObject {
  const { config, tags, description, deletionPolicy } = request;
  return {
    apiVersion: API_VERSION,
    kind: backupKind.kind,
    metadata: {
      name: manualBackupName(config, now, attempt),
      namespace,
      labels: { [LABEL.origin]: "manual", [LABEL.config]: labelValue(config) },
      // The controller would add it before the first mover: this saves a write.
      finalizers: [FINALIZER],
    },
    spec: {
      configRef: { name: config },
      ...(Object.keys(tags).length === 0 ? {} : { tags }),
      ...(description === undefined ? {} : { description }),
      ...(deletionPolicy === undefined ? {} : { deletionPolicy }),
    },
  };
}

/** `<config>-<YYYYMMDDHHMMSS in UTC>`, with the number from the second attempt on; a long config is cut and hashed. */
export function manualBackupName(config: string, now: Date, attempt: number): string {
  const time = now.toISOString().slice(0, 19).replace(/[^0-9]/g, "");
  const tail = attempt === 1 ? `-${time}` : `-${time}-${attempt}`;
  if (config.length + tail.length <= LONGEST_NAME) return `${config}${tail}`;
  const hash = `-${shortHash(config, 8)}`;
  const head = config.slice(0, LONGEST_NAME - tail.length - hash.length).replace(/[^a-z0-9]+$/, "");
  return `${head}${hash}${tail}`;
}
