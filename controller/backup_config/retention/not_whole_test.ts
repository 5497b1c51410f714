import assert from "node:assert/strict";
import fc from "fast-check";
import { API_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  anEndedRun,
  anUnchangedSource,
  aSavedRun,
  aSavedSource,
  ConfigStage,
} from "../../../tests/support/config_stage.ts";
import { aBackupConfig, aClaim } from "../../../tests/support/mod.ts";

type Fields = Readonly<Record<string, unknown>>;

function night(day: number): string {
  return new Date(Date.UTC(2025, 11, day, 2)).toISOString();
}

function aNight(name: string, day: number, entry: Fields = {}, spec: Fields = {}): KubeObject {
  const snapshots = [{
    ...aSavedSource("data", `k-${name}`),
    files: 100_000,
    sizeBytes: 1_000_000,
    ...entry,
  }];
  return aSavedRun(name, night(day), { spec, status: { snapshots } });
}

function aStage(retention: unknown, ...objects: readonly KubeObject[]): ConfigStage {
  return new ConfigStage(aBackupConfig({ spec: { retention } }), ...objects);
}

/** Names of the Backups there are when retention has had all the time it wants. */
async function left(stage: ConfigStage): Promise<readonly string[]> {
  for (let round = 0; round < 5; round++) {
    for (let turn = 0; turn < 4; turn++) await stage.pass();
    await stage.clock.advance(61_000);
  }
  return names(stage);
}

function names(stage: ConfigStage): readonly string[] {
  return stage.kube.list({ ...stage.kind.resource, kind: "Backup" })
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name).toSorted();
}

function reported(stage: ConfigStage): readonly string[] {
  return stage.kube.events.filter(({ reason }) => reason === "NotWhole").map(({ note }) => note);
}

const whole = [1, 2, 3].map((day) => aNight(`whole-${day}`, day));
const faults: Readonly<Record<string, Fields>> = {
  partial: { files: 1, unreadable: { count: 99_999, paths: ["a"] } },
  empty: { files: 0, sizeBytes: 0 },
  shrunken: { files: 49_999 },
};

for (const [state, fault] of Object.entries(faults)) {
  Deno.test(`retention keeps the whole Backups when ${state} ones come after them, and says so`, async () => {
    const odd = [10, 11, 12, 13].map((day) => aNight(`odd-${day}`, day, fault));
    const stage = aStage({ keepLatest: 3 }, ...whole, ...odd);
    assert.deepEqual(await left(stage), [
      ...["odd-11", "odd-12", "odd-13"],
      ...["whole-1", "whole-2", "whole-3"],
    ]);
    const notWhole = stage.status.retention?.notWhole;
    assert.deepEqual(
      [notWhole?.partial, notWhole?.empty, notWhole?.shrunken],
      Object.keys(faults).map((each) => each === state ? 3 : 0),
    );
    assert.equal(notWhole?.heldBackCount, 3);
    assert.deepEqual(notWhole?.snapshots[0], { name: "odd-13", sourcePath: "/pvc/data", state });
    const message =
      `The newest snapshot of "/pvc/data" is ${state} (Backup "odd-13"). It takes no place from older ` +
      "whole ones in retention: 3 Backups stay that would be deleted otherwise. When that is as it should be, say so: " +
      "kubectl kopiur backup accept odd-13 -n apps, or spec.accept: true on the Backup";
    assert.equal(stage.condition("SnapshotsWhole"), `False NotWhole: ${message}`);
    assert.equal(reported(stage).length, 1);
    assert.deepEqual(
      stage.gauges("kopiur_backup_snapshots_not_whole").filter((line) => line.endsWith(" 3")),
      [
        `kopiur_backup_snapshots_not_whole apps/recipe/${state} 3`,
      ],
    );
    assert.deepEqual(stage.gauges("kopiur_backup_retention_held_back"), [
      "kopiur_backup_retention_held_back apps/recipe 3",
    ]);
    const { length } = stage.kube.writes;
    await stage.pass();
    assert.equal(stage.kube.writes.length, length);
  });

  Deno.test(`retention goes on when a person accepts a ${state} Backup`, async () => {
    const odd = [10, 11, 12].map((day) => aNight(`odd-${day}`, day, fault));
    const stage = aStage({ keepLatest: 1 }, ...whole, ...odd);
    assert.deepEqual(await left(stage), ["odd-12", "whole-3"]);
    stage.kube.put(aNight("odd-12", 12, fault, { accept: true }));
    assert.deepEqual(await left(stage), ["odd-12"]);
    assert.equal(stage.condition("SnapshotsWhole"), undefined);
    assert.equal(stage.status.retention?.notWhole, undefined);
    stage.kube.put(aNight("odd-13", 13, fault));
    // As much unreadable is right because of the one that was accepted; of the rest nothing larger is left.
    assert.deepEqual(await left(stage), state === "partial" ? ["odd-12", "odd-13"] : ["odd-13"]);
  });
}

