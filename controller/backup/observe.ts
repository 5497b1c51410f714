import {
  backupConfigKind,
  backupConfigSpec,
  backupConfigStatus,
  backupKind,
  type SnapshotEntry,
} from "../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import {
  credentialVersion,
  firstMissing,
  foundOf,
  jobHasEnded,
  jobsInDoubt,
  jobState,
  type Missing,
  type Need,
  observeMovers,
  observeNeeds,
  observeRefusals,
  repositoryNeeds,
} from "../movers/mod.ts";
import type { ControllerOptions } from "../options.ts";
import {
  byObject,
  CONFIG_MAP,
  type FoundRuns,
  labelValue,
  type Lookup,
  missingClaims,
  NAMESPACE,
  observeSources,
  observeUnfitClaims,
  POD,
  type RepositoryView,
  resolveRepository,
  resourceOf,
  SECRET,
  textAt,
  VOLUME_CLAIM,
} from "../shared/mod.ts";
import { deletionMemory, deletionTask } from "./deletion/job.ts";
import type { LastPolicies } from "./deletion/last_policies.ts";
import type { DeletionLedger } from "./deletion/ledger.ts";
import { seenDeletions } from "./deletion/seen.ts";
import { runPin } from "./run/pin.ts";
import { memoryOf } from "./run/source_entry.ts";
import { sourceTask } from "./run/task.ts";
import { INDEX } from "./watches.ts";
import { type BackupObject, parseBackup } from "./world/object.ts";
import { type BackupWorld, type ConfigView, isTerminal, sourceHasEnded } from "./world/world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);

/** Reads the world of a Backup: from caches, and live where a stale cache would start a second mover. */
export async function observeBackup(
  key: ObjectKey,
  reader: Reader,
  signal: AbortSignal,
  context: ObserveContext,
): Promise<BackupWorld | undefined> {
  const { found, ledger, now } = context;
  ledger.begin(now);
  const cached = reader.get(BACKUP, key);
  if (cached === undefined) return undefined;
  const run = await observeRun(cached, reader, signal);
  if (!secondMoverMayBeDue(run)) {
    return withFinding(await worldOf(run, reader, signal, context), found, now, reader);
  }
  const live = await reader.read(BACKUP, key, signal);
  if (live === undefined) return undefined;
  return await worldOf(await observeRun(live, reader, signal), reader, signal, context);
}

/** What a pass knows in addition to the cluster. */
interface ObserveContext {
  readonly options: ControllerOptions;
  readonly found: FoundRuns;
  readonly ledger: DeletionLedger;
  readonly lastPolicies: LastPolicies;
  readonly now: Date;
}

/** Looks for the snapshots of a Backup that was put back. Snapshots of a run whose own Backup exists stay with that one. */
function withFinding(seen: BackupWorld, found: FoundRuns, now: Date, reader: Reader): BackupWorld {
  const { backup: { putBack, uid, key: { namespace }, isDeleting }, repository } = seen;
  if (putBack === undefined || isDeleting || repository.kind !== "found") return seen;
  const { key, uniqueId } = repository.value;
  const { creationTimestamp: madeAt = "" } = seen.object.metadata;
  const finding = found.ask({ uid, putBack, madeAt }, { key, uniqueId }, now);
  if (finding.kind !== "found") return { ...seen, finding };
  const { runId } = finding.run;
  const isTaken = reader.list(BACKUP, { namespace }).some((other) =>
    other.metadata.uid !== uid &&
    (other.metadata.uid === runId || textAt(other, "status", "adopted", "run") === runId)
  );
  return { ...seen, finding: isTaken ? { kind: "taken", runId } : finding };
}

interface Run {
  readonly object: KubeObject;
  readonly backup: BackupObject;
  readonly config: Lookup<ConfigView>;
  readonly jobs: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
}

async function observeRun(object: KubeObject, reader: Reader, signal: AbortSignal): Promise<Run> {
  const backup = parseBackup(object);
  const { namespace, name } = backup.key;
  const config = configView(reader.get(BACKUP_CONFIG, { namespace, name: backup.configName }));
  const jobs = await observeMovers(backup, expectedJobs(backup, config, reader), reader, signal);
  const index = { name: INDEX.podsOfBackup, value: labelValue(name) };
  return { object, backup, config, jobs, pods: reader.list(POD, { namespace, index }) };
}

/**
 * True when a mover left no result, or when there are Jobs that status does not name. The status in the cache may then be
 * stale and would start another mover, so it is read live.
 */
function secondMoverMayBeDue({ backup: { status, isDeleting }, jobs, pods }: Run): boolean {
  if (isDeleting || isTerminal(status.phase)) return false;
  if (status.snapshots === undefined) return jobs.length > 0;
  return status.snapshots.some((entry) => {
    if (sourceHasEnded(entry) || entry.job === undefined) return false;
    const job = jobs.find(({ metadata }) => metadata.name === entry.job?.name);
    if (job === undefined) return true;
    return jobHasEnded(job) &&
      jobState({ job, pods, operation: "backup", now: new Date(0) }).kind !== "succeeded";
  });
}

