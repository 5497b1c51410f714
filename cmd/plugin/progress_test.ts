import { deepEqual, equal } from "node:assert/strict";
import type { SourceProgress } from "../../api/mod.ts";
import { doneText, progressText, rateText, sumProgress } from "./progress.ts";

function of(source: string, more: Partial<SourceProgress> = {}): SourceProgress {
  const observedAt = "2026-01-02T03:04:05Z";
  return { source, pod: `${source}-x`, observedAt, bytesDone: 100, filesDone: 2, bytesWritten: 50, ...more };
}

Deno.test("sumProgress() adds up what works now, and is as old as the oldest of it", () => {
  equal(sumProgress([]), undefined);
  deepEqual(
    sumProgress([
      of("a", { bytesEstimated: 1000, secondsLeft: 5, bytesPerSecond: 10, errors: 1 }),
      of("b", {
        bytesEstimated: 2000,
        secondsLeft: 9,
        bytesPerSecond: 20,
        observedAt: "2026-01-02T03:00:00Z",
      }),
    ]),
    {
      ...{ bytesDone: 200, filesDone: 4, bytesWritten: 100, bytesEstimated: 3000, errors: 1 },
      ...{ bytesPerSecond: 30, secondsLeft: 9, observedAt: "2026-01-02T03:00:00Z" },
    },
  );
});

Deno.test("sumProgress() estimates nothing that one of the movers cannot", () => {
  const { bytesEstimated, secondsLeft, bytesPerSecond } =
    sumProgress([of("a", { bytesEstimated: 1000, secondsLeft: 5, bytesPerSecond: 10 }), of("b")]) ?? {};
  deepEqual([bytesEstimated, secondsLeft, bytesPerSecond], [undefined, undefined, 10]);
});

Deno.test("doneText() and rateText() say what there is to say", () => {
  const at = (more: Partial<SourceProgress>) => sumProgress([of("a", more)]) ?? of("a");
  equal(doneText(at({})), "100 B");
  equal(doneText(at({ bytesEstimated: 0 })), "100 B");
  equal(doneText(at({ bytesEstimated: 300 })), "100 B of ~300 B (33%)");
  equal(doneText(at({ bytesEstimated: 10 })), "100 B of ~10 B (100%)", "whatever somebody wrote there");
  equal(rateText(at({})), undefined);
  equal(rateText(at({ bytesPerSecond: 2048 })), "2.0 KiB/s");
  equal(progressText(at({ filesDone: 1, errors: 2 })), "100 B, 1 file, 2 could not be read");
});
