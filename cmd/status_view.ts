import Table from "cli-table3";
import pc from "picocolors";
import { harmlessText } from "./harmless_text.ts";
import { ageText, bytesText, durationText } from "./quantity_text.ts";
import type { ConfigRow, RepositoryRow, RunRow, StatusDocument, WaitingRow } from "./status_document.ts";

/** How the tables look. */
export interface ViewOptions {
  readonly wide: boolean;
  readonly color: boolean;
  readonly now: Date;
}

/** Longest message in a table that is not wide. */
const MESSAGE_WIDTH = 80;

type Colors = ReturnType<typeof pc.createColors>;

/** What a word bodes; only shown where there are colours, so never the only sign. */
type Tone = "good" | "bad" | "open";

interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string | undefined;
  readonly tone?: (row: Row) => Tone;
  readonly wide?: true;
}

/** The document as tables for people: four sections, each with its rows, `(none)` or `(forbidden)`. */
export function renderStatus(document: StatusDocument, options: ViewOptions): string {
  const colors = pc.createColors(options.color);
  const isForbidden = (kind: StatusDocument["forbidden"][number]) => document.forbidden.includes(kind);
  const runsAreHidden = isForbidden("backups");
  const anythingIsHidden = document.forbidden.length > 0;
  return [
    section(
      "REPOSITORIES",
      document.repositories,
      repositoryColumns(options.now),
      isForbidden("repositories"),
    ),
    section("CONFIGS", document.configs, configColumns(options.now), isForbidden("configs")),
    section("IN FLIGHT", document.inFlight, runColumns(options.now), runsAreHidden),
    section("WAITING", document.waiting, waitingColumns(options), anythingIsHidden),
  ].join("\n");

  function section<Row extends { readonly namespace: string; readonly name: string }>(
    title: string,
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    hidden: boolean,
  ): string {
    const lines = rows.length > 0 ? tableLines(rows, chooseColumns(columns, document, options), colors) : [];
    if (hidden) lines.push("(forbidden)");
    else if (rows.length === 0) lines.push("(none)");
    return [colors.bold(title), ...lines.map((line) => `  ${line}`), ""].join("\n");
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
    { head: "REASON", cell: (row) => row.reason, wide: true },
    { head: "UNIQUE-ID", cell: (row) => row.uniqueId, wide: true },
  ];
}

const outcomeWords = { success: "Succeeded", partial: "Partial", failure: "Failed" } as const;

function configColumns(now: Date): readonly Column<ConfigRow>[] {
  const outcome = ({ lastBackup }: ConfigRow) => lastBackup && outcomeWords[lastBackup.outcome];
  const age = ({ lastBackup }: ConfigRow) => ageCell(lastBackup?.time, now);
  return [
    { head: "NAME", cell: (row) => row.name },
    { head: "REPOSITORY", cell: (row) => row.repository },
    { head: "READY", cell: (row) => row.ready, tone: (row) => toneOf(row.ready) },
    {
      head: "LAST-BACKUP",
      cell: (row) => row.lastBackup && `${outcome(row)} ${age(row)}`,
      tone: (row) => toneOf(outcome(row)),
    },
    { head: "LAST-SUCCESS", cell: (row) => ageCell(row.lastSuccessfulBackup?.time, now) },
    { head: "FAILURES", cell: (row) => row.consecutiveFailures?.toString() },
    { head: "SIZE", cell: (row) => sizeCell(row.lastBackup?.sizeBytes) },
    { head: "NEW", cell: (row) => sizeCell(row.lastBackup?.bytesNew), wide: true },
    { head: "TOOK", cell: (row) => durationCell(row.lastBackup?.durationSeconds), wide: true },
    { head: "SNAPSHOTS", cell: (row) => row.lastBackup?.snapshotIDs.join(","), wide: true },
    { head: "TRACE", cell: (row) => row.lastBackup?.traceId, wide: true },
  ];
}

function runColumns(now: Date): readonly Column<RunRow>[] {
  return [
    { head: "NAME", cell: (row) => row.name },
    { head: "CONFIG", cell: (row) => row.config },
    { head: "PHASE", cell: (row) => row.phase },
    { head: "SOURCES", cell: (row) => `${row.sources.done}/${row.sources.total}` },
    { head: "STARTED", cell: (row) => ageCell(row.startTime, now) },
    { head: "TRACE", cell: (row) => row.traceId, wide: true },
  ];
}

function waitingColumns(options: ViewOptions): readonly Column<WaitingRow>[] {
  return [
    { head: "KIND", cell: (row) => row.kind },
    { head: "NAME", cell: (row) => row.name },
    { head: "REASON", cell: (row) => row.reason, tone: () => "open" },
    { head: "SINCE", cell: (row) => ageCell(row.since, options.now) },
    { head: "MESSAGE", cell: (row) => options.wide ? row.message : shorten(row.message) },
  ];
}

function sizeCell(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : bytesText(bytes);
}

function durationCell(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : durationText(seconds);
}

function ageCell(time: string | undefined, now: Date): string | undefined {
  return time === undefined ? undefined : ageText(time, now);
}

function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[], colors: Colors): string[] {
  const table = new Table({
    head: columns.map((column) => column.head),
    style: { "padding-left": 0, "padding-right": 3, head: [], border: [] },
    chars: {
      ...{ "top": "", "top-mid": "", "top-left": "", "top-right": "" },
      ...{ "bottom": "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
      ...{ "left": "", "left-mid": "", "mid": "", "mid-mid": "" },
      ...{ "right": "", "right-mid": "", "middle": "" },
    },
  });
  for (const row of rows) table.push(columns.map((column) => paint(column, row, colors)));
  return table.toString().split("\n").map((line) => line.trimEnd());
}

function paint<Row>(column: Column<Row>, row: Row, colors: Colors): string {
  const text = column.cell(row);
  if (text === undefined || text === "") return "-";
  switch (column.tone?.(row)) {
    case undefined:
      return harmlessText(text);
    case "good":
      return colors.green(harmlessText(text));
    case "bad":
      return colors.red(harmlessText(text));
    case "open":
      return colors.yellow(harmlessText(text));
  }
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
