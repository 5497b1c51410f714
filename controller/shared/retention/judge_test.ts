import assert from "node:assert/strict";
import fc from "fast-check";
import type { Retention } from "../../../api/mod.ts";
import { judgeRuns, keepsEverything, type RetentionRun, runsToPrune } from "./judge.ts";
import {
  judgeSnapshots,
  newestFirst,
  newestWholePaths,
  type SavedSnapshot,
  stateOf,
  withoutMissing,
} from "./whole_snapshots.ts";

const RULES = ["keepLatest", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepAnnual"] as const;

type RunParts = Partial<Omit<RetentionRun, "saved">> & {
  readonly saved?: readonly (string | SavedSnapshot)[];
};

/** A snapshot like any other of its path. */
function whole(path: string, parts: Partial<SavedSnapshot> = {}): SavedSnapshot {
  return { path, files: 100, bytes: 1000, unreadable: 0, isMissing: false, ...parts };
}

function aRun(time: string, { saved = ["/pvc/data"], ...parts }: RunParts = {}): RetentionRun {
  const timeMs = Date.parse(time.length === 10 ? `${time}T02:00:00Z` : time);
  return {
    name: time,
    timeMs,
    hasFailed: false,
    isExempt: false,
    isAccepted: false,
    saved: saved.map((each) => typeof each === "string" ? whole(each) : each),
    unchanged: [],
    ...parts,
  };
}

function keptNames(retention: Retention, runs: readonly RetentionRun[]): readonly string[] {
  const pruned = new Set(runsToPrune(retention, runs));
  return runs.filter((run) => !pruned.has(run)).map(({ name }) => name);
}

Deno.test("runsToPrune() does what the worked example of the documentation says", () => {
  const retention = { keepLatest: 2, keepDaily: 3, keepWeekly: 3, keepMonthly: 2 };
  const nights = Array.from({ length: 41 }, (_, day) => new Date(Date.UTC(2026, 0, 1 + day)));
  const runs = nights.map((night) => aRun(night.toISOString().slice(0, 10)));
  assert.deepEqual(keptNames(retention, runs.slice(0, 40)), [
    "2026-01-31",
    "2026-02-01",
    "2026-02-07",
    "2026-02-08",
    "2026-02-09",
  ]);
  assert.deepEqual(keptNames(retention, runs), [
    "2026-01-31",
    "2026-02-01",
    "2026-02-08",
    "2026-02-09",
    "2026-02-10",
  ]);
});

Deno.test("runsToPrune() gives the oldest first", () => {
  const runs = [aRun("2026-01-02"), aRun("2026-01-01"), aRun("2026-01-03"), aRun("2026-01-04")];
  assert.deepEqual(runsToPrune({ keepLatest: 1 }, runs).map(({ name }) => name), [
    "2026-01-01",
    "2026-01-02",
    "2026-01-03",
  ]);
});

Deno.test("runsToPrune() counts periods that have a run, not time that has passed", () => {
  const runs = [aRun("2019-06-01"), aRun("2020-06-01"), aRun("2026-01-01")];
  assert.deepEqual(keptNames({ keepDaily: 2 }, runs), ["2020-06-01", "2026-01-01"]);
  assert.deepEqual(keptNames({ keepAnnual: 3 }, runs), ["2019-06-01", "2020-06-01", "2026-01-01"]);
});

Deno.test("runsToPrune() keeps the newest run of a period, and of one moment the greater name", () => {
  const runs = ["2026-01-01T01:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T05:00:00Z"].map((time) =>
    aRun(time)
  );
  assert.deepEqual(keptNames({ keepDaily: 2 }, runs), ["2026-01-01T23:00:00Z", "2026-01-02T05:00:00Z"]);
  const twins = ["a", "c", "b"].map((name) => aRun("2026-01-01", { name }));
  assert.deepEqual(keptNames({ keepLatest: 1 }, twins), ["c"]);
});

Deno.test("runsToPrune() keeps everything without a rule that keeps something", () => {
  for (const retention of [{}, { keepLatest: 0 }, { keepDaily: 0, keepAnnual: 0 }]) {
    assert.ok(keepsEverything(retention));
    assert.deepEqual(runsToPrune(retention, [aRun("2026-01-01"), aRun("2026-01-02")]), []);
  }
  assert.ok(keepsEverything(undefined));
  assert.ok(!keepsEverything({ keepLatest: 0, keepAnnual: 1 }));
});

Deno.test("runsToPrune() never lets a run in which a source failed push out that source's last snapshot", () => {
  const first = aRun("2026-01-01", { saved: ["/a", "/b"] });
  const partial = aRun("2026-01-02", { saved: ["/a"] });
  const again = aRun("2026-01-03", { saved: ["/a"] });
  assert.deepEqual(keptNames({ keepLatest: 1 }, [first, partial, again]), ["2026-01-01", "2026-01-03"]);
});

Deno.test("runsToPrune() keeps the run that holds what a kept run found unchanged", () => {
  const runs = [
    aRun("2026-01-01", { saved: ["/a", "/b"] }),
    aRun("2026-01-02", { saved: ["/a"], unchanged: ["/b"] }),
    aRun("2026-01-03", { saved: ["/b"], unchanged: ["/a"] }),
    aRun("2026-01-04", { saved: ["/b"] }),
    aRun("2026-01-05", { saved: ["/a", "/b"] }),
  ];
  // The one that is pinned stands on the second for /a, and that one on the first for /b.
  const pinned = runs.map((run) => run.name === "2026-01-03" ? { ...run, isExempt: true } : run);
  assert.deepEqual(keptNames({ keepLatest: 1 }, pinned), [
    "2026-01-01",
    "2026-01-02",
    "2026-01-03",
    "2026-01-05",
  ]);
  assert.deepEqual(keptNames({ keepLatest: 1 }, runs), ["2026-01-05"]);
});

Deno.test("runsToPrune() leaves runs without a snapshot alone, and what they stand on", () => {
  const runs = [
    aRun("2026-01-01"),
    aRun("2026-01-02"),
    aRun("2026-01-03", { saved: [], unchanged: ["/pvc/data"] }),
    aRun("2026-01-04"),
  ];
  assert.deepEqual(keptNames({ keepLatest: 1 }, runs), ["2026-01-02", "2026-01-03", "2026-01-04"]);
});

Deno.test("runsToPrune() limits runs that were stopped like the others, beside those that succeeded", () => {
  const hourly = Array.from(
    { length: 6 },
    (_, hour) => aRun(`2026-01-02T0${hour}:00:00Z`, { hasFailed: true, saved: ["/a"] }),
  );
  assert.deepEqual(keptNames({ keepLatest: 2 }, hourly), ["2026-01-02T04:00:00Z", "2026-01-02T05:00:00Z"]);
  const first = aRun("2026-01-01", { saved: ["/a", "/b"] });
  const older = aRun("2025-12-31", { saved: ["/a", "/b"] });
  assert.deepEqual(keptNames({ keepLatest: 1 }, [first, older, ...hourly]), [
    "2026-01-01",
    "2026-01-02T05:00:00Z",
  ]);
  assert.deepEqual(keptNames({ keepLatest: 1 }, [...hourly, aRun("2026-01-03", { saved: ["/a"] })]), [
    "2026-01-03",
  ]);
});

Deno.test("runsToPrune() keeps a whole run though two that were stopped hold newer snapshots of all it has", () => {
  const runs = [
    aRun("2026-01-01", { saved: ["/a", "/b"] }),
    aRun("2026-01-02", { hasFailed: true, saved: ["/a"] }),
    aRun("2026-01-03", { hasFailed: true, saved: ["/b"] }),
  ];
  assert.deepEqual(keptNames({ keepLatest: 1 }, runs), ["2026-01-01", "2026-01-02", "2026-01-03"]);
});

Deno.test("runsToPrune() keeps the stopped run that holds what a kept run found unchanged", () => {
  const runs = [
    aRun("2026-01-01", { saved: ["/a", "/b"] }),
    aRun("2026-01-02", { hasFailed: true, saved: ["/a"] }),
    aRun("2026-01-03", { saved: ["/b"], unchanged: ["/a"] }),
    aRun("2026-01-04", { hasFailed: true, saved: ["/a"] }),
  ];
  assert.deepEqual(keptNames({ keepLatest: 1 }, runs).slice(1), ["2026-01-02", "2026-01-03", "2026-01-04"]);
});

const places: readonly (readonly [string, fc.Arbitrary<number>])[] = RULES.map((rule) => [
  rule,
  fc.integer({ min: 0, max: 6 }),
]);
const someRetention: fc.Arbitrary<Retention> = fc.record(Object.fromEntries(places), { requiredKeys: [] });
const aRetention = someRetention.filter((retention) => !keepsEverything(retention));
const path = fc.constantFrom("/a", "/b", "/c");
/** Few moments and few periods, so that ties and shared periods are common. */
const someTime = fc.integer({ min: 0, max: 400 }).map((step) => Date.UTC(2025, 10, 1) + step * 7 * 3_600_000);
const someRuns = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    timeMs: someTime,
    hasFailed: fc.boolean(),
    isExempt: fc.boolean(),
    paths: fc.dictionary(path, fc.boolean()),
  }).map(({ paths, ...run }): RetentionRun => ({
    ...run,
    isAccepted: false,
    saved: Object.keys(paths).filter((each) => paths[each]).map((each) => whole(each)),
    unchanged: Object.keys(paths).filter((each) => !paths[each]),
  })),
  { selector: ({ name }) => name, maxLength: 40 },
);