async function worldOf(
  run: Run,
  reader: Reader,
  signal: AbortSignal,
  { options, ledger, lastPolicies, now }: ObserveContext,
): Promise<BackupWorld> {
  const { object, backup, config, jobs } = run;
  const { namespace } = backup.key;
  const repository = observeRepository(backup, config, jobs, reader);
  const missing = needsCredentials(backup, jobs)
    ? await observeMissing(repository, namespace, reader, signal)
    : undefined;
  const pin = runPin(backup.status, jobs);
  const lastPolicy = config.kind === "missing"
    ? lastPolicies.of({ namespace, name: backup.configName })
    : undefined;
  const said = lastPolicy === undefined ? {} : { lastPolicy };
  return {
    ...run,
    ...said,
    namespace: reader.get(NAMESPACE, { namespace: "", name: namespace }),
    serverNow: reader.serverNow() ?? now,
    refusals: observeRefusals(jobs, reader),
    repository,
    missing,
    ...observeClaims(run, repository, reader),
    deletions: pin === undefined
      ? undefined
      : seenDeletions({ object, backup, config, ...said, pin, repository }, ledger, reader, now),
    slots: "free",
    options,
  };
}

/** The sources of a started run: those it pinned, and those its Jobs wait for. */
function observeClaims(
  { backup: { key: { namespace }, status, isDeleting }, config }: Run,
  repository: Lookup<RepositoryView>,
  reader: Reader,
): Pick<BackupWorld, "sources" | "missingClaims" | "unfitClaims"> {
  const isOver = isDeleting || isTerminal(status.phase) || status.snapshots !== undefined;
  if (isOver || config.kind !== "found") return { sources: [], missingClaims: [], unfitClaims: [] };
  const { spec } = config.value;
  const repositorySpec = repository.kind === "found" ? repository.value.spec : undefined;
  return {
    sources: observeSources(spec, namespace, repositorySpec, reader),
    missingClaims: missingClaims(spec, namespace, reader),
    unfitClaims: observeUnfitClaims(spec, namespace, repositorySpec, reader),
  };
}

/** The view of a BackupConfig for its runs. */
function configView(object: KubeObject | undefined): Lookup<ConfigView> {
  return object === undefined ? { kind: "missing" } : viewOf(object);
}

const viewOf = byObject((object): Lookup<ConfigView> => {
  const { name, generation, uid = "" } = object.metadata;
  const spec = backupConfigSpec.safeParse(object.spec);
  if (!spec.success) {
    const why = `BackupConfig "${name}" is not one this version of kopiur can read`;
    return { kind: "unreadable", why };
  }
  const status = backupConfigStatus.safeParse(object.status ?? {}).data;
  const isCurrent = status?.observedGeneration === generation;
  const pinnedIdentity = isCurrent ? status?.resolved?.identity : undefined;
  return { kind: "found", value: { key: keyOf(object), uid, spec: spec.data, pinnedIdentity } };
});

/** Names of Jobs that may exist and still run though no cache shows them. */
function expectedJobs(
  backup: BackupObject,
  config: Lookup<ConfigView>,
  reader: Reader,
): readonly string[] {
  const { status, isDeleting, hasFinalizer, cancelReason } = backup;
  const isToStop = hasFinalizer &&
    (isDeleting || (cancelReason !== undefined && !isTerminal(status.phase)));
  const entries = status.snapshots ?? (isToStop ? entriesToCome(config, reader) : []);
  const mayHaveJobs = entries.filter((entry) =>
    !sourceHasEnded(entry) || (isToStop && entry.failure?.class === "StartDeadlineExceeded")
  );
  return [
    ...mayHaveJobs.flatMap((entry) =>
      jobsInDoubt(sourceTask(backup, entry.source), memoryOf(entry), isToStop ? "next" : "remembered")
    ),
    ...(isDeleting && hasFinalizer
      ? jobsInDoubt(deletionTask(backup), deletionMemory(status.deletion), "next")
      : []),
  ];
}

function entriesToCome(config: Lookup<ConfigView>, reader: Reader): readonly SnapshotEntry[] {
  if (config.kind !== "found") return [];
  const { spec, key } = config.value;
  return observeSources(spec, key.namespace, undefined, reader).map((each) => ({
    ...each,
    phase: "Pending",
  }));
}

function observeRepository(
  backup: BackupObject,
  config: Lookup<ConfigView>,
  jobs: readonly KubeObject[],
  reader: Reader,
): Lookup<RepositoryView> {
  const named = runPin(backup.status, jobs)?.resolved.repository ??
    (config.kind === "found" ? config.value.spec.repository : undefined);
  return resolveRepository(named, backup.key.namespace, reader);
}

/** True when a mover may be started: an existing Job has what it needs, or reports what it lacks. */
function needsCredentials(backup: BackupObject, jobs: readonly KubeObject[]): boolean {
  const { status } = backup;
  if (backup.isDeleting) return backup.hasFinalizer;
  if (isTerminal(status.phase) || backup.putBack !== undefined) return false;
  if (status.snapshots === undefined) return true;
  return status.snapshots.some((entry) =>
    !sourceHasEnded(entry) && !jobs.some(({ metadata }) => metadata.name === entry.job?.name)
  );
}

/**
 * The first missing need of the repository. Secrets and ConfigMaps of the versions it was opened with were complete; only other
 * versions are read.
 */
async function observeMissing(
  repository: Lookup<RepositoryView>,
  namespace: string,
  reader: Reader,
  signal: AbortSignal,
): Promise<Missing | undefined> {
  if (repository.kind !== "found") return undefined;
  const needs = repositoryNeeds(repository.value.spec);
  const cached = needs.map((need) =>
    foundOf(need, reader.get(resourceOfNeed(need), { namespace, name: need.name }))
  );
  if (credentialVersion(cached) === repository.value.credentialVersion) return undefined;
  return firstMissing(await observeNeeds(needs, namespace, reader, signal), namespace);
}

function resourceOfNeed({ kind }: Need): typeof SECRET {
  switch (kind) {
    case "secret":
      return SECRET;
    case "configMap":
      return CONFIG_MAP;
    case "volumeClaim":
      return VOLUME_CLAIM;
  }
}
