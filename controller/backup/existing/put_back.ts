import {
  ANNOTATION,
  type CatalogEntry,
  type ConditionChange,
  type Identity,
  isoSeconds,
  type Reason,
  type SnapshotEntry,
} from "../../../api/mod.ts";
import type { Outcome } from "../../runtime/outcome.ts";
import { effectiveMover } from "../../movers/mod.ts";
import { configIdentity, type Finding } from "../../shared/mod.ts";
import { adoptionChecks, firstRefusal, foundRepository } from "../run/checks.ts";
import { effectivePolicy } from "../deletion/plan.ts";
import { ranAsAnnotation } from "../run/finished.ts";
import { deletingRun, release } from "../deletion/deleting_run.ts";
import { type BackupPlan, type BackupWorld, currentStatus } from "../world/world.ts";
import { failedEntry } from "../run/source_entry.ts";
import { listed, runResultOf, statsOf } from "../run/result.ts";

/** A safety net: normally the next listing wakes it. */
const RECHECK_SECONDS = 300;
const QUEUED_SECONDS = 2;

/**
 * A Backup that was put back without its status never runs by itself: it looks for the snapshots of its run and adopts
 * them. While there is no listing it waits and reports that; when a listing does not show any, a person must decide.
 */
export function planPutBack(world: BackupWorld, now: Date): BackupPlan {
  const refusal = firstRefusal(adoptionChecks, world, undefined);
  if (refusal !== undefined) return waitingPlan(world, refusal.reason, refusal.message, RECHECK_SECONDS);
  const repository = foundRepository(world)?.key.name ?? "";
  const finding = world.finding ?? { kind: "unread" };
  switch (finding.kind) {
    case "unread":
      return waitingPlan(world, "PutBack", putBackText(unreadText(repository)), RECHECK_SECONDS);
    case "queued":
      return waitingPlan(
        world,
        "PutBack",
        putBackText("it takes up its snapshots in a moment"),
        QUEUED_SECONDS,
      );
    case "taken":
      return strandedPlan(world, "another Backup holds the snapshots of its run");
    case "absent":
      return finding.truncated
        ? waitingPlan(world, "PutBack", putBackText(truncatedText(repository)), RECHECK_SECONDS)
        : strandedPlan(world, `Repository "${repository}" shows no snapshot of it`);
    case "found":
      return foundPlan(world, finding, now);
  }
}

/**
 * A Backup that is deleted before it adopted its snapshots deletes none: it is not known which they are. That
 * they stay is reported.
 */
export function releasePutBack(world: BackupWorld, now: Date): BackupPlan {
  const deleting = deletingRun(world, now);
  const { backup } = world;
  if (!backup.hasFinalizer) return release(deleting, "Nothing is held back");
  const note =
    "It was put back without its status and deleted before it had taken up its snapshots: those it has " +
    "stay in the repository";
  if (effectivePolicy(world, undefined) === "Retain") return release(deleting, note);
  return {
    ...release(deleting, note),
    events: [{ type: "Normal", reason: "SnapshotOrphaned", action: "Orphan", note }],
    measures: [{
      kind: "add",
      metric: "kopiur_orphaned_snapshots_total",
      labels: { namespace: backup.key.namespace },
      value: 1,
    }],
  };
}

function foundPlan(
  world: BackupWorld,
  finding: Extract<Finding, { readonly kind: "found" }>,
  now: Date,
): BackupPlan {
  if (world.config.kind !== "found") return strandedPlan(world, "its BackupConfig is not there");
  const { key, spec, pinnedIdentity } = world.config.value;
  const identity = pinnedIdentity ?? configIdentity(key, spec);
  const snapshots = oldestOfEachPath(finding.run.snapshots.filter((each) => isOf(each, identity)));
  if (snapshots.length === 0) {
    const { username, hostname } = identity;
    return strandedPlan(
      world,
      `none of the snapshots of its run is of "${username}@${hostname}", as its BackupConfig is`,
    );
  }
  const repository = foundRepository(world);
  const entries = snapshots.map((each, index) => entryOf(world, each, snapshots.slice(0, index)));
  const stats = statsOf(entries);
  const { phase } = runResultOf(entries);
  const names = listed(entries.map(({ kopiaSnapshotID, source }) => `${kopiaSnapshotID} of "${source}"`));
  const message = `It was put back without its status and took up what its run had made: ${names}`;
  const { uniqueId } = repository ?? {};
  return {
    finalizer: "present",
    ...(world.backup.ranAs === undefined ? ranAsAnnotation(world, finding.run.runId) : {}),
    create: [],
    remove: [],
    conditions: adoptedConditions(message, entries),
    outcome: { kind: "settled", reason: "Adopted", message, ready: phase === "Succeeded" ? "True" : "False" },
    events: [{ type: "Normal", reason: "Adopted", action: "Adopt", note: message }],
    measures: [],
    next: {
      ...currentStatus(world.backup.status),
      phase,
      message,
      resolved: {
        repository: { ...spec.repository, ...(uniqueId === undefined ? {} : { uniqueId }) },
        config: key.name,
        identity,
        deletionPolicy: spec.defaultDeletionPolicy ?? "Delete",
        mover: effectiveMover(repository?.spec.mover, spec.mover),
      },
      snapshots: [...entries],
      timing: timingOf(snapshots),
      ...(stats === undefined ? {} : { stats }),
      adopted: { run: finding.run.runId, at: isoSeconds(now) },
    },
  };
}