Deno.test("retention takes a snapshot whose files lost their names for partial, and one whose names changed for whole", async () => {
  const lost = { names: { lost: { count: 2, paths: ["a"] } } };
  const stage = aStage({ keepLatest: 1 }, ...whole, aNight("odd-10", 10, lost));
  assert.deepEqual(await left(stage), ["odd-10", "whole-3"]);
  assert.match(stage.condition("SnapshotsWhole") ?? "", /^False NotWhole: .* is partial /);
  stage.kube.put(aNight("odd-10", 10, lost, { accept: true }));
  assert.deepEqual(await left(stage), ["odd-10"]);
  stage.kube.put(aNight("same-11", 11, lost));
  assert.deepEqual(await left(stage), ["odd-10", "same-11"]);
  assert.equal(stage.condition("SnapshotsWhole"), undefined, "as many were accepted");
  const renamed = { names: { renamed: { count: 9, paths: ["a"] }, unknown: true } };
  stage.kube.put(aNight("renamed-12", 12, renamed));
  assert.deepEqual(await left(stage), ["renamed-12"]);
});

Deno.test("retention does what the example of the documentation says", async () => {
  const sizes = [10, 12, 12, 5, 5];
  const runs = sizes.map((sizeBytes, index) => aNight(`march-${index + 1}`, index + 1, { sizeBytes }));
  const stage = aStage({ keepLatest: 2 }, ...runs);
  assert.deepEqual(await left(stage), ["march-2", "march-3", "march-4", "march-5"]);
  stage.kube.put(aNight("march-5", 5, { sizeBytes: 5 }, { accept: true }));
  assert.deepEqual(await left(stage), ["march-3", "march-4", "march-5"]);
  stage.kube.put(aNight("march-6", 6, { sizeBytes: 4 }));
  assert.deepEqual(await left(stage), ["march-5", "march-6"]);
});

Deno.test("retention tells of each source that is not whole once, and again when it was well meanwhile", async () => {
  const stage = aStage({ keepLatest: 3 }, ...whole, aNight("odd-10", 10, faults.empty));
  await left(stage);
  stage.kube.put(aNight("odd-11", 11, faults.empty));
  await left(stage);
  assert.equal(reported(stage).length, 1);
  stage.kube.put(aNight("odd-12", 12, faults.shrunken));
  await left(stage);
  assert.equal(reported(stage).length, 2);
  stage.kube.put(aNight("whole-13", 13));
  await left(stage);
  assert.equal(stage.condition("SnapshotsWhole"), undefined);
  stage.kube.put(aNight("odd-14", 14, faults.shrunken));
  await left(stage);
  assert.equal(reported(stage).length, 3);
});

Deno.test("retention counts what is not whole where no rule is, and holds nothing back", async () => {
  const stage = aStage(undefined, ...whole, aNight("odd-10", 10, faults.empty));
  await left(stage);
  assert.equal(stage.status.retention?.notWhole?.empty, 1);
  assert.deepEqual([stage.condition("SnapshotsWhole"), reported(stage)], [undefined, []]);
});

Deno.test("retention names no more snapshots that are not whole than status may hold", async () => {
  const odd = Array.from({ length: 30 }, (_, index) => aNight(`odd-${index}`, index + 4, faults.empty));
  const stage = aStage(undefined, ...whole, ...odd);
  await left(stage);
  const notWhole = stage.status.retention?.notWhole;
  assert.deepEqual([notWhole?.empty, notWhole?.snapshots.length], [30, 20]);
});

