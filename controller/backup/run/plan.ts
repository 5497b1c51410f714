import { type ConditionChange, type Reason, type SnapshotEntry } from "../../../api/mod.ts";
import type { DesiredObject } from "../../../kube/types.ts";
import {
  effectiveMover,
  mayStart,
  memoryOfStart,
  type NoSlot,
  noSlotFor,
  type Obstacle,
  settingsOf,
} from "../../movers/mod.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import { configIdentity, unfitText } from "../../shared/mod.ts";
import { type BackupPlan, type BackupWorld, currentStatus, sourceHasEnded } from "../world/world.ts";
import { firstRefusal, foundRepository, permittedConditions, restartChecks, startChecks } from "./checks.ts";
import { backupJob } from "./job.ts";
import { finishedPlan, startTimeOf } from "./finished.ts";
import { leftovers } from "./stop_movers.ts";
import { entriesOf, type RunPin, runPin } from "./pin.ts";
import {
  entryWith,
  failedEntry,
  memoryOf,
  repositorySeen,
  type SourceStep,
  sourceStep,
} from "./source_entry.ts";
import { backupJobName, DEFAULT_START_DEADLINE_SECONDS, moversOf, sourceTask } from "./task.ts";
import { disruptionEvents, stepMeasures, waitEvents } from "./notices.ts";
import { runTrace } from "./traces.ts";

/** A safety net: normally a watch wakes a Backup that waits. */
const RECHECK_SECONDS = 300;
/** The next pass comes anyway, because this one writes the status. */
const SOON_SECONDS = 1;

/**
 * A run that has not ended. It waits for what its first movers need. Then it starts one mover per source, as many at a
 * time as there are slots, and follows them until all have ended. From the first mover on only what was pinned counts.
 */
export function planRun(world: BackupWorld, now: Date): BackupPlan {
  const pinned = runPin(world.backup.status, world.jobs);
  const refusal = firstRefusal(pinned === undefined ? startChecks : [], world, undefined);
  if (refusal !== undefined) return pendingPlan(world, refusal);
  if (pinned === undefined) {
    const waits = waitForVolumes(world);
    if (waits !== undefined) return waits;
  }
  const pin = pinned ?? newPin(world);
  // The checks refuse a world without config or repository; this is for the compiler.
  if (pin === undefined) {
    return pendingPlan(world, { reason: "ConfigNotFound", message: "Nothing to run yet" });
  }
  return followPlan(world, pin, pinned === undefined ? "new" : "started", now);
}

/** The step of every source of a run. */
export function stepsOf(world: BackupWorld, pin: RunPin, now: Date): readonly SourceStep[] {
  return entriesOf(pin, world.backup.status).map((entry) => {
    const movers = moversOf(world, entry.source, settingsToday(world, pin, entry));
    return sourceStep(sourceTask(world.backup, entry.source), entry, movers, now);
  });
}

/** The settings a Job of the source would have today; only while its mover may not have begun. */
function settingsToday(world: BackupWorld, pin: RunPin, entry: SnapshotEntry): string | undefined {
  const repository = foundRepository(world);
  if (repository === undefined || sourceHasEnded(entry) || entry.job?.startedAt !== undefined) {
    return undefined;
  }
  return settingsOf(backupJob(world, repository, pin, { entry, attempt: entry.job?.attempts ?? 1 }));
}

/** Removes the conditions of the checks after the one that found an obstacle: they did not run in this pass. */
export const notLookedAt: readonly ConditionChange[] = [
  { kind: "remove", type: "CredentialsAvailable" },
  { kind: "remove", type: "MoverPermitted" },
];

function pendingPlan(
  world: BackupWorld,
  { reason, message, condition }: Obstacle,
  recheckAfterSeconds = RECHECK_SECONDS,
): BackupPlan {
  return {
    create: [],
    remove: [],
    // The result of a later check in an earlier pass may be outdated.
    conditions: [...notLookedAt, ...(condition === undefined ? [] : [condition])],
    outcome: waiting(reason, message, recheckAfterSeconds),
    events: waitEvents(world, reason, message),
    measures: [],
    next: { ...currentStatus(world.backup.status), phase: "Pending", message },
  };
}

/** Claims that are still waiting for a volume: the run waits up to the start deadline, then goes on without them. */
function waitForVolumes(world: BackupWorld): BackupPlan | undefined {
  const { unfitClaims, object, serverNow } = world;
  const hopeful = unfitClaims.filter(({ isNamed, fault }) => isNamed && fault === "unbound");
  const waitedSeconds = (serverNow.getTime() - Date.parse(object.metadata.creationTimestamp ?? "")) / 1000;
  const { startDeadlineSeconds = DEFAULT_START_DEADLINE_SECONDS } = world.backup.spec.failurePolicy ?? {};
  const leftSeconds = Math.ceil(startDeadlineSeconds - waitedSeconds);
  if (hopeful.length === 0 || !(leftSeconds > 0)) return undefined;
  const message = `${unfitText(hopeful)}; the run goes on without after its start deadline`;
  return pendingPlan(world, { reason: "VolumeNotUsable", message }, Math.min(RECHECK_SECONDS, leftSeconds));
}