function prunedNames(retention: Retention, runs: readonly RetentionRun[]): ReadonlySet<string> {
  return new Set(runsToPrune(retention, runs).map(({ name }) => name));
}

Deno.test("runsToPrune() never takes the newest snapshot of a source", () => {
  fc.assert(fc.property(aRetention, someRuns, path, (retention, runs, source) => {
    const [newest] = runs.filter(({ saved }) => saved.some(({ path }) => path === source)).toSorted(
      newestFirst,
    );
    assert.ok(newest === undefined || !prunedNames(retention, runs).has(newest.name));
  }));
});

Deno.test("runsToPrune() never takes a run that is exempt, or that has no snapshot", () => {
  fc.assert(fc.property(aRetention, someRuns, (retention, runs) => {
    for (const { isExempt, saved } of runsToPrune(retention, runs)) assert.ok(!isExempt && saved.length > 0);
  }));
});

Deno.test("runsToPrune() takes no more when a rule keeps more, or when a run becomes exempt", () => {
  fc.assert(
    fc.property(aRetention, someRuns, fc.constantFrom(...RULES), fc.nat(3), (retention, runs, rule, more) => {
      const before = prunedNames(retention, runs);
      const after = prunedNames({ ...retention, [rule]: (retention[rule] ?? 0) + more }, runs);
      assert.ok(after.isSubsetOf(before));
    }),
  );
  fc.assert(fc.property(aRetention, someRuns, fc.nat(39), (retention, runs, index) => {
    const pinned = runs.map((run, each) => each === index ? { ...run, isExempt: true } : run);
    assert.ok(prunedNames(retention, pinned).isSubsetOf(prunedNames(retention, runs)));
  }));
});

