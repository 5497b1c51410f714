import { API_VERSION, findCondition, type Reason, type SnapshotEntry } from "../../../api/mod.ts";
import type { PlannedEvent, PlannedMeasure } from "../../runtime/plan.ts";
import { isSettingsFault, MAX_DISRUPTIONS, moverMeasures, obstacleAction } from "../../movers/mod.ts";
import type { SourceStep } from "./source_entry.ts";
import { runTrace } from "./traces.ts";
import { atLeast, lacksSome, listed, lostText, type RunResult } from "./result.ts";
import type { BackupWorld } from "../world/world.ts";

const LINE_MAX = 400;

/** The Warning about a wait that a person can end: when it begins, or gets a lasting cause; none while it lasts. */
export function waitEvents(world: BackupWorld, reason: Reason, note: string): readonly PlannedEvent[] {
  const action = obstacleAction(reason);
  const before = findCondition(world.backup.status.conditions, "Ready");
  // The kubelet may report ContainerCreating first, and an error a moment later.
  const isWorse = isSettingsFault(note) && !isSettingsFault(before?.message ?? "");
  if (action === undefined || (before?.reason === reason && !isWorse)) return [];
  return [{ type: "Warning", reason, action, note }];
}

/** The Warning about each mover that the cluster ended, in the pass that counts it. */
export function disruptionEvents(
  { backup }: BackupWorld,
  entries: readonly SnapshotEntry[],
): readonly PlannedEvent[] {
  return entries.flatMap(({ source, job }) => {
    const before = backup.status.snapshots?.find((entry) => entry.source === source)?.job?.disruptions ?? 0;
    const { disruptions = 0, disruptedWhy = "" } = job ?? {};
    if (disruptions <= before) return [];
    const note =
      `The mover of "${source}" was ended by the cluster, ${disruptions} of at most ${MAX_DISRUPTIONS} times: ` +
      disruptedWhy;
    return [{ type: "Warning", reason: "Interrupted", action: "CheckNode", note }];
  });
}

/** Events of a run that ended, on the Backup and mirrored on its BackupConfig. */
export function resultEvents(
  world: BackupWorld,
  result: RunResult,
  entries: readonly SnapshotEntry[],
): readonly PlannedEvent[] {
  const own = [
    resultEvent(world, result, entries),
    ...entries.filter(isEmpty).map(emptyEvent),
    ...entries.flatMap(renamedEvents),
  ];
  const config = world.config.kind === "found" ? world.config.value : undefined;
  if (config === undefined) return own;
  const regarding = {
    apiVersion: API_VERSION,
    kind: "BackupConfig",
    namespace: config.key.namespace,
    name: config.key.name,
    uid: config.uid,
  };
  const named = `Backup "${world.backup.key.name}": `;
  return [...own, ...own.map((event) => ({ ...event, note: named + event.note, regarding }))];
}

/** Measures of the sources that ended in this pass. */
export function stepMeasures(steps: readonly SourceStep[]): readonly PlannedMeasure[] {
  return steps.flatMap((step) => {
    if (step.kind !== "ended" || step.mover === undefined) return [];
    const result = step.entry.phase === "Succeeded" ? "succeeded" : "failed";
    return moverMeasures("backup", result, step.mover.seconds);
  });
}

/** Measures of a run that ended in this pass; one that never began has no duration. */
export function resultMeasures(
  world: BackupWorld,
  { outcome }: RunResult,
  entries: readonly SnapshotEntry[],
  durationSeconds: number | undefined,
): readonly PlannedMeasure[] {
  // The series of a recipe ends with it: an increment after that would begin one that never ends.
  if (world.config.kind !== "found") return [];
  const { key: { namespace }, configName: name } = world.backup;
  const labels = { namespace, name };
  const saved = entries.filter(isSaved);
  const total = (values: readonly (number | undefined)[]) =>
    values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  const add = { kind: "add", labels } as const;
  return [
    { kind: "add", metric: "kopiur_backups_total", labels: { ...labels, outcome }, value: 1 },
    ...(saved.length === 0 ? [] : [
      { ...add, metric: "kopiur_backup_saved_files_total", value: total(saved.map(({ files }) => files)) },
      {
        ...add,
        metric: "kopiur_backup_saved_bytes_total",
        value: total(saved.map(({ sizeBytes }) => sizeBytes)),
      },
    ] as const),
    ...(durationSeconds === undefined ? [] : [
      {
        kind: "record",
        metric: "kopiur_backup_run_duration_seconds",
        labels,
        value: durationSeconds,
      } as const,
    ]),
  ];
}