function isOf({ username, hostname }: CatalogEntry, identity: Identity): boolean {
  return username === identity.username && hostname === identity.hostname;
}

/** Of several snapshots of one path the oldest counts, as for a mover. */
function oldestOfEachPath(newestFirst: readonly CatalogEntry[]): readonly CatalogEntry[] {
  const byPath = new Map(newestFirst.map((each) => [each.path, each]));
  return [...byPath.values()].toSorted((a, b) => a.path < b.path ? -1 : 1);
}

function entryOf(
  { sources }: BackupWorld,
  found: CatalogEntry,
  before: readonly CatalogEntry[],
): SnapshotEntry {
  const { id, path, startTime, endTime, sizeBytes, files, unreadable } = found;
  const name = path.slice(path.lastIndexOf("/") + 1);
  const isUnique = !before.some((each) => each.path.endsWith(`/${name}`)) &&
    !sources.some(({ source }) => source === name);
  const source = sources.find(({ sourcePath }) => sourcePath === path)?.source ??
    (isUnique && name !== "" ? name : path);
  const entry: SnapshotEntry = {
    source,
    sourcePath: path,
    phase: "Succeeded",
    kopiaSnapshotID: id,
    startTime,
    endTime,
    durationSeconds: secondsBetween(startTime, endTime),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
    ...(unreadable === undefined ? {} : { unreadable: { count: unreadable, paths: [] } }),
    names: { unknown: true },
  };
  return files !== 0 || unreadable === undefined ? entry : failedEntry(entry, "PermissionDenied", true);
}

/** Complete is unknown: only the existing snapshots are known, not the sources. */
function adoptedConditions(message: string, entries: readonly SnapshotEntry[]): readonly ConditionChange[] {
  const lacks = entries.some(({ unreadable }) => unreadable !== undefined);
  return [
    { kind: "set", value: { type: "SnapshotCreated", status: "True", reason: "Adopted", message } },
    {
      kind: "set",
      value: {
        type: "Complete",
        status: lacks ? "False" : "Unknown",
        reason: lacks ? "BackupPartial" : "Adopted",
        message: lacks
          ? "Some files could not be read when it was made"
          : "Every file it tried could be read; whether its run had more sources, or names kopia could not keep, is not known",
      },
    },
  ];
}

function timingOf(
  snapshots: readonly CatalogEntry[],
): { readonly startTime: string; readonly endTime: string; readonly durationSeconds: number } {
  const starts = snapshots.map(({ startTime }) => startTime).toSorted();
  const ends = snapshots.map(({ endTime }) => endTime).toSorted();
  const [startTime = "", endTime = ""] = [starts[0], ends.at(-1)];
  return { startTime, endTime, durationSeconds: secondsBetween(startTime, endTime) };
}

function secondsBetween(from: string, to: string): number {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return Number.isNaN(seconds) ? 0 : Math.max(0, seconds);
}

/** Without an Event: five hundred waiting ones would hide the Events about problems. */
function waitingPlan(
  world: BackupWorld,
  reason: Reason,
  message: string,
  recheckAfterSeconds: number,
): BackupPlan {
  return idlePlan(world, { kind: "waiting", reason, message, recheckAfterSeconds, isQuiet: true });
}

function strandedPlan(world: BackupWorld, why: string): BackupPlan {
  const reason = "NothingToAdopt";
  const message = putBackText(why);
  const before = world.backup.status.message;
  return {
    ...idlePlan(world, { kind: "stalled", reason, message, recheckAfterSeconds: RECHECK_SECONDS }),
    events: before === message ? [] : [{ type: "Warning", reason, action: "CheckRepository", note: message }],
  };
}

/** The finalizer comes first, so that its deletion can be reported. */
function idlePlan(
  world: BackupWorld,
  outcome: Extract<Outcome, { kind: "waiting" | "stalled" }>,
): BackupPlan {
  return {
    finalizer: "present",
    create: [],
    remove: [],
    conditions: [],
    outcome,
    events: [],
    measures: [],
    next: { ...currentStatus(world.backup.status), phase: "Pending", message: outcome.message },
  };
}

function putBackText(what: string): string {
  return `It was put back without its status, so it runs nothing by itself; ${what}. ` +
    `To have it run again, annotate it with ${ANNOTATION.runAgain}: "true"`;
}

function unreadText(repository: string): string {
  return `it takes up its snapshots once Repository "${repository}" is read, every spec.catalog.refreshInterval`;
}

function truncatedText(repository: string): string {
  return `the listing of Repository "${repository}" is cut short and does not show its snapshots`;
}