Deno.test("runsToPrune() keeps what any rule keeps alone, and nothing else", () => {
  fc.assert(fc.property(aRetention, someRuns, (retention, runs) => {
    const alone = RULES.filter((rule) => (retention[rule] ?? 0) > 0)
      .map((rule) => prunedNames({ [rule]: retention[rule] ?? 0 }, runs));
    const byAll = alone.reduce<ReadonlySet<string>>(
      (all, each) => all.intersection(each),
      alone[0] ?? new Set(),
    );
    assert.deepEqual([...prunedNames(retention, runs)].toSorted(), [...byAll].toSorted());
  }));
});

Deno.test("runsToPrune() takes nothing more from what it left", () => {
  fc.assert(fc.property(aRetention, someRuns, (retention, runs) => {
    const pruned = prunedNames(retention, runs);
    assert.deepEqual(runsToPrune(retention, runs.filter(({ name }) => !pruned.has(name))), []);
  }));
});

Deno.test("runsToPrune() does not care for the order of the runs", () => {
  fc.assert(
    fc.property(
      aRetention,
      someRuns.chain((runs) =>
        fc.tuple(fc.constant(runs), fc.shuffledSubarray([...runs], { minLength: runs.length }))
      ),
      (retention, [runs, shuffled]) => {
        assert.deepEqual(runsToPrune(retention, shuffled), runsToPrune(retention, runs));
      },
    ),
  );
});

