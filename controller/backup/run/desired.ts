import {
  ANNOTATION,
  API_VERSION,
  BACKUP_TAG,
  CONFIG_TAG,
  findCondition,
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
import { startTimeOf } from "./finished.ts";
import { pinText, type RunPin } from "./pin.ts";
import { mayHoldSnapshot } from "./source_entry.ts";
import {
  backupJobName,
  DEFAULT_ACTIVE_DEADLINE_SECONDS,
  DEFAULT_START_DEADLINE_SECONDS,
  DELETE_LIMIT_SECONDS,
  deleteJobName,
} from "./tasks.ts";
import { deletionTrace, runTrace } from "./traces.ts";

const DEFAULT_BACKOFF_LIMIT = 2;
/** The Job's limit comes this much after the mover's own: the end of a Job takes the result of its mover away. */
const DEADLINE_MARGIN_SECONDS = 60;
/** Whatever becomes of its pods: no Job is there for ever. */
const DELETE_JOB_LIMIT_SECONDS = 4 * DELETE_LIMIT_SECONDS;

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

/**
 * Job of the mover that deletes the snapshots of a run: what status knows and all that carry its tag. Where it runs is
 * what the Repository says today: the nodes of the run may be long gone.
 */
export function deleteJob(
  world: BackupWorld,
  repository: RepositoryView,
  pin: RunPin,
  run: { readonly entries: readonly SnapshotEntry[]; readonly attempt: number; readonly now: Date },
): DesiredObject {
  const { backup } = world;
  const { uniqueId } = pin.resolved.repository;
  const snapshots = run.entries.flatMap(({ kopiaSnapshotID, sourcePath }) =>
    kopiaSnapshotID === undefined ? [] : [{ id: kopiaSnapshotID, sourcePath }]
  );
  const operation: MoverOperation = {
    snapshotDelete: {
      runId: backup.uid,
      snapshots,
      ...(uniqueId === undefined ? {} : { uniqueId }),
      ...checkpointsOf(world, run),
    },
  };
  return jobOf(world, repository, pin, {
    name: deleteJobName(backup, run.attempt),
    operation,
    trace: deletionTrace(backup),
    limits: {
      backoffLimit: DEFAULT_BACKOFF_LIMIT,
      activeDeadlineSeconds: DELETE_JOB_LIMIT_SECONDS,
      podActiveDeadlineSeconds: DELETE_LIMIT_SECONDS,
    },
    timeoutSeconds: DELETE_LIMIT_SECONDS - DEADLINE_MARGIN_SECONDS,
    sources: [],
    annotations: {},
  });
}

/** Clocks of nodes are not that of the controller, nor of the API server: so much earlier a mover may say it began. */
const CLOCK_MARGIN_SECONDS = 300;

/**
 * Where and when a mover of this run may have been killed: of a source that has a snapshot kopia has dropped what was
 * left before it. A run is over when that is told; one that is deleted on its way ends when its deletion begins: its
 * movers are gone by then.
 */
function checkpointsOf(
  world: BackupWorld,
  { entries, now }: { readonly entries: readonly SnapshotEntry[]; readonly now: Date },
): Pick<Extract<MoverOperation, { snapshotDelete: unknown }>["snapshotDelete"], "checkpoints"> {
  const { status } = world.backup;
  const sourcePaths = entries.filter((entry) =>
    entry.kopiaSnapshotID === undefined && entry.job !== undefined && mayHoldSnapshot(entry)
  ).map(({ sourcePath }) => sourcePath);
  if (sourcePaths.length === 0) return {};
  const startMs = Date.parse(startTimeOf(world, now));
  const from = new Date(startMs - CLOCK_MARGIN_SECONDS * 1000).toISOString();
  // Of a second try as of the first: runs that began meanwhile are others.
  const to = toldEnd(status) ?? status.deletion?.startedAt ?? now.toISOString();
  return { checkpoints: { sourcePaths, from, to } };
}

/**
 * When it was told that the run had ended, by which all its movers had: one that failed early, or that is known by the
 * time of its snapshot alone, may have ended later than the status says of the run. Undefined of one that has not ended.
 */
function toldEnd({ timing, conditions }: BackupWorld["backup"]["status"]): string | undefined {
  if (timing?.endTime === undefined) return undefined;
  const toldAt = findCondition(conditions, "Complete")?.lastTransitionTime ?? timing.endTime;
  return Date.parse(toldAt) > Date.parse(timing.endTime) ? toldAt : timing.endTime;
}

interface MoverChoices {
  readonly name: string;
  readonly operation: MoverOperation;
  readonly trace: WorkTrace;
  readonly limits: MoverLimits;
  readonly timeoutSeconds: number | undefined;
  readonly sources: readonly { readonly pvc: string }[];
  readonly annotations: Readonly<Record<string, string>>;
}

function jobOf(
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
