import Table from "cli-table3";
import type pc from "picocolors";
import { ageText, bytesText, durationText, harmlessText } from "./text.ts";

/** Functions that colour a text. */
export type Colors = ReturnType<typeof pc.createColors>;

/** The colour of a cell. The text must be clear without it, as there may be no colours. */
export type Tone = "good" | "bad" | "open";

/** A column of a table for people. */
export interface Column<Row> {
  readonly head: string;
  /** Undefined or empty is shown as a dash. */
  readonly cell: (row: Row) => string | undefined;
  readonly tone?: (row: Row) => Tone | undefined;
  /** Only with `-o wide`. */
  readonly wide?: true;
}

/** A size for people. */
export function sizeCell(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : bytesText(bytes);
}

/** A duration for people. */
export function durationCell(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : durationText(seconds);
}

/** `9h ago` or `in 3h`. */
export function ageCell(time: string | undefined, now: Date): string | undefined {
  return time === undefined ? undefined : ageText(time, now);
}

/** Between two columns. */
const GAP = "   ";

/** A table as lines, its head first, with columns as wide as needed. Control characters in cells are removed. */
export function tableLines<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  colors: Colors,
): readonly string[] {
  const texts = [
    columns.map(({ head }) => head),
    ...rows.map((row) => columns.map((column) => cellText(column, row))),
  ];
  const tones = [undefined, ...rows].map((row) =>
    columns.map(({ tone }) => row === undefined ? undefined : tone?.(row))
  );
  const painted = texts.map((cells, line) => cells.map((text, at) => paint(text, tones[line]?.[at], colors)));
  const isNarrow = texts.every((cells) => cells.every((text) => ONE_COLUMN_EACH.test(text)));
  return isNarrow ? padded(texts, painted) : measured(painted);
}

/** Characters that are one column wide, so that the length of a text is its width. */
const ONE_COLUMN_EACH = /^[\x20-\x7e…]*$/;

/** Pads by length. The library below needs a tenth of a second for a few hundred rows. */
function padded(
  texts: readonly (readonly string[])[],
  painted: readonly (readonly string[])[],
): readonly string[] {
  const widths = (texts[0] ?? []).map((_, at) => Math.max(...texts.map((cells) => cells[at]?.length ?? 0)));
  return painted.map((cells, line) =>
    cells.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - (texts[line]?.[at]?.length ?? 0))).join(GAP)
      .trimEnd()
  );
}

/** For characters that are two columns wide, or none. */
function measured([head = [], ...rows]: readonly (readonly string[])[]): readonly string[] {
  const table = new Table({
    head: [...head],
    style: { "padding-left": 0, "padding-right": GAP.length, head: [], border: [] },
    chars: {
      ...{ "top": "", "top-mid": "", "top-left": "", "top-right": "" },
      ...{ "bottom": "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
      ...{ "left": "", "left-mid": "", "mid": "", "mid-mid": "" },
      ...{ "right": "", "right-mid": "", "middle": "" },
    },
  });
  for (const row of rows) table.push([...row]);
  return table.toString().split("\n").map((line) => line.trimEnd());
}

function cellText<Row>(column: Column<Row>, row: Row): string {
  const text = harmlessText(column.cell(row) ?? "");
  return text === "" ? "-" : text;
}

function paint(text: string, tone: Tone | undefined, colors: Colors): string {
  if (text === "-") return text;
  switch (tone) {
    case undefined:
      return text;
    case "good":
      return colors.green(text);
    case "bad":
      return colors.red(text);
    case "open":
      return colors.yellow(text);
  }
}
