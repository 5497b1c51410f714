import assert from "node:assert/strict";
import { figureOf } from "./figure.ts";
import { quantityText, renderTable } from "./table.ts";

Deno.test("renderTable() shows aim, figure, spread and verdict of each figure in one line", () => {
  const table = renderTable([
    figureOf(
      { what: "a run", against: "a bare Job", unit: "ratio", aim: { atMost: 1.15 } },
      [1.1, 1.2, 1.3],
      "2 s to 1 s",
    ),
    figureOf({ what: "creations", unit: "per second", aim: { atLeast: 100 } }, [250]),
    figureOf({ what: "behind it", unit: "s" }, [0.5]),
  ]);
  const lines = table.split("\n");
  assert.match(
    lines[3] ?? "",
    /a run.*a bare Job.*≤ 1\.15×.*1\.200×.*1\.100× … 1\.300× \(3\).*NO.*2 s to 1 s/,
  );
  assert.match(lines[5] ?? "", /creations.*–.*≥ 100\/s.*250\.0\/s.*yes/);
  assert.match(lines[7] ?? "", /behind it.*–.*–.*0\.500 s.*–/);
});

Deno.test("quantityText() keeps the digits that say something", () => {
  assert.equal(quantityText(0.01234, "s"), "0.012 s");
  assert.equal(quantityText(93.27, "MB"), "93.3 MB");
  assert.equal(quantityText(1.0312, "ratio"), "1.031×");
  assert.equal(quantityText(23456.7, "series"), "23457");
});
