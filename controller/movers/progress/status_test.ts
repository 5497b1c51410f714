import assert from "node:assert/strict";
import type { MoverProgress, SourceProgress } from "../../../api/mod.ts";
import { progressStatus, type SeenProgress } from "./status.ts";

const now = new Date("2026-01-02T03:10:00.500Z");

function said(bytesDone: number, more: Partial<MoverProgress> = {}): MoverProgress {
  return { bytesDone, filesDone: 1, bytesWritten: 0, ...more };
}

function mover(source: string, progress?: MoverProgress, pod = `${source}-x`): SeenProgress {
  const at = { source, pod: { namespace: "apps", name: pod }, podUid: `uid-${pod}` };
  return progress === undefined ? at : { ...at, said: progress };
}

function old(source: string, bytesDone: number, ageSeconds: number): SourceProgress {
  const observedAt = new Date(Date.parse("2026-01-02T03:10:00Z") - ageSeconds * 1000).toISOString()
    .replace(".000", "");
  return { source, pod: `${source}-x`, observedAt, ...said(bytesDone) };
}

/** Sources with their bytes and the age of the figures. */
function summary(progress: readonly SourceProgress[]): readonly string[] {
  return progress.map(({ source, bytesDone, observedAt }) =>
    `${source} ${bytesDone} ${(Date.parse("2026-01-02T03:10:00Z") - Date.parse(observedAt)) / 1000}`
  );
}

Deno.test("progressStatus() says what a mover said, and when it was heard", () => {
  const more = { bytesEstimated: 9, errors: 1, bytesPerSecond: 2, secondsLeft: 3 };
  const { progress, recheckAfterSeconds } = progressStatus([], [mover("data", said(5, more))], now);
  assert.deepEqual(progress, [{
    source: "data",
    pod: "data-x",
    observedAt: "2026-01-02T03:10:00Z",
    ...said(5, more),
  }]);
  assert.equal(recheckAfterSeconds, 30);
});

Deno.test("progressStatus() says nothing where no mover works, and asks for no other look", () => {
  assert.deepEqual(progressStatus([old("data", 5, 40)], [], now), { progress: [] });
});

Deno.test("progressStatus() decides by what was said, by which pod, and how long ago", () => {
  const cases: Readonly<
    Record<string, readonly [readonly SourceProgress[], readonly SeenProgress[], readonly string[], number]>
  > = {
    "nothing was heard yet": [[], [mover("a")], [], 30],
    "new figures": [[old("a", 1, 31)], [mover("a", said(2))], ["a 2 0"], 30],
    "new figures too soon": [[old("a", 1, 10)], [mover("a", said(2))], ["a 1 10"], 20],
    "the same figures keep their age": [[old("a", 1, 500)], [mover("a", said(1))], ["a 1 500"], 30],
    "a log that cannot be read": [[old("a", 1, 500)], [mover("a")], ["a 1 500"], 30],
    "another pod that said nothing": [[old("a", 1, 500)], [mover("a", undefined, "a-y")], [], 30],
    "another pod that did": [[old("a", 9, 500)], [mover("a", said(1), "a-y")], ["a 1 0"], 30],
    "a source that ended": [[old("a", 1, 40), old("b", 1, 40)], [mover("b")], ["b 1 40"], 30],
    "one write for several sources": [
      [old("a", 1, 10), old("b", 1, 40)],
      [mover("a", said(2)), mover("b", said(2))],
      ["a 1 10", "b 1 40"],
      20,
    ],
    "a source that begins waits for the next write": [
      [old("a", 1, 10)],
      [mover("a", said(1)), mover("b", said(7))],
      ["a 1 10"],
      20,
    ],
    "a clock that was put back": [[old("a", 1, -3600)], [mover("a", said(2))], ["a 2 0"], 30],
    "a time that is none": [
      [{ ...old("a", 1, 0), observedAt: "yesterday" }],
      [mover("a", said(2))],
      ["a 2 0"],
      30,
    ],
    "sources in order": [[], [mover("b", said(1)), mover("a", said(1))], ["a 1 0", "b 1 0"], 30],
  };
  for (const [name, [before, movers, want, recheck]] of Object.entries(cases)) {
    const reported = progressStatus(before, movers, now);
    assert.deepEqual(summary(reported.progress), want, name);
    assert.equal(reported.recheckAfterSeconds, recheck, name);
  }
});

Deno.test("progressStatus() sees that a figure went, or came", () => {
  const before = [{ ...old("a", 1, 40), errors: 1 }];
  assert.deepEqual(progressStatus(before, [mover("a", said(1))], now).progress.map(({ errors }) => errors), [
    undefined,
  ]);
  assert.deepEqual(
    progressStatus([old("a", 1, 40)], [mover("a", said(1, { secondsLeft: 0 }))], now).progress[0]
      ?.secondsLeft,
    0,
  );
});