Deno.test("runsToPrune() leaves every kept run with all its snapshots", () => {
  fc.assert(fc.property(aRetention, someRuns, (retention, runs) => {
    const pruned = prunedNames(retention, runs);
    const sorted = runs.toSorted(newestFirst);
    sorted.forEach(({ name, unchanged }, index) => {
      if (pruned.has(name)) return;
      for (const each of unchanged) {
        const base = sorted.slice(index + 1).find(({ saved }) => saved.some(({ path }) => path === each));
        assert.ok(base === undefined || !pruned.has(base.name));
      }
    });
  }));
});

Deno.test("runsToPrune() takes a run that succeeded only when it would be taken without any that failed", () => {
  fc.assert(fc.property(aRetention, someRuns, (retention, runs) => {
    const withoutFailed = prunedNames(retention, runs.filter(({ hasFailed }) => !hasFailed));
    const pruned = runsToPrune(retention, runs).filter(({ hasFailed }) => !hasFailed);
    for (const { name } of pruned) assert.ok(withoutFailed.has(name), name);
  }));
});

Deno.test("runsToPrune() takes no run that it would keep if all had succeeded, and all such where none did", () => {
  const withResult = (runs: readonly RetentionRun[], hasFailed: boolean) =>
    runs.map((run) => ({ ...run, hasFailed }));
  fc.assert(fc.property(aRetention, someRuns, (retention, runs) => {
    const asSucceeded = prunedNames(retention, withResult(runs, false));
    assert.ok(prunedNames(retention, runs).isSubsetOf(asSucceeded));
    assert.deepEqual(prunedNames(retention, withResult(runs, true)), asSucceeded);
  }));
});

/** The rules said again in the plainest way, for one source, no pins and no failures. */
function plainlyKept(retention: Retention, runs: readonly RetentionRun[]): ReadonlySet<string> {
  const iso = (run: RetentionRun) => new Date(run.timeMs).toISOString();
  const periods: Readonly<Record<typeof RULES[number], (run: RetentionRun) => string>> = {
    keepLatest: ({ name }) => name,
    keepHourly: (run) => iso(run).slice(0, 13),
    keepDaily: (run) => iso(run).slice(0, 10),
    keepWeekly: (run) => mondayOf(run.timeMs),
    keepMonthly: (run) => iso(run).slice(0, 7),
    keepAnnual: (run) => iso(run).slice(0, 4),
  };
  const kept = new Set<string>();
  for (const rule of RULES) {
    const firsts = new Map<string, string>();
    for (const run of runs.toSorted(newestFirst)) {
      const period = periods[rule](run);
      if (!firsts.has(period)) firsts.set(period, run.name);
    }
    for (const name of [...firsts.values()].slice(0, retention[rule] ?? 0)) kept.add(name);
  }
  return kept;
}

function mondayOf(timeMs: number): string {
  const date = new Date(timeMs);
  date.setUTCDate(date.getUTCDate() - (date.getUTCDay() + 6) % 7);
  return date.toISOString().slice(0, 10);
}

Deno.test("runsToPrune() agrees with the rules said in the plainest way", () => {
  fc.assert(fc.property(aRetention, someRuns, (retention, some) => {
    const runs = some.map((run) => ({
      ...run,
      hasFailed: false,
      isExempt: false,
      isAccepted: false,
      saved: [whole("/a")],
      unchanged: [],
    }));
    assert.deepEqual(new Set(keptNames(retention, runs)), plainlyKept(retention, runs));
  }));
});

/** Names of what is left when retention has passed over the runs again and again. */
function leftAfterPasses<Run extends RetentionRun>(
  retention: Retention,
  runs: readonly Run[],
): ReadonlySet<string> {
  let left = runs;
  for (;;) {
    const pruned = new Set(runsToPrune(retention, left));
    if (pruned.size === 0) return new Set(left.map(({ name }) => name));
    left = left.filter((run) => !pruned.has(run));
  }
}

