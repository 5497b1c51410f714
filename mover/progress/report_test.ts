import assert from "node:assert/strict";
import { lastProgress, type MoverProgress } from "../../api/mover/progress.ts";
import { parseLogFilter } from "../../telemetry/mod.ts";
import { createLog } from "../../telemetry/logs/log.ts";
import { Redactor } from "../../telemetry/redact.ts";
import { readProgress } from "../kopia/progress.ts";
import { ProgressReport, type ProgressReportParts } from "./report.ts";

const MB = 1_000_000;

interface Told {
  readonly atSeconds: number;
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface Line {
  readonly atSeconds: number;
  readonly progress: MoverProgress;
}

/** A kopia that says every five seconds what `at` answers, looked at every five seconds as well. */
function watch(
  seconds: number,
  at: (seconds: number) => string | undefined,
  parts: Partial<ProgressReportParts> = {},
): { readonly reported: readonly Told[]; readonly printed: readonly Line[] } {
  let now = 0;
  const reported: Told[] = [];
  const printed: Line[] = [];
  const log = createLog({
    filter: parseLogFilter("debug").filter,
    redactor: new Redactor(),
    clock: () => now * 1000,
    activeTrace: () => undefined,
    outputs: [({ level, message, fields }) => reported.push({ atSeconds: now, level, message, fields })],
  }).child({ target: "kopia" });
  const report = new ProgressReport({
    log,
    hasOwnFileSystem: false,
    print: (line) => {
      assert.match(line, /^kopiur-progress \{.*\}\n$/);
      printed.push({ atSeconds: now, progress: lastProgress(line) ?? assert.fail(line) });
    },
    ...parts,
  }, 0);
  for (now = 0; now <= seconds; now += 5) {
    const line = at(now);
    const progress = line === undefined ? undefined : readProgress(line) ?? assert.fail(line);
    if (progress !== undefined) report.see(progress, now * 1000);
    report.tick(now * 1000);
  }
  return { reported, printed };
}

function said(megabytes: number, more = ", estimating..."): string {
  return ` | 1 hashing, ${Math.floor(megabytes / 10)} hashed (${megabytes} MB), 0 cached (0 B), uploaded ` +
    `${megabytes / 2} MB${more}`;
}

function infos(reported: readonly Told[]): readonly Told[] {
  return reported.filter(({ level }) => level === "info");
}

Deno.test("ProgressReport says nothing of work that takes a moment", () => {
  const { reported, printed } = watch(9, (seconds) => said(seconds * 10));
  assert.deepEqual([infos(reported), printed], [[], []]);
});

Deno.test("ProgressReport says nothing while kopia has not begun", () => {
  const { reported, printed } = watch(300, () => undefined);
  assert.deepEqual([reported, printed], [[], []]);
});

Deno.test("ProgressReport prints a line for the controller every twenty seconds", () => {
  const { printed } = watch(75, (seconds) => said(seconds * 10));
  assert.deepEqual(printed.map(({ atSeconds }) => atSeconds), [10, 30, 50, 70]);
  assert.deepEqual(printed.at(-1)?.progress, {
    ...{ bytesDone: 700 * MB, filesDone: 70, bytesWritten: 350 * MB, bytesPerSecond: 10 * MB },
  });
});

Deno.test("ProgressReport prints what stands still no second time, and says so at info", () => {
  const { reported, printed } = watch(1200, (seconds) => said(Math.min(seconds, 60)));
  assert.deepEqual(printed.map(({ atSeconds }) => atSeconds), [10, 30, 50, 70]);
  assert.equal(printed.at(-1)?.progress.bytesDone, 60 * MB, "the last word is the newest");
  const { atSeconds, fields } = infos(reported).at(-1) ?? assert.fail();
  assert.deepEqual([atSeconds, fields["unchangedSeconds"]], [1090, 1090 - 60]);
});

Deno.test("ProgressReport tells at info after half a minute, then seldom, and seldomer", () => {
  const { reported } = watch(86_400, (seconds) => said(seconds));
  const times = infos(reported).map(({ atSeconds }) => atSeconds);
  assert.deepEqual(times.slice(0, 4), [30, 90, 150, 210]);
  assert.ok(times.length > 20 && times.length < 70, `${times.length} lines in a day`);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(gaps, gaps.toSorted((a, b) => a - b));
  const [first] = infos(reported);
  assert.equal(first?.message, "in progress");
  assert.deepEqual(first?.fields, {
    ...{ bytesDone: 30 * MB, filesDone: 3, bytesWritten: 15 * MB, bytesPerSecond: MB },
  });
});

Deno.test("ProgressReport gives kopia's own words at debug, and no more than its lines", () => {
  const { reported } = watch(60, (seconds) => said(seconds));
  const words = reported.filter(({ level }) => level === "debug");
  assert.equal(words.length, 13);
  assert.equal(words.at(-1)?.message, said(60).slice(3));
});

Deno.test("ProgressReport does not fill the log when kopia prints its figures with each bad file", () => {
  let lines = 0;
  const log = createLog({
    filter: parseLogFilter("debug").filter,
    redactor: new Redactor(),
    clock: () => 0,
    activeTrace: () => undefined,
    outputs: [() => void lines++],
  });
  const report = new ProgressReport({ log, hasOwnFileSystem: false, print: () => {} }, 0);
  const progress = readProgress(said(1)) ?? assert.fail();
  for (let at = 0; at < 10_000; at++) report.see(progress, at);
  assert.equal(lines, 3);
});

Deno.test("ProgressReport estimates by the snapshot before, else by a file system of its own", () => {
  const used = ", estimated 2 GB (10.0%) 10s left";
  const estimated = (parts: Partial<ProgressReportParts>) =>
    watch(100, (seconds) => said(seconds * 10, used), parts).printed.map(({ progress }) =>
      progress.bytesEstimated
    );
  const none = [undefined, undefined, undefined, undefined, undefined];
  assert.deepEqual(estimated({ bytesEstimated: 5000 * MB }), Array(5).fill(5000 * MB));
  assert.deepEqual(estimated({}), none, "what is used of a disk many share says nothing");
  assert.deepEqual(estimated({ hasOwnFileSystem: true }), Array(5).fill(2000 * MB));
  assert.deepEqual(estimated({ bytesEstimated: 400 * MB }), [400 * MB, 400 * MB, ...none.slice(2)], "passed");
  assert.deepEqual(
    estimated({ bytesEstimated: 400 * MB, hasOwnFileSystem: true }),
    [400 * MB, 400 * MB, 2000 * MB, 2000 * MB, 2000 * MB],
  );
});

Deno.test("ProgressReport says how long it will take, where it can", () => {
  const left = (bytesEstimated: number, until = 100) =>
    watch(100, (seconds) => said(Math.min(seconds, until) * 10), { bytesEstimated })
      .printed.at(-1)?.progress.secondsLeft;
  assert.equal(left(5000 * MB), 410);
  assert.equal(left(900 * MB), 0);
  assert.equal(left(1e15), undefined, "longer than anybody knows");
  assert.equal(left(800 * MB), undefined, "the estimate was passed");
});

Deno.test("ProgressReport counts what could not be read", () => {
  const { printed } = watch(10, (seconds) => said(seconds, " (2 fatal errors) (3 errors ignored)"));
  assert.equal(printed.at(-1)?.progress.errors, 5);
});

Deno.test("ProgressReport does not tell what a file with the name of a progress line says", () => {
  const printed: string[] = [];
  const log = createLog({
    filter: parseLogFilter("off").filter,
    redactor: new Redactor(),
    clock: () => 0,
    activeTrace: () => undefined,
    outputs: [],
  });
  const report = new ProgressReport(
    { log, hasOwnFileSystem: true, print: (line) => printed.push(line) },
    0,
  );
  const [forged, truth] = [said(999_999, ", estimated 9 EB (0.1%) 1s left"), said(5)].map(readProgress);
  // Kopia prints its own figures in the same breath as the name of a bad file.
  if (forged !== undefined) report.see(forged, 14_990);
  if (truth !== undefined) report.see(truth, 14_990);
  report.tick(15_000);
  assert.equal(lastProgress(printed.join(""))?.bytesDone, 5 * MB);
});