function resultEvent(
  { backup }: BackupWorld,
  result: RunResult,
  entries: readonly SnapshotEntry[],
): PlannedEvent {
  const action = "Backup";
  // The trace id leads to the log lines.
  const trace = `Trace ${runTrace(backup).traceId}`;
  switch (result.outcome) {
    case "success":
      return { type: "Normal", reason: "BackupSucceeded", action, note: listed(entries.map(snapshotText)) };
    case "partial": {
      const gaps = entries.filter((entry) => entry.phase !== "Succeeded" || lacksSome(entry));
      const note = `${listed(gaps.map(gapText))}. ${
        listed(entries.filter(({ phase }) => phase === "Succeeded").map(snapshotText))
      }. ${trace}`;
      return { type: "Warning", reason: "BackupPartial", action, note };
    }
    case "failure": {
      const gaps = entries.filter(({ phase }) => phase !== "Succeeded");
      const done = entries.filter(({ phase }) => phase === "Succeeded");
      const parts = [
        gaps.length === 0 ? result.message : listed(gaps.map(gapText)),
        ...(done.length === 0 ? [] : [listed(done.map(snapshotText))]),
        trace,
      ];
      return { type: "Warning", reason: "BackupFailed", action, note: parts.join(". ") };
    }
  }
}

/** True for a source with a restorable snapshot of this run. */
export function isSaved({ phase, kopiaSnapshotID }: SnapshotEntry): boolean {
  return phase === "Succeeded" && kopiaSnapshotID !== undefined;
}

function isEmpty({ phase, files }: SnapshotEntry): boolean {
  return phase === "Succeeded" && files === 0;
}

function emptyEvent({ source, kopiaSnapshotID, unchangedSince }: SnapshotEntry): PlannedEvent {
  return {
    type: "Warning",
    reason: "EmptySnapshot",
    action: "CheckSource",
    note: `Snapshot ${
      kopiaSnapshotID ?? unchangedSince
    } of "${source}" holds no files: is the right volume named?`,
  };
}

/** Sent with every run: after a restore, programs do not find the renamed files. */
function renamedEvents(entry: SnapshotEntry): readonly PlannedEvent[] {
  const { source, kopiaSnapshotID, unchangedSince, names } = entry;
  if (entry.phase !== "Succeeded" || names?.renamed === undefined) return [];
  const { count } = names.renamed;
  const what = count === 1 ? "name that is not UTF-8 is another" : "names that are not UTF-8 are others";
  const note =
    `${atLeast(names)}${count} ${what} in snapshot ${kopiaSnapshotID ?? unchangedSince} of "${source}": ` +
    firstOf(names.renamed);
  return [{ type: "Warning", reason: "NamesChanged", action: "RenameFiles", note }];
}

function firstOf({ count, paths }: { readonly count: number; readonly paths: readonly string[] }): string {
  return `${paths.join(", ")}${count > paths.length ? ", …" : ""}`;
}

function snapshotText(entry: SnapshotEntry): string {
  const { source, kopiaSnapshotID, unchanged, unchangedSince, files, sizeBytes } = entry;
  if (unchanged === true) return `Nothing changed in "${source}" since snapshot ${unchangedSince}`;
  const sizes = [
    ...(files === undefined ? [] : [`${files} files`]),
    ...(sizeBytes === undefined ? [] : [`${sizeBytes} bytes`]),
  ];
  return `Snapshot ${kopiaSnapshotID} of "${source}"${sizes.length === 0 ? "" : `: ${sizes.join(", ")}`}`;
}

/** What a source lacks, with kopia's text, which people search for. */
function gapText({ source, failure, unreadable, names }: SnapshotEntry): string {
  const lacks = [
    ...(unreadable === undefined ? [] : [`${unreadable.count} could not be read: ${firstOf(unreadable)}`]),
    ...(names?.lost === undefined ? [] : [`${lostText(names.lost.count, names)}: ${firstOf(names.lost)}`]),
  ];
  if (lacks.length > 0) return `"${source}": ${lacks.join("; ")}`;
  const line = lastLine(failure?.logTail ?? "");
  return `"${source}": ${failure?.message ?? "it did not end"}${line === "" ? "" : `: ${line}`}`;
}

function lastLine(text: string): string {
  const line = text.split("\n").map((each) => each.trim()).findLast((each) => each !== "") ?? "";
  return line.length <= LINE_MAX ? line : `${line.slice(0, LINE_MAX).toWellFormed()}…`;
}
