import pc from "picocolors";
import type { StatusDocument } from "./document.ts";
import { coverageIsHidden } from "./unprotected_rows.ts";
import type { WaitingRow } from "./objects.ts";
import {
  type ConfigRow,
  type HeldRow,
  type LackingRow,
  lackingRows,
  type MissingRow,
  type RepositoryRow,
  type RunRow,
  type ScheduleRow,
  type UnprotectedRow,
} from "./rows.ts";
import { doneText, rateText } from "../progress.ts";
import { ageCell, type Column, durationCell, sizeCell, tableLines, type Tone } from "../table.ts";

/** How to print the tables. */
export interface ViewOptions {
  readonly wide: boolean;
  /** Cuts long messages, for a terminal; a pipe gets the whole text. */
  readonly cut: boolean;
  readonly color: boolean;
  readonly now: Date;
}

/** The longest message in a narrow table on a terminal. */
const MESSAGE_WIDTH = 80;
/** Progress that is older than this is marked. */
const STILL_MS = 300_000;

/**
 * The document as tables for people: sections with rows, `(none)` or `(forbidden)`. Sections about problems (held
 * deletions, missing and unfinished snapshots, unprotected claims) are left out when they are empty.
 */
export function renderStatus(document: StatusDocument, options: ViewOptions): string {
  const { now } = options;
  const colors = pc.createColors(options.color);
  const isForbidden = (kind: StatusDocument["forbidden"][number]) => document.forbidden.includes(kind);
  const waitingIsHidden = (["repositories", "configs", "schedules", "backups"] as const).some(isForbidden);
  return [
    section("REPOSITORIES", document.repositories, repositoryColumns(now), isForbidden("repositories")),
    section("CONFIGS", document.configs, configColumns(now), isForbidden("configs")),
    ...exceptional("SOURCES NOT BACKED UP", document.configs.flatMap(lackingRows), lackingColumns(now)),
    section("SCHEDULES", document.schedules, scheduleColumns(now), isForbidden("schedules")),
    section("IN FLIGHT", document.inFlight, runColumns(now), isForbidden("backups")),
    section("WAITING", document.waiting, waitingColumns(options), waitingIsHidden),
    ...exceptional("DELETIONS HELD", document.deletionsHeld, heldColumns(options)),
    ...exceptional("MISSING SNAPSHOTS", document.missingSnapshots, missingColumns(options)),
    ...exceptional("LEFT UNFINISHED", document.repositories.filter(leftUnfinished), unfinishedColumns(now)),
    ...unprotected(),
  ].join("\n");

  function section<Row extends { readonly namespace: string }>(
    title: string,
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    hidden: boolean,
    remark?: string,
  ): string {
    const chosen = chooseColumns(columns, document, options);
    const lines = rows.length > 0 ? [...tableLines(rows, chosen, colors)] : [];
    if (hidden) lines.push("(forbidden)");
    else if (rows.length === 0) lines.push("(none)");
    if (remark !== undefined) lines.push(remark);
    return [colors.bold(title), ...lines.map((line) => `  ${line}`), ""].join("\n");
  }

  function exceptional<Row extends { readonly namespace: string }>(
    title: string,
    rows: readonly Row[],
    columns: readonly Column<Row>[],
  ): readonly string[] {
    return rows.length === 0 ? [] : [section(title, rows, columns, false)];
  }

  function unprotected(): readonly string[] {
    const hidden = coverageIsHidden(document.forbidden);
    if (!hidden && document.unprotected.length === 0) return [];
    const remark = !hidden && isForbidden("namespaces")
      ? "(namespaces may not be read: an opt-out on one is not seen)"
      : undefined;
    return [section("UNPROTECTED", document.unprotected, unprotectedColumns(options), hidden, remark)];
  }
}

function chooseColumns<Row extends { readonly namespace: string }>(
  columns: readonly Column<Row>[],
  document: StatusDocument,
  options: ViewOptions,
): readonly Column<Row>[] {
  const namespace: Column<Row> = { head: "NAMESPACE", cell: (row) => row.namespace };
  const chosen = columns.filter((column) => options.wide || column.wide !== true);
  return document.namespace === "" ? [namespace, ...chosen] : chosen;
}