const paths = ["data", "db"] as const;
const someEntry = fc.constantFrom<Fields | "failed" | "unchanged" | "none">(
  ...[{}, {}, {}, faults.partial ?? {}, faults.empty ?? {}, faults.shrunken ?? {}],
  ...["failed", "unchanged", "none"] as const,
);
const someNights = fc.array(
  fc.record({ isStopped: fc.boolean(), data: someEntry, db: someEntry }),
  { minLength: 1, maxLength: 14 },
);

type Night = { readonly isStopped: boolean; readonly data: Fields | string; readonly db: Fields | string };

function runOf({ isStopped, ...entries }: Night, index: number): KubeObject {
  const name = `run-${String(index).padStart(2, "0")}`;
  const snapshots = paths.flatMap((source): readonly Fields[] => {
    const entry = entries[source];
    if (entry === "none") return [];
    if (entry === "unchanged") return [anUnchangedSource(source)];
    if (entry === "failed") return [{ source, sourcePath: `/pvc/${source}`, phase: "Failed" }];
    const size = { files: 100_000, sizeBytes: 1_000_000 };
    return [{
      ...aSavedSource(source, `k-${source}-${name}`),
      ...size,
      ...(typeof entry === "string" ? {} : entry),
    }];
  });
  if (snapshots.length === 0) return anEndedRun(name, "Failed", night(index + 1));
  return aSavedRun(name, night(index + 1), {
    status: { phase: isStopped ? "Failed" : "Succeeded", snapshots },
  });
}

Deno.test("retention leaves each source its newest whole Backup, and so many whole ones as it promises", async () => {
  await fc.assert(
    fc.asyncProperty(someNights, fc.integer({ min: 1, max: 3 }), async (nights, keepLatest) => {
      const sources = paths.map((name) => ({ pvc: { name } }));
      const stage = new ConfigStage(
        aClaim({ name: "db" }),
        aBackupConfig({ spec: { sources, retention: { keepLatest } } }),
        ...nights.map(runOf),
      );
      const kept = new Set(await left(stage));
      for (const source of paths) {
        // Before the first whole one everything is measured by nothing, so an empty one is whole there.
        const first = nights.findIndex((each) => each[source] !== "none" && isPlain(each[source]));
        const found = nights.map((each, index) => ({ each, name: `run-${String(index).padStart(2, "0")}` }))
          .filter(({ each }, index) => index >= first && first >= 0 && isPlain(each[source])).toReversed();
        const newest = found[0];
        if (newest !== undefined) assert.ok(kept.has(newest.name), newest.name);
        const promised = found.filter(({ each }) => !each.isStopped).slice(0, keepLatest);
        for (const { name } of promised) assert.ok(kept.has(name), name);
      }
    }),
    { numRuns: 60 },
  );
});

/** A snapshot with nothing wrong. */
function isPlain(entry: Fields | string): boolean {
  return typeof entry !== "string" && Object.keys(entry).length === 0;
}

Deno.test("retention says of a Backup of many sources which of them are not whole, and bounds the sentence", async () => {
  const sources = Array.from({ length: 9 }, (_, index) => `v-${index}`);
  const run = (name: string, day: number, parts: Fields) =>
    aSavedRun(name, night(day), {
      status: {
        snapshots: sources.map((each) => ({ ...aSavedSource(each, `${name}-${each}`), files: 50, ...parts })),
      },
    });
  const stage = aStage({ keepLatest: 1 }, run("big", 1, {}), run("small", 2, { files: 2, sizeBytes: 3 }));
  await left(stage);
  assert.match(
    stage.condition("SnapshotsWhole") ?? "",
    /^False NotWhole: The newest snapshot of "\/pvc\/v-0" is shrunken \(Backup "small"\), .* and 4 more\. .* accept small -n apps/,
  );
  assert.ok(stage.kube.find(API_VERSION, "Backup", { namespace: "apps", name: "big" }) !== undefined);
});
