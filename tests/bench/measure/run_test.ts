import assert from "node:assert/strict";
import { figureOf } from "../figures/figure.ts";
import { runMeasurements } from "./run.ts";

const figure = figureOf({ what: "a", unit: "s" }, [1]);

Deno.test("runMeasurements() goes on after one that failed, and names it", async () => {
  const lines: string[] = [];
  const bench = { progress: (line: string) => void lines.push(line), signal: new AbortController().signal };
  const report = await runMeasurements([
    { name: "one", about: "", measure: () => Promise.reject(new Error("no disk")) },
    { name: "two", about: "", measure: () => Promise.resolve([figure]) },
  ], bench);
  assert.deepEqual(report, { figures: [figure], failures: ["Cannot measure one: no disk"] });
  assert.deepEqual(lines, ["== one", "Cannot measure one: no disk", "== two"]);
});

Deno.test("runMeasurements() makes none after it was stopped, and says so of each", async () => {
  const stop = new AbortController();
  const bench = { progress: () => {}, signal: stop.signal };
  const report = await runMeasurements([
    {
      name: "one",
      about: "",
      measure: () => {
        stop.abort(new Error("Stopped by SIGINT"));
        return Promise.resolve([figure]);
      },
    },
    { name: "two", about: "", measure: () => Promise.reject(new Error("must not be made")) },
  ], bench);
  assert.deepEqual(report, { figures: [figure], failures: ["Cannot measure two: Stopped by SIGINT"] });
});
