import {
  ANNOTATION,
  API_VERSION,
  BACKUP_TAG,
  CONFIG_TAG,
  LABEL,
  type MoverOperation,
  type SnapshotEntry,
} from "../../../api/mod.ts";
import { type DesiredObject, keyText, type OwnerReference } from "../../../kube/types.ts";
import {
  moverJob,
  type MoverLimits,
  sourceMountPath,
  workSpecFor,
  type WorkTrace,
} from "../../movers/mod.ts";
import { labelValue, type RepositoryView } from "../../shared/mod.ts";
import type { BackupObject } from "../world/object.ts";
import type { BackupWorld } from "../world/world.ts";
import { moverOf } from "./checks.ts";
import { pinText, type RunPin } from "./pin.ts";
import { backupJobName, DEFAULT_ACTIVE_DEADLINE_SECONDS, DEFAULT_START_DEADLINE_SECONDS } from "./task.ts";
import { runTrace } from "./traces.ts";

/** How often a failed pod of a mover is replaced. */
export const DEFAULT_BACKOFF_LIMIT = 2;
/** The Job's limit is this much longer than the mover's own: a Job that reaches its limit loses the result. */
export const DEADLINE_MARGIN_SECONDS = 60;

/** Job of the mover that backs up one source. */
export function backupJob(
  world: BackupWorld,
  repository: RepositoryView,
  pin: RunPin,
  start: { readonly entry: SnapshotEntry; readonly attempt: number },
): DesiredObject {
  const { backup } = world;
  const { source, sourcePath } = start.entry;
  const {
    backoffLimit = DEFAULT_BACKOFF_LIMIT,
    startDeadlineSeconds = DEFAULT_START_DEADLINE_SECONDS,
    activeDeadlineSeconds = DEFAULT_ACTIVE_DEADLINE_SECONDS,
  } = backup.spec.failurePolicy ?? {};
  const { tags, description } = backup.spec;
  const { policy, repository: { uniqueId } } = pin.resolved;
  const config = keyText({ namespace: backup.key.namespace, name: pin.resolved.config });
  const operation: MoverOperation = {
    backup: {
      mountPath: sourceMountPath(source),
      sourcePath,
      runId: backup.uid,
      tags: { ...tags, [CONFIG_TAG]: config, [BACKUP_TAG]: keyText(backup.key) },
      ...(description === undefined ? {} : { description }),
      ...(policy === undefined ? {} : { policy }),
      ...(uniqueId === undefined ? {} : { uniqueId }),
    },
  };
  return jobOf(world, repository, pin, {
    name: backupJobName(backup, source, start.attempt),
    operation,
    trace: runTrace(backup),
    limits: {
      backoffLimit,
      activeDeadlineSeconds: startDeadlineSeconds + activeDeadlineSeconds + DEADLINE_MARGIN_SECONDS,
    },
    timeoutSeconds: activeDeadlineSeconds,
    sources: [{ pvc: source }],
    annotations: { [ANNOTATION.source]: source, [ANNOTATION.run]: pinText(pin) },
  });
}

/** The specific settings of a mover of a Backup. */
interface MoverChoices {
  readonly name: string;
  readonly operation: MoverOperation;
  readonly trace: WorkTrace;
  readonly limits: MoverLimits;
  readonly timeoutSeconds: number | undefined;
  readonly sources: readonly { readonly pvc: string }[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** A mover Job of a Backup, with the settings pinned for its run. */
export function jobOf(
  world: BackupWorld,
  repository: RepositoryView,
  pin: RunPin,
  choices: MoverChoices,
): DesiredObject {
  const { backup, options } = world;
  const { name, operation, trace, limits, timeoutSeconds, sources, annotations } = choices;
  const mover = moverOf(world, pin);
  const workSpec = workSpecFor({
    operation,
    identity: pin.resolved.identity,
    repositorySpec: repository.spec,
    target: { kind: "Backup", ...backup.key },
    mover,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  });
  return moverJob({
    name,
    namespace: backup.key.namespace,
    owner: ownerReference(backup),
    labels: {
      [LABEL.backup]: labelValue(backup.key.name),
      [LABEL.config]: labelValue(pin.resolved.config),
    },
    annotations: { ...annotations, [ANNOTATION.repository]: pin.resolved.repository.name },
    workSpec,
    trace,
    repositorySpec: repository.spec,
    mover,
    limits,
    sources,
    options,
  });
}

function ownerReference({ key, uid }: BackupObject): OwnerReference {
  return {
    apiVersion: API_VERSION,
    kind: "Backup",
    name: key.name,
    uid,
    controller: true,
    blockOwnerDeletion: false,
  };
}
