import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { numberAt, textAt, valueAt } from "../objects/field_at.ts";
import { isInherited } from "../restored/inherited.ts";
import { missingIds, type MissingNote, missingNote } from "./missing_note.ts";
import { type PutBack, putBack } from "../restored/put_back.ts";
import { repositoryKeyText, repositoryOfRun } from "../repositories/ref.ts";
import type { RetentionRun } from "../retention/judge.ts";
import type { SavedSnapshot } from "../retention/whole_snapshots.ts";

/** The facts of a Backup that others read: its recipe, schedule and repository, the breaker, gauges and plugin. */
export interface RunFacts extends RetentionRun {
  readonly namespace: string;
  readonly uid: string;
  /** The version of the object. */
  readonly resourceVersion: string | undefined;
  /** Name of its BackupConfig; undefined for one that names none. */
  readonly config: string | undefined;
  readonly phase: string;
  readonly isDeleting: boolean;
  /** Times in milliseconds since the epoch; 0 where they are not known. */
  readonly createdMs: number;
  /** When its first mover was made, else when the Backup was. */
  readonly startedMs: number;
  /** Undefined for one that has not ended. */
  readonly endedMs: number | undefined;
  /** When it ended, else (it was deleted before) when its last snapshot did, else when it was made. */
  readonly lastMs: number;
  /** It saved a source, even if that snapshot is gone from the repository since. */
  readonly hasSaved: boolean;
  /** Paths it tried to save and could not. */
  readonly failed: readonly string[];
  /** It was put back, so its snapshots were made by a run of another object. */
  readonly isInherited: boolean;
  /** Set when it was put back without its status. */
  readonly putBack: PutBack | undefined;
  /** `repositoryKeyText` and unique id of the repository it was started with. */
  readonly repository: string | undefined;
  readonly uniqueId: string | undefined;
  /** The catalog's note about missing snapshots. */
  readonly missing: MissingNote | "unreadable" | undefined;
  /** A snapshot it made or relies on is missing from the repository, so it is no success any more. */
  readonly isGone: boolean;
  /** It Succeeded and is complete. */
  readonly isComplete: boolean;
  /** It has the mark of retention, which deletes it or was about to. */
  readonly isMarked: boolean;
  /** The value of the annotation that stops its run. */
  readonly cancelled: string | undefined;
  /** Reason of its Ready condition. */
  readonly readyReason: string | undefined;
  /** When its phase became what it is, as far as its status tells: not when its mover ended, but when that was seen. */
  readonly phaseSinceMs: number | undefined;
  /** It was stopped, whatever its phase is now. */
  readonly wasStopped: boolean;
  /** Its deletion is held. */
  readonly isHeld: boolean;
}

/**
 * The facts of a Backup, even of an invalid one. Reads without a schema, and each object only once: a pass reads every
 * Backup of a recipe whenever one of them changes, and a scrape reads all.
 */
export function runFacts(backup: KubeObject): RunFacts {
  const before = known.get(backup);
  if (before !== undefined) return before;
  const facts = readFacts(backup);
  known.set(backup, facts);
  return facts;
}

/** Per object: a changed object is a new one in the cache. */
const known = new WeakMap<KubeObject, RunFacts>();

function readFacts(backup: KubeObject): RunFacts {
  const { metadata } = backup;
  const { name, namespace = "", uid = "", resourceVersion, annotations } = metadata;
  const phase = textAt(backup, "status", "phase") ?? "Pending";
  const missing = missingNote(backup);
  const entries = entriesOf(backup);
  const snapshots = readSnapshots(entries, missingIds(missing));
  const conditions = readConditions(valueAt(backup, "status", "conditions"));
  const repository = repositoryOfRun(backup);
  const times = readTimes(backup, entries);
  const isGone = standsOnWhatIsGone(entries, missingIds(missing));
  return {
    name,
    namespace,
    uid,
    resourceVersion,
    config: textAt(backup, "spec", "configRef", "name"),
    phase,
    hasFailed: phase === "Failed",
    isDeleting: metadata.deletionTimestamp !== undefined,
    createdMs: times.createdMs,
    startedMs: times.startedMs,
    endedMs: times.endedMs,
    lastMs: times.lastMs,
    timeMs: times.timeMs,
    isExempt: valueAt(backup, "spec", "pin") === true,
    isAccepted: valueAt(backup, "spec", "accept") === true,
    hasSaved: entries.some(isSaved),
    saved: snapshots.saved,
    unchanged: snapshots.unchanged,
    failed: snapshots.failed,
    isInherited: isInherited(backup),
    putBack: putBack(backup),
    repository: repository && repositoryKeyText(repository, namespace),
    uniqueId: textAt(backup, "status", "resolved", "repository", "uniqueId"),
    missing,
    isGone,
    isComplete: phase === "Succeeded" && !isGone && !conditions.isIncomplete,
    isMarked: annotations?.[ANNOTATION.deletedBy] === "retention",
    cancelled: annotations?.[ANNOTATION.cancelRun],
    readyReason: conditions.readyReason,
    phaseSinceMs: latestOf(times.endedMs, conditions.readySinceMs),
    wasStopped: conditions.wasStopped,
    isHeld: conditions.isHeld,
  };
}

