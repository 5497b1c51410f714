import assert from "node:assert/strict";
import { lastProgress, type MoverProgress, PROGRESS_LINE_PREFIX, progressLine } from "./progress.ts";

const some: MoverProgress = { bytesDone: 1_200_000_000, filesDone: 51, bytesWritten: 600_000_000 };
const more: MoverProgress = {
  ...some,
  ...{ bytesEstimated: 5_000_000_000, errors: 2, bytesPerSecond: 80_000_000, secondsLeft: 48 },
};

Deno.test("lastProgress() finds what progressLine() says, and of several lines the last", () => {
  assert.deepEqual(lastProgress(`${progressLine(more)}\n`), more);
  const log = ["2026-01-01 INFO a", progressLine(more), '{"level":"INFO"}', progressLine(some), "b", ""];
  assert.deepEqual(lastProgress(log.join("\n")), some);
  assert.deepEqual(lastProgress(log.join("\r\n")), some);
});

Deno.test("progressLine() is short, also for the largest numbers", () => {
  const most = Object.fromEntries(Object.keys(more).map((name) => [name, Number.MAX_SAFE_INTEGER]));
  const still = { command: "repository connect", since: "2026-01-02T03:04:05.678Z" };
  const largest = { ...more, ...most, still };
  const line = progressLine(largest);
  assert.ok(line.length < 400, line);
  assert.deepEqual(lastProgress(line), largest);
});

Deno.test("lastProgress() takes nothing else for one, and then the last good one", () => {
  const body = JSON.stringify(more);
  const lines = [
    "",
    `2026-01-01T00:00:00.000000Z  INFO kopia: ${PROGRESS_LINE_PREFIX} ${body}`,
    JSON.stringify({ message: `\n${PROGRESS_LINE_PREFIX} ${body}\n` }),
    ` ${PROGRESS_LINE_PREFIX} ${body}`,
    `${PROGRESS_LINE_PREFIX}\t${body}`,
    `a\u2028${PROGRESS_LINE_PREFIX} ${body}`,
    `a\r${PROGRESS_LINE_PREFIX} ${body}`,
    `${PROGRESS_LINE_PREFIX}s ${body}`,
    `${PROGRESS_LINE_PREFIX} ${body.slice(0, -1)}`,
    `${PROGRESS_LINE_PREFIX} {not json}`,
    `${PROGRESS_LINE_PREFIX} []`,
    `${PROGRESS_LINE_PREFIX} {}`,
    `${PROGRESS_LINE_PREFIX} {"bytesDone":1,"filesDone":1}`,
    `${PROGRESS_LINE_PREFIX} ${JSON.stringify({ ...some, bytesDone: -1 })}`,
    `${PROGRESS_LINE_PREFIX} ${JSON.stringify({ ...some, bytesDone: 1.5 })}`,
    `${PROGRESS_LINE_PREFIX} ${JSON.stringify({ ...some, bytesDone: "1" })}`,
    `${PROGRESS_LINE_PREFIX} ${JSON.stringify({ ...some, bytesDone: 1e300 })}`,
    `${PROGRESS_LINE_PREFIX} ${JSON.stringify({ ...some, note: "x".repeat(2000) })}`,
    "\0".repeat(100),
  ];
  for (const line of lines) {
    assert.equal(lastProgress(line), undefined, line);
    assert.deepEqual(lastProgress(`${progressLine(more)}\n${line}\n`), more, line);
  }
});

Deno.test("lastProgress() keeps of a line of a later release what it knows", () => {
  const line = `${PROGRESS_LINE_PREFIX} ${JSON.stringify({ ...some, colour: "green" })}`;
  assert.deepEqual(lastProgress(line), some);
});

Deno.test("lastProgress() reads a log full of nonsense in no time", () => {
  const nonsense = `${PROGRESS_LINE_PREFIX} {${"{".repeat(900)}}\n`.repeat(70);
  const startMs = performance.now();
  assert.equal(lastProgress(nonsense), undefined);
  assert.ok(performance.now() - startMs < 1000);
});