Deno.test("runsToPrune() lets no snapshot that is not whole take a place from one that is", () => {
  const nights = (day: number, parts: Partial<SavedSnapshot>) =>
    [0, 1, 2].map((night) =>
      aRun(`2026-01-${String(day + night).padStart(2, "0")}`, { saved: [whole("/a", parts)] })
    );
  const good = nights(1, {});
  for (const odd of [{ files: 1, unreadable: 99 }, { files: 0, bytes: 0 }, { files: 1 }, { bytes: 499 }]) {
    const runs = [...good, ...nights(11, odd), ...nights(14, odd)];
    assert.deepEqual(keptNames({ keepLatest: 3 }, runs), [
      ...["2026-01-01", "2026-01-02", "2026-01-03"],
      ...["2026-01-14", "2026-01-15", "2026-01-16"],
    ]);
  }
});

Deno.test("runsToPrune() goes on by the smaller ones once a person accepted one of them", () => {
  const small = [11, 12, 13, 14].map((day) =>
    aRun(`2026-01-${day}`, { saved: [whole("/a", { bytes: 10 })] })
  );
  const big = [1, 2, 3].map((day) => aRun(`2026-01-0${day}`, { saved: [whole("/a")] }));
  const accepted = small.map((run) => run.name === "2026-01-12" ? { ...run, isAccepted: true } : run);
  assert.deepEqual(keptNames({ keepLatest: 2 }, [...big, ...small]), [
    ...["2026-01-02", "2026-01-03"],
    ...["2026-01-13", "2026-01-14"],
  ]);
  // The accepted one stays while there is a larger one before it, for without it the newer ones would be too small.
  assert.deepEqual(keptNames({ keepLatest: 2 }, [...big, ...accepted]), [
    ...["2026-01-12", "2026-01-13", "2026-01-14"],
  ]);
  assert.deepEqual(
    leftAfterPasses({ keepLatest: 2 }, [...big, ...accepted]),
    new Set(["2026-01-13", "2026-01-14"]),
  );
});

Deno.test("runsToPrune() keeps what a kept snapshot is judged by, so that its judgement stays", () => {
  const runs = [100, 60, 40].map((bytes, day) =>
    aRun(`2026-01-0${day + 1}`, { saved: [whole("/a", { bytes })] })
  );
  assert.deepEqual(leftAfterPasses({ keepLatest: 1 }, runs), new Set(runs.map(({ name }) => name)));
  const grown = [...runs, aRun("2026-01-04", { saved: [whole("/a", { bytes: 70 })] })];
  assert.deepEqual(leftAfterPasses({ keepLatest: 1 }, grown), new Set(["2026-01-04"]));
});

Deno.test("runsToPrune() lets no note of missing snapshots take what another run stands on", () => {
  const runs = (isMissing: boolean) => [
    aRun("2026-01-01", { saved: [whole("/p", { isMissing }), whole("/q")] }),
    ...[2, 3, 4, 5, 6].map((day) => aRun(`2026-01-0${day}`, { saved: [whole("/q")], unchanged: ["/p"] })),
  ];
  const kept = ["2026-01-01", "2026-01-04", "2026-01-05", "2026-01-06"];
  assert.deepEqual(keptNames({ keepLatest: 3 }, runs(false)), kept);
  assert.deepEqual(keptNames({ keepLatest: 3 }, runs(true)), kept);
});

Deno.test("judgeRuns() says what is not whole and what stays because of it", () => {
  const runs = [
    aRun("2026-01-01"),
    aRun("2026-01-02"),
    aRun("2026-01-03", { saved: [whole("/pvc/data", { unreadable: 1 })] }),
    aRun("2026-01-04", { saved: [whole("/pvc/data", { files: 0, bytes: 0 })] }),
  ];
  const { prune, heldBack, odd } = judgeRuns({ keepLatest: 2 }, runs);
  assert.deepEqual(prune, []);
  assert.deepEqual(heldBack.map(({ name }) => name), ["2026-01-02", "2026-01-01"]);
  assert.deepEqual(odd.map(({ run, state, isNewest }) => [run.name, state, isNewest]), [
    ["2026-01-04", "empty", true],
    ["2026-01-03", "partial", false],
  ]);
  assert.deepEqual(judgeRuns(undefined, runs).odd.length, 2);
});

