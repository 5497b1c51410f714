import assert from "node:assert/strict";
import { CATALOG_MAX_SNAPSHOTS, decodeCatalog } from "../../api/mover/catalog_listing.ts";
import { CatalogWriter } from "./catalog_writer.ts";
import type { Snapshot } from "../kopia/output.ts";

function snapshotAt(minute: number): Snapshot {
  const time = new Date(minute * 60_000).toISOString();
  return {
    id: `a${minute}`,
    source: { username: "app", hostname: "apps", path: "/pvc/data" },
    ...{ startTime: time, endTime: time, sizeBytes: 1, files: 1, tags: {} },
  };
}

function write(snapshots: Iterable<Snapshot>) {
  const writer = new CatalogWriter();
  for (const snapshot of snapshots) writer.add(snapshot);
  const lines: string[] = [];
  const digest = writer.print((line) => void lines.push(line));
  assert.ok(lines.every((line) => line.endsWith("\n") && line.length <= 8192));
  const listing = decodeCatalog(lines.join(""), digest);
  assert.ok(listing.kind === "listing");
  return listing;
}

function* minutes(count: number): Iterable<Snapshot> {
  for (let each = 0; each < count; each++) yield snapshotAt(each);
}

Deno.test("CatalogWriter says that an empty repository is empty", () => {
  assert.deepEqual(write([]), { kind: "listing", entries: [], truncated: false });
});

Deno.test("CatalogWriter holds as many as a catalog may, whole", () => {
  const { entries, truncated } = write(minutes(CATALOG_MAX_SNAPSHOTS));
  assert.deepEqual([entries.length, truncated], [CATALOG_MAX_SNAPSHOTS, false]);
});

for (const [order, turn] of [["oldest", false], ["newest", true]] as const) {
  Deno.test(`CatalogWriter keeps the newest of very many that come ${order} first, and says so`, () => {
    const count = 3 * CATALOG_MAX_SNAPSHOTS + 7;
    const given = [...minutes(count)];
    const { entries, truncated } = write(turn ? given.toReversed() : given);
    assert.deepEqual([entries.length, truncated], [CATALOG_MAX_SNAPSHOTS, true]);
    assert.equal(entries[0]?.id, `a${count - 1}`);
    assert.equal(entries.at(-1)?.id, `a${count - CATALOG_MAX_SNAPSHOTS}`);
  });
}

Deno.test("CatalogWriter leaves incomplete snapshots out", () => {
  assert.deepEqual(write([{ ...snapshotAt(1), incomplete: "checkpoint" }]).entries, []);
});

Deno.test("CatalogWriter hands on what a run tagged its snapshot with, and how much of it is missing", () => {
  const tags = {
    "kopiur-run": "uid",
    "kopiur-config": "apps/recipe",
    "kopiur-backup": "apps/run",
    team: "a",
  };
  const { entries: [entry] } = write([{ ...snapshotAt(1), tags, unreadable: { count: 2, paths: ["x"] } }]);
  const { runId, config, backup, unreadable } = entry ?? {};
  assert.deepEqual([runId, config, backup, unreadable], ["uid", "apps/recipe", "apps/run", 2]);
});