/** A volume that cannot be backed up gets no mover: its source fails at once. */
function withoutUnfit(world: BackupWorld, steps: readonly SourceStep[], now: Date): readonly SourceStep[] {
  return steps.map((step): SourceStep => {
    const unfit = world.unfitClaims.find(({ name, isNamed }) => isNamed && name === step.entry.source);
    if (unfit === undefined || step.kind !== "start") return step;
    const entry = failedEntry(step.entry, "VolumeNotUsable", true);
    const failure = entry.failure === undefined
      ? {}
      : { failure: { ...entry.failure, logTail: unfitText([unfit]) } };
    return { kind: "ended", entry: { ...entry, ...failure }, finishedAt: now.toISOString() };
  });
}

/** What a run reports at its start about claims that its recipe selects and that it leaves out. */
function leftOut({ unfitClaims }: BackupWorld): Pick<BackupPlan, "conditions" | "events"> {
  const selected = unfitClaims.filter(({ isNamed }) => !isNamed);
  if (selected.length === 0) return { conditions: [], events: [] };
  const reason = "VolumeNotUsable";
  const message = `Left out: ${unfitText(selected)}`;
  return {
    conditions: [{ kind: "set", value: { type: "VolumesUsable", status: "False", reason, message } }],
    events: [{ type: "Warning", reason, action: "CheckVolume", note: message }],
  };
}

function newPin(world: BackupWorld): RunPin | undefined {
  const repository = foundRepository(world);
  if (world.config.kind !== "found" || repository === undefined) return undefined;
  const { key, spec, pinnedIdentity } = world.config.value;
  const { uniqueId } = repository;
  return {
    resolved: {
      repository: { ...spec.repository, ...(uniqueId === undefined ? {} : { uniqueId }) },
      config: key.name,
      identity: pinnedIdentity ?? configIdentity(key, spec),
      deletionPolicy: spec.defaultDeletionPolicy ?? "Delete",
      mover: effectiveMover(repository.spec.mover, spec.mover),
      ...(spec.policy === undefined ? {} : { policy: spec.policy }),
    },
    sources: world.sources,
  };
}

function followPlan(world: BackupWorld, pin: RunPin, run: "new" | "started", now: Date): BackupPlan {
  const all = stepsOf(world, pin, now);
  const found = run === "new" ? withoutUnfit(world, all, now) : all;
  const { steps, obstacle, create, started } = startSteps(world, pin, found, { run, now });
  const noSlot = noSlotFor(world.slots, pin.resolved.repository.name);
  const hasEnded = found.some(({ kind }) => kind === "ended");
  // Nothing is pinned before the first mover: the config at the time of the slot counts.
  if (run === "new" && create.length === 0 && !hasEnded) {
    return pendingPlan(world, noSlot, noSlot.recheckAfterSeconds);
  }
  const entries = steps.map((step) => started.has(step) ? startedEntry(world, step, now) : step.entry);
  const base = {
    finalizer: "present",
    create,
    remove: leftovers(world, pin),
    measures: stepMeasures(steps),
  } as const;
  const next = {
    ...currentStatus(world.backup.status),
    traceId: runTrace(world.backup).traceId,
    resolved: pin.resolved,
    snapshots: [...entries],
    timing: { startTime: startTimeOf(world, now) },
    ...repositorySeen(steps, world.backup.status.repository),
  };
  if (steps.every(({ kind }) => kind === "over" || kind === "ended")) {
    return finishedPlan(world, { base, next, steps, entries }, now);
  }
  const outcome = runningOutcome({ steps, obstacle, started }, world, noSlot);
  const reported = run === "new" ? leftOut(world) : { conditions: [], events: [] };
  const wasLetThrough = create.length > 0 || world.backup.status.resolved === undefined;
  return {
    ...base,
    conditions: [
      ...(wasLetThrough
        ? permittedConditions
        : obstacle?.condition === undefined
        ? []
        : [obstacle.condition]),
      ...reported.conditions,
    ],
    outcome,
    events: [
      ...disruptionEvents(world, entries),
      ...waitEvents(world, outcome.reason, outcome.message),
      ...reported.events,
    ],
    next: { ...next, phase: "Running", message: outcome.message },
  };
}

type Waiting = Extract<Outcome, { kind: "waiting" }>;

interface Started {
  readonly steps: readonly SourceStep[];
  /** Why sources that need a mover do not get one now, apart from a missing slot. */
  readonly obstacle: Obstacle | undefined;
  readonly create: readonly DesiredObject[];
  /** The steps whose mover is started. */
  readonly started: ReadonlySet<SourceStep>;
}

