import assert from "node:assert/strict";
import fc from "fast-check";
import type { Snapshot } from "../kopia/output.ts";
import { leftOf, runLeftovers } from "./leftovers.ts";

const minute = 60_000;
const dayMs = Date.UTC(2026, 0, 1);
const at = (minutes: number) => new Date(dayMs + minutes * minute).toISOString();

/** What a client did with the source: an upload with its checkpoints, and how it ended, if it did. */
const upload = fc.record({
  startMinute: fc.nat(600),
  /** Minutes between one checkpoint and the next; kopia knows no longer ones than 45. */
  every: fc.integer({ min: 1, max: 45 }),
  checkpoints: fc.nat(20),
  end: fc.constantFrom("goes on", "killed", "canceled", "finished"),
  client: fc.constantFrom("run", "later run", "laptop"),
});
type Upload = typeof upload extends fc.Arbitrary<infer T> ? T : never;

const tagsOf: Readonly<Record<Upload["client"], Snapshot["tags"]>> = {
  "run": { "kopiur-run": "uid-1" },
  "later run": { "kopiur-run": "uid-2" },
  "laptop": {},
};

/** Ids tell whose they are: client, end, number of the upload and of the checkpoint. */
function listed(
  { startMinute, every, checkpoints, end, client }: Upload,
  index: number,
): readonly Snapshot[] {
  const base = {
    source: { username: "app", hostname: "apps", path: "/pvc/data" },
    // Of two uploads never the same moment.
    startTime: new Date(dayMs + startMinute * minute + index).toISOString(),
    sizeBytes: 1,
    files: 1,
  };
  const name = (part: string) => [client, end, index, part].join("/");
  const written = Array.from({ length: checkpoints }, (_, number): Snapshot => ({
    ...base,
    id: name(String(number)),
    endTime: at(startMinute + (number + 1) * every),
    incomplete: "checkpoint",
    tags: {},
  }));
  if (end === "goes on" || end === "killed") return written;
  const last: Snapshot = { ...base, id: name("last"), endTime: at(startMinute + 1000), tags: tagsOf[client] };
  return [...written, end === "canceled" ? { ...last, incomplete: "canceled" } : last];
}

/** Uploads that go on have just written; the clocks of two nodes differ by less than half an hour. */
const history = fc.record({
  uploads: fc.array(upload, { maxLength: 6 }),
  skew: fc.integer({ min: -29, max: 29 }),
})
  .map(({ uploads, skew }) => {
    const nowMinute = Math.max(
      600,
      ...uploads.filter(({ end }) => end === "goes on")
        .map(({ startMinute, checkpoints, every }) => startMinute + checkpoints * every),
    );
    const all = uploads.flatMap((each, index) => {
      const going = each.end === "goes on" && each.checkpoints > 0;
      // One that goes on has written within its interval.
      const startMinute = going ? nowMinute - each.checkpoints * each.every : each.startMinute;
      return listed({ ...each, startMinute }, index);
    });
    return { all, nowMs: dayMs + (nowMinute + 44 + skew) * minute };
  });

const windows = fc.option(
  fc.tuple(fc.integer({ min: -60, max: 700 }), fc.nat(900)).map(([from, length]) => ({
    from: at(from),
    to: at(from + length),
  })),
  { nil: undefined },
);

Deno.test("runLeftovers() takes nothing of an upload that goes on, nor of one another client ended, in any history", () => {
  fc.assert(
    fc.property(history, windows, ({ all, nowMs }, window) => {
      const { ids } = runLeftovers(all, { runId: "uid-1", window }, nowMs);
      for (const id of ids) {
        const [client, end, , part] = id.split("/");
        assert.notEqual(end, "goes on");
        assert.notEqual(part, "last", "what has a tag is found by it");
        if (end !== "killed") assert.equal(client, "run");
        else assert.ok(window !== undefined, "without a word of kopia only the time tells");
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("runLeftovers() takes everything the run left within its time, once that is two hours ago", () => {
  fc.assert(
    fc.property(fc.array(upload, { maxLength: 6 }), (uploads) => {
      const all = uploads.flatMap((each, index) =>
        listed({ ...each, client: "run", end: each.end === "goes on" ? "killed" : each.end }, index)
      );
      const window = { from: at(-1), to: at(601) };
      const { ids, young } = runLeftovers(all, { runId: "uid-1", window }, dayMs + 2000 * minute);
      assert.deepEqual(
        ids.toSorted(),
        all.filter(({ tags }) => Object.keys(tags).length === 0).map(({ id }) => id).toSorted(),
      );
      assert.equal(young, undefined);
    }),
  );
});

Deno.test("leftOf() waits for the youngest of all sources", () => {
  const none = { ids: [], young: undefined };
  assert.equal(leftOf([none]), undefined);
  const young = (count: number, minutes: number) => ({
    ids: [],
    young: { count, lastWriteMs: dayMs + minutes * minute },
  });
  assert.deepEqual(leftOf([young(2, 10), none, young(1, 30)]), { count: 3, quietAt: at(120) });
});
