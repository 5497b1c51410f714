import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type JudgedRun,
  judgeSnapshots,
  newestFirst,
  newestWholePaths,
  type SavedSnapshot,
  type SnapshotState,
  stateOf,
} from "./whole_snapshots.ts";

type Parts = Partial<SavedSnapshot> & { readonly accepted?: boolean };

/** Runs of one path, oldest first. */
function runsOf(...parts: readonly Parts[]): readonly JudgedRun[] {
  return parts.map(({ accepted = false, ...snapshot }, index) => ({
    name: `run-${String(index).padStart(3, "0")}`,
    timeMs: index,
    isAccepted: accepted,
    saved: [{ path: "/a", files: 100, bytes: 1000, unreadable: 0, isMissing: false, ...snapshot }],
  }));
}

/** Judgements on runs of one path, oldest first. */
function statesOf(...parts: readonly Parts[]): readonly SnapshotState[] {
  const runs = runsOf(...parts).toReversed();
  const odd = judgeSnapshots(runs);
  return runs.map((_, place) => stateOf(odd, place, 0)).reverse();
}

const cases: Readonly<Record<string, readonly (readonly [Parts, SnapshotState])[]>> = {
  "the first is whole, also an empty one": [[{ files: 0, bytes: 0 }, "whole"], [
    { files: 0, bytes: 0 },
    "whole",
  ]],
  "an empty one after some that hold files": [[{}, "whole"], [{ files: 0, bytes: 0 }, "empty"]],
  "an empty one after an empty one after some": [
    [{}, "whole"],
    [{ files: 0, bytes: 0 }, "empty"],
    [{ files: 0, bytes: 0 }, "empty"],
  ],
  "an empty one whose files nobody counted": [[{ files: undefined }, "whole"], [
    { files: undefined, bytes: 0 },
    "empty",
  ]],
  "an empty one after one of no known size": [[{ files: undefined, bytes: undefined }, "whole"], [
    { files: 0, bytes: 0 },
    "empty",
  ]],
  "something unreadable, however little and however early": [[{ unreadable: 1 }, "partial"], [{}, "whole"], [
    { unreadable: 1 },
    "partial",
  ]],
  "nobody knows how much is unreadable": [[{ unreadable: undefined }, "partial"]],
  "half of the bytes is whole, less is shrunken": [[{}, "whole"], [{ bytes: 500 }, "whole"], [
    { bytes: 499 },
    "shrunken",
  ]],
  "half of the files is whole, less is shrunken": [[{}, "whole"], [{ files: 50 }, "whole"], [
    { files: 49 },
    "shrunken",
  ]],
  "a few files: bytes decide": [
    [{ files: 3, bytes: 1000 }, "whole"],
    [{ files: 1, bytes: 900 }, "whole"],
    [{ files: 3, bytes: 400 }, "shrunken"],
  ],
  "a few files whose bytes nobody counted": [[{ files: 3, bytes: undefined }, "whole"], [
    { files: 1, bytes: undefined },
    "shrunken",
  ]],
  "files that hold no byte": [[{ bytes: 0 }, "whole"], [{ bytes: 0 }, "whole"], [
    { files: 10, bytes: 0 },
    "shrunken",
  ]],
  "files that lost their bytes": [[{}, "whole"], [{ bytes: 0 }, "shrunken"]],
  "no known size after one that has": [[{}, "whole"], [{ files: undefined, bytes: undefined }, "shrunken"]],
  "only one of two numbers is known": [
    [{}, "whole"],
    [{ files: undefined }, "whole"],
    [
      { files: undefined, bytes: 1 },
      "shrunken",
    ],
    [{ bytes: undefined }, "whole"],
    [{ files: 3, bytes: undefined }, "shrunken"],
  ],
  "no number can be compared": [[{ files: undefined }, "whole"], [{ bytes: undefined }, "shrunken"]],
  "growth": [[{ files: 1, bytes: 1 }, "whole"], [{ files: 1e6, bytes: 1e12 }, "whole"], [{
    files: 1,
    bytes: 1,
  }, "shrunken"]],
  "a slow shrinking is measured by the largest that is still there": [
    [{}, "whole"],
    [{ bytes: 700 }, "whole"],
    [{ bytes: 500 }, "whole"],
    [{ bytes: 400 }, "shrunken"],
    [{ bytes: 300 }, "shrunken"],
  ],
  "most files and most bytes from different runs": [
    [{ files: 1000, bytes: 100 }, "whole"],
    [{ files: 500, bytes: 1000 }, "whole"],
    [{ files: 499, bytes: 1000 }, "shrunken"],
    [{ files: 1000, bytes: 499 }, "shrunken"],
  ],
  "what is not whole is no measure": [[{}, "whole"], [{ bytes: 1e9, unreadable: 1 }, "partial"], [
    {},
    "whole",
  ]],
  "one that was accepted is whole, and the measure from then on": [
    [{}, "whole"],
    [{ bytes: 10 }, "shrunken"],
    [{ bytes: 10, accepted: true }, "whole"],
    [{ bytes: 9 }, "whole"],
    [{ bytes: 4 }, "shrunken"],
    [{ bytes: 30 }, "whole"],
    [{ bytes: 14 }, "shrunken"],
  ],
  "an empty one that was accepted": [
    [{}, "whole"],
    [{ files: 0, bytes: 0, accepted: true }, "whole"],
    [{ files: 0, bytes: 0 }, "whole"],
    [{}, "whole"],
    [{ files: 0, bytes: 0 }, "empty"],
  ],
  "so much unreadable was accepted, and no more": [
    [{}, "whole"],
    [{ unreadable: 3, accepted: true }, "whole"],
    [{ unreadable: 3 }, "whole"],
    [{ unreadable: 4 }, "partial"],
    [{ unreadable: 1, bytes: 1 }, "shrunken"],
    [{ unreadable: 0, accepted: true }, "whole"],
    [{ unreadable: 1 }, "partial"],
  ],
  "one whose unreadable part nobody knows makes no room when it is accepted": [
    [{ unreadable: undefined, accepted: true }, "whole"],
    [{ unreadable: 1 }, "partial"],
  ],
};
for (const [what, rows] of Object.entries(cases)) {
  Deno.test(`judgeSnapshots() knows: ${what}`, () => {
    assert.deepEqual(statesOf(...rows.map(([parts]) => parts)), rows.map(([, state]) => state));
  });
}