/**
 * Starts every mover that is needed and has a slot. Starts none while there is an obstacle, and none in a pass that
 * records the end of another one.
 */
function startSteps(
  world: BackupWorld,
  pin: RunPin,
  steps: readonly SourceStep[],
  { run, now }: { readonly run: "new" | "started"; readonly now: Date },
): Started {
  const none = { steps, obstacle: undefined, create: [], started: new Set<SourceStep>() };
  const isNeeded = steps.some(({ kind }) => kind === "start");
  // A Job that cannot be made must not keep an end from being recorded.
  if (!isNeeded || steps.some(({ kind }) => kind === "ended")) return none;
  const obstacle = run === "started" ? firstRefusal(restartChecks, world, pin) : undefined;
  if (obstacle?.reason === "RepositoryReplaced") {
    return { ...none, steps: steps.map((step) => refuse(step, obstacle, now)) };
  }
  const repository = foundRepository(world);
  if (obstacle !== undefined || repository === undefined) return { ...none, obstacle };
  const starting = steps.filter((step) => step.kind === "start").filter(({ entry, attempt }) =>
    mayStart(world, world.backup.key.namespace, backupJobName(world.backup, entry.source, attempt))
  );
  const create = starting.map((step) => backupJob(world, repository, pin, step));
  return { ...none, create, started: new Set(starting) };
}

function startedEntry({ backup }: BackupWorld, step: SourceStep, now: Date): SnapshotEntry {
  if (step.kind !== "start") return step.entry;
  const memory = memoryOfStart(memoryOf(step.entry), step.attempt, now);
  return entryWith(sourceTask(backup, step.entry.source), step.entry, memory);
}

/** Fails a source: its mover must not write into another repository than the earlier movers of the run. */
function refuse(step: SourceStep, refusal: Obstacle, now: Date): SourceStep {
  if (step.kind !== "start") return step;
  const entry = failedEntry(step.entry, refusal.reason, step.entry.job === undefined);
  const failure = entry.failure === undefined
    ? {}
    : { failure: { ...entry.failure, logTail: refusal.message } };
  return { kind: "ended", entry: { ...entry, ...failure }, finishedAt: now.toISOString() };
}

/**
 * No Event for a run that only waits for a slot, or that begins: a thousand of them would hide the Events about trouble,
 * and each is one more write just when many start.
 */
function waiting(reason: Reason, message: string, recheckAfterSeconds: number): Waiting {
  const isQuiet = reason === "NoSlot" || reason === "Running" ? { isQuiet: true as const } : {};
  return { kind: "waiting", reason, message, recheckAfterSeconds, ...isQuiet };
}

function runningOutcome(
  { steps, obstacle, started }: Pick<Started, "steps" | "obstacle" | "started">,
  { slots }: BackupWorld,
  noSlot: NoSlot,
): Waiting {
  const wait = slots === "free" ? undefined : slots.waiting;
  const isPutOff = steps.some(({ kind }) => kind === "ended") && steps.some(({ kind }) => kind === "start");
  const longest = wait === undefined ? RECHECK_SECONDS : noSlot.recheckAfterSeconds;
  const atMostSeconds = isPutOff ? SOON_SECONDS : longest;
  const recheckAfterSeconds = Math.max(1, Math.min(atMostSeconds, ...steps.map(recheckOf)));
  if (obstacle !== undefined) {
    return waiting(obstacle.reason, obstacle.message, recheckAfterSeconds);
  }
  const stuck = steps.find((step) => step.kind === "waiting");
  if (stuck !== undefined) {
    const { entry, reason, text } = stuck;
    const message = `The mover of "${entry.source}" ${
      reason === "Unschedulable" ? "cannot be scheduled" : "does not start"
    }: ${text}`;
    return waiting(reason, message, recheckAfterSeconds);
  }
  const done = steps.filter(({ kind }) => kind === "over" || kind === "ended").length;
  const isWorking = started.size > 0 || steps.some(({ kind }) => kind === "running");
  if (!isWorking && wait !== undefined) return waiting("NoSlot", noSlot.message, recheckAfterSeconds);
  const waiters = wait === undefined
    ? ""
    : `, ${wait.movers} ${wait.movers === 1 ? "waits" : "wait"} for a mover slot`;
  const message = steps.length === 1
    ? `Backing up "${steps[0]?.entry.source ?? ""}"`
    : `Backing up ${steps.length} sources, ${done} done${waiters}`;
  return waiting("Running", message, recheckAfterSeconds);
}

function recheckOf(step: SourceStep): number {
  return step.kind === "running" || step.kind === "waiting" ? step.recheckAfterSeconds : RECHECK_SECONDS;
}
