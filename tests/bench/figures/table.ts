import Table from "cli-table3";
import type { Aim, Figure, Unit } from "./figure.ts";

const suffixes: Readonly<Record<Unit, string>> = {
  "ratio": "×",
  "s": " s",
  "ms": " ms",
  "MB": " MB",
  "series": "",
  "per second": "/s",
};

/** All figures as one table: aim and figure side by side, with the smallest and largest of the runs. */
export function renderTable(figures: readonly Figure[]): string {
  const head = ["what", "against", "aim", "figure", "min … max (runs)", "met", "behind it"];
  const table = new Table({
    head,
    style: { head: [], border: [] },
    colAligns: ["left", "left", "right", "right", "right"],
    colWidths: [44, 28, null, null, null, null, 52],
    wordWrap: true,
  });
  for (const figure of figures) {
    const { what, against = "–", unit, aim, value, min, max, runs, met, note = "" } = figure;
    table.push([
      what,
      against,
      aim === undefined ? "–" : aimText(aim, unit),
      quantityText(value, unit),
      `${quantityText(min, unit)} … ${quantityText(max, unit)} (${runs})`,
      met === undefined ? "–" : met ? "yes" : "NO",
      note,
    ]);
  }
  return table.toString();
}

/** A number with its unit, with as many digits as can be trusted. */
export function quantityText(value: number, unit: Unit): string {
  return numberText(value, unit === "ratio" ? 3 : 1) + suffixes[unit];
}

function aimText(aim: Aim, unit: Unit): string {
  return "atMost" in aim ? `≤ ${aim.atMost}${suffixes[unit]}` : `≥ ${aim.atLeast}${suffixes[unit]}`;
}

/** Small numbers keep two digits that say something; whole large ones need none behind the point. */
function numberText(value: number, decimals: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size < 1) return value.toFixed(3);
  return value.toFixed(size < 10 ? Math.max(decimals, 2) : decimals);
}