function repositoryColumns(now: Date): readonly Column<RepositoryRow>[] {
  return [
    { head: "NAME", cell: (row) => row.name },
    { head: "PHASE", cell: (row) => row.phase, tone: (row) => toneOf(row.phase) },
    { head: "BACKEND", cell: (row) => row.backend },
    { head: "SNAPSHOTS", cell: (row) => row.snapshotCount?.toString() },
    { head: "SIZE", cell: (row) => sizeCell(row.totalSizeBytes) },
    { head: "LAST-READ", cell: (row) => ageCell(row.lastObservedAt, now) },
    { head: "DISCOVERED", cell: (row) => row.discoveredCount?.toString() },
    {
      head: "MISSING",
      cell: (row) => row.missingCount?.toString(),
      tone: (row) => (row.missingCount ?? 0) > 0 ? "bad" : undefined,
    },
    { head: "REASON", cell: (row) => row.reason, wide: true },
    { head: "UNIQUE-ID", cell: (row) => row.uniqueId, wide: true },
  ];
}

const outcomeWords = { success: "Succeeded", partial: "Partial", failure: "Failed" } as const;

function configColumns(now: Date): readonly Column<ConfigRow>[] {
  const outcome = ({ lastBackup }: ConfigRow) => lastBackup && outcomeWords[lastBackup.outcome];
  const age = ({ lastBackup }: ConfigRow) => ageCell(lastBackup?.time, now);
  const inARow = ({ consecutiveIncomplete = 0 }: ConfigRow) =>
    consecutiveIncomplete > 1 ? `, ${consecutiveIncomplete} in a row` : "";
  return [
    { head: "NAME", cell: (row) => row.name },
    { head: "REPOSITORY", cell: (row) => row.repository },
    { head: "READY", cell: (row) => row.ready, tone: (row) => toneOf(row.ready) },
    {
      head: "LAST-BACKUP",
      cell: (row) => row.lastBackup && `${outcome(row)} ${age(row)}${inARow(row)}`,
      tone: (row) => toneOf(outcome(row)),
    },
    { head: "LAST-SUCCESS", cell: (row) => ageCell(row.lastSuccessfulBackup?.time, now) },
    { head: "FAILURES", cell: (row) => row.consecutiveFailures?.toString() },
    { head: "KEPT", cell: (row) => row.keptCount?.toString() },
    { head: "TO-PRUNE", cell: (row) => row.pruneCount?.toString() },
    { head: "SIZE", cell: (row) => sizeCell(row.lastBackup?.sizeBytes) },
    { head: "NEW", cell: (row) => sizeCell(row.lastBackup?.bytesNew), wide: true },
    { head: "TOOK", cell: (row) => durationCell(row.lastBackup?.durationSeconds), wide: true },
    { head: "SNAPSHOTS", cell: (row) => row.lastBackup?.snapshotIDs.join(","), wide: true },
    { head: "TRACE", cell: (row) => row.lastBackup?.traceId, wide: true },
    { head: "PRUNE-NEXT", cell: (row) => row.pruneNext?.join(","), wide: true },
  ];
}

function lackingColumns(now: Date): readonly Column<LackingRow>[] {
  return [
    { head: "CONFIG", cell: (row) => row.config },
    { head: "SOURCE", cell: (row) => row.pvc, tone: () => "bad" },
    { head: "LAST-SUCCESS", cell: (row) => ageCell(row.lastSuccessTime, now) ?? "never" },
  ];
}

function runColumns(now: Date): readonly Column<RunRow>[] {
  return [
    { head: "NAME", cell: (row) => row.name },
    { head: "CONFIG", cell: (row) => row.config },
    { head: "PHASE", cell: (row) => row.phase },
    { head: "SOURCES", cell: (row) => `${row.sources.done}/${row.sources.total}` },
    { head: "STARTED", cell: (row) => ageCell(row.startTime, now) },
    { head: "DONE", cell: ({ progress }) => progress && doneText(progress) },
    { head: "FILES", cell: ({ progress }) => progress?.filesDone.toString() },
    { head: "RATE", cell: ({ progress }) => progress && rateText(progress) },
    { head: "LEFT", cell: ({ progress }) => durationCell(progress?.secondsLeft) },
    {
      head: "AS-OF",
      cell: ({ progress }) => ageCell(progress?.observedAt, now),
      tone: ({ progress }) => isOld(progress, now) ? "open" : undefined,
    },
    { head: "WRITTEN", cell: ({ progress }) => sizeCell(progress?.bytesWritten), wide: true },
    {
      head: "UNREADABLE",
      cell: ({ progress }) => progress?.errors?.toString(),
      tone: () => "bad",
      wide: true,
    },
    { head: "TRACE", cell: (row) => row.traceId, wide: true },
  ];
}

/** A mover that makes progress reports every half minute, or less often while it reads a very large file. */
function isOld(progress: RunRow["progress"], now: Date): boolean {
  return progress !== undefined && now.getTime() - Date.parse(progress.observedAt) > STILL_MS;
}