Deno.test("judgeSnapshots() judges each path by itself", () => {
  const [big, small] = runsOf({}, { files: 1, bytes: 1 });
  assert.ok(big !== undefined && small !== undefined);
  const [snapshot] = small.saved;
  assert.ok(snapshot !== undefined);
  const both = { ...small, saved: [{ ...snapshot, path: "/b" }, snapshot] };
  const odd = judgeSnapshots([both, big]);
  assert.deepEqual([stateOf(odd, 0, 0), stateOf(odd, 0, 1), stateOf(odd, 1, 0)], [
    "whole",
    "shrunken",
    "whole",
  ]);
});

Deno.test("newestWholePaths() names the run whose loss would be felt", () => {
  const runs = runsOf({}, {}, { unreadable: 9 }, { files: 0, bytes: 0 }, { bytes: 1 });
  assert.deepEqual(runs.map((run) => newestWholePaths(run, runs)), [[], ["/a"], [], [], []]);
});

Deno.test("newestWholePaths() names the newest where none is whole, and an accepted one as whole", () => {
  const partial = runsOf({ unreadable: 1 }, { unreadable: 2 });
  assert.deepEqual(partial.map((run) => newestWholePaths(run, partial)), [[], ["/a"]]);
  const accepted = runsOf({}, { bytes: 1, accepted: true }, { bytes: 0 });
  assert.deepEqual(accepted.map((run) => newestWholePaths(run, accepted)), [[], ["/a"], []]);
});

Deno.test("newestWholePaths() names the holder whether notes of missing snapshots are true or not", () => {
  const runs = runsOf({}, {}, { isMissing: true });
  assert.deepEqual(runs.map((run) => newestWholePaths(run, runs)), [[], ["/a"], ["/a"]]);
});

Deno.test("newestWholePaths() counts the run itself, as it is now and not as others have it", () => {
  const [older, newer] = runsOf({}, { unreadable: 1 });
  assert.ok(older !== undefined && newer !== undefined);
  assert.deepEqual(newestWholePaths(older, []), ["/a"]);
  assert.deepEqual(newestWholePaths({ ...newer, isAccepted: true }, [older, newer]), ["/a"]);
  assert.deepEqual(newestWholePaths({ ...newer, saved: [] }, [older, newer]), []);
});

const path = fc.constantFrom("/a", "/b");
/** Few sizes, of which some are half of others, so that every judgement is common. */
const someSnapshot = fc.record({
  path,
  files: fc.constantFrom(undefined, 0, 1, 3, 10, 20, 100),
  bytes: fc.constantFrom(undefined, 0, 1, 10, 20, 100, 1000),
  unreadable: fc.constantFrom(0, 0, 0, 1, 5, undefined),
  isMissing: fc.constantFrom(false, false, false, true),
});
const someRuns = fc.uniqueArray(
  fc.record({
    name: fc.stringMatching(/^[a-z]{1,3}$/),
    timeMs: fc.nat(30),
    isAccepted: fc.constantFrom(false, false, false, false, true),
    saved: fc.uniqueArray(someSnapshot, { selector: (each) => each.path, maxLength: 2 }),
  }),
  { selector: ({ name }) => name, maxLength: 20 },
);

Deno.test("newestWholePaths() names exactly one run of a path that has a snapshot, where no note is there", () => {
  fc.assert(fc.property(someRuns, path, (some, source) => {
    const runs = some.map((run) => ({
      ...run,
      saved: run.saved.map((each) => ({ ...each, isMissing: false })),
    }));
    const newest = runs.filter((run) => newestWholePaths(run, runs).includes(source));
    const has = runs.some(({ saved }) => saved.some((each) => each.path === source));
    assert.equal(newest.length, has ? 1 : 0);
  }));
});

Deno.test("judgeSnapshots() judges the same when what nothing rests on is not there any more", () => {
  fc.assert(
    fc.property(someRuns, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (some, goes) => {
      const runs = some.toSorted(newestFirst);
      const before = judgeSnapshots(runs);
      const kept = new Set<number>();
      const needed = new Set<number>();
      // Newest first, so that what a run rests on is met after it.
      for (const [place] of runs.entries()) {
        if (goes[place] === true && !needed.has(place)) continue;
        kept.add(place);
        for (const { restsOn } of before.get(place) ?? []) restsOn.forEach((each) => needed.add(each));
      }
      const left = [...kept];
      const after = judgeSnapshots(left.map((place) => runs[place] ?? assert.fail("it is there")));
      for (const [now, place] of left.entries()) {
        for (const index of runs[place]?.saved.keys() ?? []) {
          assert.equal(stateOf(after, now, index), stateOf(before, place, index));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