const oddSnapshot = fc.record({
  path,
  files: fc.constantFrom(undefined, 0, 3, 10, 20, 100, 100, 100),
  bytes: fc.constantFrom(undefined, 0, 10, 20, 1000, 1000, 1000),
  unreadable: fc.constantFrom(0, 0, 0, 0, 1, undefined),
  isMissing: fc.constantFrom(false, false, false, true),
});
const oddRuns = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    timeMs: someTime,
    hasFailed: fc.boolean(),
    isExempt: fc.constantFrom(false, false, true),
    isAccepted: fc.constantFrom(false, false, false, false, true),
    saved: fc.uniqueArray(oddSnapshot, { selector: (each) => each.path, maxLength: 3 }),
    unchanged: fc.uniqueArray(path, { maxLength: 1 }),
  }).map((run): RetentionRun => ({
    ...run,
    unchanged: run.unchanged.filter((each) => run.saved.every((saved) => saved.path !== each)),
  })),
  { selector: ({ name }) => name, maxLength: 30 },
);

Deno.test("runsToPrune() leaves of every path its newest whole snapshot, after any number of passes", () => {
  fc.assert(
    fc.property(aRetention, oddRuns, path, (retention, runs, source) => {
      const left = leftAfterPasses(retention, runs);
      for (const run of runs) {
        if (newestWholePaths(run, runs).includes(source)) assert.ok(left.has(run.name), run.name);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("runsToPrune() keeps of whole snapshots what the policy promises, after any number of passes", () => {
  fc.assert(
    fc.property(aRetention, oddRuns, path, (retention, runs, source) => {
      const sorted = withoutMissing(runs.toSorted(newestFirst));
      const odd = judgeSnapshots(sorted);
      const promised = sorted.filter(({ hasFailed, isExempt, saved }, place) =>
        !hasFailed && !isExempt &&
        saved.some(({ path }, index) => path === source && stateOf(odd, place, index) === "whole")
      );
      assert.ok(plainlyKept(retention, promised).isSubsetOf(leftAfterPasses(retention, runs)));
    }),
    { numRuns: 500 },
  );
});

Deno.test("runsToPrune() lets no stopped run push out one that succeeded, though only the stopped one is whole", () => {
  const at = { timeMs: Date.UTC(2026, 0, 5), isExempt: false, isAccepted: false, unchanged: [] };
  const partial = { ...at, name: "a", hasFailed: false, saved: [whole("/a", { unreadable: 1 })] };
  const stopped = { ...at, name: "b", hasFailed: true, saved: [whole("/a")] };
  assert.deepEqual(prunedNames({ keepMonthly: 1 }, [partial, stopped]), new Set());
});

Deno.test("runsToPrune() never takes more because a note calls a snapshot missing", () => {
  fc.assert(fc.property(aRetention, oddRuns, (retention, runs) => {
    const believed = runs.map((run) => ({
      ...run,
      saved: run.saved.map((each) => ({ ...each, isMissing: false })),
    }));
    assert.ok(prunedNames(retention, runs).isSubsetOf(prunedNames(retention, believed)));
  }));
});

Deno.test("runsToPrune() keeps the newest whole snapshot also when it is of a run that was stopped", () => {
  const runs = [
    aRun("2026-01-01"),
    aRun("2026-01-02", { hasFailed: true }),
    aRun("2026-01-03", { saved: [whole("/pvc/data", { unreadable: 1 })] }),
  ];
  assert.deepEqual(keptNames({ keepLatest: 1 }, runs), ["2026-01-01", "2026-01-02", "2026-01-03"]);
});

Deno.test("runsToPrune() bounds snapshots that are not whole by the same rules", () => {
  fc.assert(fc.property(aRetention, oddRuns, (retention, some) => {
    const runs = some.map((run) => ({
      ...run,
      isExempt: false,
      unchanged: [],
      saved: [whole("/a", { unreadable: 1, ...run.saved[0], path: "/a", isMissing: false })],
      isAccepted: false,
    }));
    const odd = judgeRuns(retention, runs).odd.map(({ run }) => run.name);
    const kept = new Set(keptNames(retention, runs));
    const byRules = plainlyKept(retention, runs)
      .union(plainlyKept(retention, runs.filter(({ hasFailed }) => !hasFailed)));
    for (const name of odd) assert.equal(kept.has(name), byRules.has(name), name);
  }));
});