function scheduleColumns(now: Date): readonly Column<ScheduleRow>[] {
  return [
    { head: "NAME", cell: (row) => row.name },
    { head: "CONFIG", cell: (row) => row.config },
    { head: "CRON", cell: (row) => row.cron },
    { head: "SUSPENDED", cell: (row) => row.suspended ? "True" : "False", tone: suspendedTone },
    { head: "LAST", cell: (row) => ageCell(row.lastAt, now) },
    { head: "NEXT", cell: (row) => ageCell(row.nextStartAt ?? row.nextAt, now) },
    { head: "FAILURES", cell: (row) => row.consecutiveFailures?.toString() },
    { head: "LAST-SUCCESS", cell: (row) => ageCell(row.lastSuccessfulAt, now), wide: true },
    { head: "MISSED", cell: (row) => row.missedCount?.toString(), wide: true },
    { head: "SKIPPED", cell: (row) => row.skippedCount?.toString(), wide: true },
    { head: "TIMEZONE", cell: (row) => row.timezone, wide: true },
    { head: "READY", cell: (row) => row.ready, tone: (row) => toneOf(row.ready), wide: true },
    { head: "REASON", cell: (row) => row.reason, wide: true },
    { head: "LAST-BACKUP", cell: (row) => row.lastBackup, wide: true },
  ];
}

function suspendedTone({ suspended }: ScheduleRow): Tone | undefined {
  return suspended ? "open" : undefined;
}

function heldColumns({ now }: ViewOptions): readonly Column<HeldRow>[] {
  return [
    { head: "BACKUPS", cell: (row) => String(row.count), tone: () => "bad" },
    { head: "SNAPSHOTS", cell: (row) => String(row.snapshotCount) },
    { head: "SINCE", cell: (row) => ageCell(row.since, now) },
    { head: "TO RELEASE", cell: (row) => row.release ?? "take the pin away" },
    { head: "NAMES", cell: (row) => row.backups.join(","), wide: true },
  ];
}

function missingColumns(options: ViewOptions): readonly Column<MissingRow>[] {
  return [
    { head: "BACKUP", cell: (row) => row.name },
    { head: "CONFIG", cell: (row) => row.config },
    { head: "REPOSITORY", cell: (row) => row.repository },
    { head: "SINCE", cell: (row) => ageCell(row.since, options.now) },
    { head: "ORIGIN", cell: (row) => row.origin, wide: true },
    { head: "MESSAGE", cell: (row) => messageCell(row.message, options), tone: () => "bad" },
  ];
}

function leftUnfinished({ unfinished }: RepositoryRow): boolean {
  return unfinished !== undefined;
}

function unfinishedColumns(now: Date): readonly Column<RepositoryRow>[] {
  return [
    { head: "REPOSITORY", cell: (row) => row.name },
    { head: "SNAPSHOTS", cell: (row) => row.unfinished?.snapshotCount.toString(), tone: () => "open" },
    { head: "SIZE", cell: (row) => sizeCell(row.unfinished?.sizeBytes) },
    { head: "OLDEST", cell: (row) => ageCell(row.unfinished?.oldestTime, now) },
  ];
}

function unprotectedColumns(options: ViewOptions): readonly Column<UnprotectedRow>[] {
  return [
    { head: "CLAIMS", cell: (row) => String(row.claims.length), tone: () => "open" },
    { head: "NAMES", cell: (row) => messageCell(row.claims.join(", "), options) },
  ];
}

function messageCell(text: string, { wide, cut }: ViewOptions): string {
  return wide || !cut ? text : shorten(text);
}

function waitingColumns(options: ViewOptions): readonly Column<WaitingRow>[] {
  return [
    { head: "KIND", cell: (row) => row.kind },
    { head: "NAME", cell: (row) => row.name },
    { head: "REASON", cell: (row) => row.reason, tone: () => "open" },
    { head: "SINCE", cell: (row) => ageCell(row.since, options.now) },
    { head: "MESSAGE", cell: (row) => messageCell(row.message, options) },
  ];
}

function shorten(text: string): string {
  const letters = [...text];
  return letters.length <= MESSAGE_WIDTH ? text : `${letters.slice(0, MESSAGE_WIDTH - 1).join("")}…`;
}

function toneOf(word: string | undefined): Tone {
  switch (word) {
    case "Ready":
    case "True":
    case "Succeeded":
      return "good";
    case "Failed":
    case "False":
    case "Degraded":
      return "bad";
    default:
      return "open";
  }
}