function entriesOf(backup: KubeObject): readonly unknown[] {
  const entries = valueAt(backup, "status", "snapshots");
  return Array.isArray(entries) ? entries : [];
}

function isSaved(entry: unknown): boolean {
  return textAt(entry, "phase") === "Succeeded" && textAt(entry, "kopiaSnapshotID") !== undefined;
}

type Times = Pick<RunFacts, "createdMs" | "startedMs" | "endedMs" | "lastMs" | "timeMs">;

function readTimes(backup: KubeObject, entries: readonly unknown[]): Times {
  const createdMs = Date.parse(backup.metadata.creationTimestamp ?? "") || 0;
  const started = textAt(backup, "status", "timing", "startTime");
  const ended = textAt(backup, "status", "timing", "endTime");
  const endedMs = msOf(ended);
  const timeMs = endedMs ?? createdMs;
  return {
    createdMs,
    startedMs: started === undefined ? createdMs : Date.parse(started) || 0,
    endedMs,
    timeMs,
    lastMs: ended === undefined ? lastSavedMs(entries, timeMs) : timeMs,
  };
}

function msOf(time: string | undefined): number | undefined {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

function latestOf(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((ms) => ms !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function lastSavedMs(entries: readonly unknown[], otherwiseMs: number): number {
  return entries.reduce<number>((lastMs, entry) => {
    const endMs = Date.parse(textAt(entry, "endTime") ?? "");
    return endMs > lastMs ? endMs : lastMs;
  }, otherwiseMs);
}

/** The snapshots of a run; `saved` includes those that a note calls missing. */
function readSnapshots(
  entries: readonly unknown[],
  missing: readonly string[],
): Pick<RunFacts, "saved" | "unchanged" | "failed"> {
  const saved: SavedSnapshot[] = [];
  const unchanged: string[] = [];
  const failed: string[] = [];
  for (const entry of entries) {
    const path = textAt(entry, "sourcePath");
    if (path === undefined) continue;
    if (textAt(entry, "phase") !== "Succeeded") {
      failed.push(path);
      continue;
    }
    const id = textAt(entry, "kopiaSnapshotID");
    if (id === undefined) {
      if (valueAt(entry, "unchanged") === true) unchanged.push(path);
      continue;
    }
    saved.push({
      path,
      files: countOf(entry, "files"),
      bytes: countOf(entry, "sizeBytes"),
      unreadable: unreadableOf(entry),
      isMissing: missing.includes(id),
    });
  }
  return { saved, unchanged, failed };
}

function standsOnWhatIsGone(entries: readonly unknown[], missing: readonly string[]): boolean {
  return missing.length > 0 &&
    entries.some((entry) =>
      missing.includes(textAt(entry, "kopiaSnapshotID") ?? textAt(entry, "unchangedSince") ?? "")
    );
}

/** Facts from the conditions; of several of one type the first counts. */
interface Said {
  readyReason: string | undefined;
  readySinceMs: number | undefined;
  isIncomplete: boolean;
  wasStopped: boolean;
  isHeld: boolean;
}

function readConditions(conditions: unknown): Said {
  const said: Said = {
    readyReason: undefined,
    readySinceMs: undefined,
    isIncomplete: false,
    wasStopped: false,
    isHeld: false,
  };
  if (!Array.isArray(conditions)) return said;
  for (const condition of conditions) {
    const reason = textAt(condition, "reason");
    const status = textAt(condition, "status");
    switch (textAt(condition, "type")) {
      case "Ready":
        said.readyReason ??= reason;
        said.readySinceMs ??= msOf(textAt(condition, "lastTransitionTime"));
        break;
      case "Complete":
        if (status === "False") said.isIncomplete = true;
        break;
      case "SnapshotCreated":
        if (reason === "Replaced" || reason === "Cancelled") said.wasStopped = true;
        break;
      case "DeletionHeld":
        if (status === "True") said.isHeld = true;
        break;
    }
  }
  return said;
}

/** A safe integer that is not negative. */
function countOf(object: unknown, ...path: readonly string[]): number | undefined {
  const value = numberAt(object, ...path);
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The number of unreadable files and of lost names. */
function unreadableOf(entry: unknown): number | undefined {
  const unreadable = lackOf(valueAt(entry, "unreadable"));
  const lost = lackOf(valueAt(entry, "names", "lost"));
  return unreadable === undefined || lost === undefined ? undefined : unreadable + lost;
}

function lackOf(said: unknown): number | undefined {
  if (said === undefined || said === null) return 0;
  const count = countOf(said, "count");
  return count === 0 ? undefined : count;
}
