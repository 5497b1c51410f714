import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION, FINALIZER } from "../../../api/mod.ts";
import { Cache } from "../../../kube/watch/cache.ts";
import type { KubeObject, Reader } from "../../../kube/types.ts";
import { aBackup, aCondition, FakeKube } from "../../../tests/support/mod.ts";
import { ANY_RECIPE, deletionId, type DeletionMemory, recipeId } from "../../shared/mod.ts";
import { BY_DELETION, byDeletion, type CountedDeletion, countOtherDeletions } from "./others.ts";

const EPOCH_MS = Date.UTC(2026, 0, 1, 23, 58, 30);

interface Deletion {
  readonly second: number;
  readonly isHeld: boolean;
  readonly isAway: boolean;
  readonly mark: string | undefined;
  readonly policy: string;
  readonly repository: string;
}

function aDeletion(name: string, parts: Deletion): KubeObject {
  const deletionTimestamp = new Date(EPOCH_MS + parts.second * 1000).toISOString().replace(".000Z", "Z");
  return aBackup({
    name,
    ...(parts.isAway ? { namespace: "else" } : {}),
    metadata: {
      uid: `uid-${name}`,
      deletionTimestamp,
      finalizers: [FINALIZER],
      annotations: parts.mark === undefined ? {} : { [parts.mark]: "true" },
    },
    spec: { deletionPolicy: parts.policy },
    status: {
      phase: "Deleting",
      resolved: {
        repository: { kind: "Repository", name: "repo", uniqueId: parts.repository },
        config: "recipe",
        identity: { username: "recipe", hostname: "apps" },
        deletionPolicy: "Delete",
      },
      snapshots: [{ source: "data", sourcePath: "/data", phase: "Succeeded", kopiaSnapshotID: name }],
      conditions: parts.isHeld ? [aCondition("DeletionHeld", "True", "MassDeletionHeld")] : [],
    },
  });
}

function readerOf(objects: readonly KubeObject[]): Reader {
  const cache = new Cache({ [BY_DELETION]: byDeletion });
  for (const object of objects) cache.put(object);
  const kube = new FakeKube();
  return {
    get: (_, key) => cache.get(key),
    list: (_, query) => cache.list(query),
    count: (_, query) => cache.count(query),
    read: (resource, key, signal) => kube.read(resource, key, signal),
    readLog: (pod, part, signal) => kube.readLog(pod, part, signal),
    serverNow: () => kube.serverNow(),
  };
}

const someDeletion: fc.Arbitrary<Deletion> = fc.record({
  // Around midnight, so that every span is cut somewhere; some lie days away.
  second: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -300_000, max: 300_000 })),
  isHeld: fc.boolean(),
  isAway: fc.boolean(),
  mark: fc.constantFrom(undefined, undefined, ANNOTATION.skipSnapshotCleanup, ANNOTATION.confirmDeletion),
  policy: fc.constantFrom("Delete", "Delete", "Delete", "Retain"),
  repository: fc.constantFrom("0123abcd", "0123abcd", "0123abcd 60"),
});

const plain: Deletion = {
  ...{ second: 0, isHeld: false, isAway: false, mark: undefined },
  ...{ policy: "Delete", repository: "0123abcd" },
};

function around(
  parts: Deletion,
  windowSeconds: number,
  memories: readonly DeletionMemory[] = [],
): CountedDeletion {
  return {
    repository: `id ${parts.repository}`,
    config: "recipe",
    windowSeconds,
    now: new Date(EPOCH_MS + parts.second * 1000),
    memories,
    elsewhere: [],
    claims: [],
  };
}

Deno.test("countOtherDeletions() counts what a look at every Backup of every namespace would", () => {
  const window = fc.oneof(fc.nat(400), fc.nat(200_000));
  fc.assert(
    fc.property(fc.array(someDeletion, { minLength: 1, maxLength: 30 }), window, (all, windowSeconds) => {
      const objects = all.map((parts, index) => aDeletion(`run-${index}`, parts));
      const [own] = all;
      const [backup] = objects;
      if (own === undefined || backup === undefined) return;
      // What another namespace leaves held counts there alone.
      const goes = all.slice(1).filter((each) =>
        each.policy === "Delete" && each.mark !== ANNOTATION.skipSnapshotCleanup &&
        ((each.isHeld && each.isAway === own.isAway) || Math.abs(each.second - own.second) <= windowSeconds)
      );
      const inRepository = goes.filter((each) => each.repository === own.repository);
      const ofRepository = inRepository.length;
      const elsewhere = inRepository.filter((each) => each.isAway !== own.isAway).length;
      const ofRecipe = goes.filter((each) => each.isAway === own.isAway).length;
      const asked = around(own, windowSeconds);
      for (const reader of [readerOf(objects), readerOf(objects.slice(1))]) {
        // It counts itself nowhere, also when the cache does not show it or shows another one of its name.
        const counted = countOtherDeletions(backup, asked, reader);
        assert.deepEqual(
          [counted.ofRepository, counted.elsewhere, counted.ofRecipe],
          [ofRepository, elsewhere, ofRecipe],
        );
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("countOtherDeletions() counts Backups of many small namespaces on one repository together", () => {
  const all = Array.from({ length: 300 }, (_, index) => {
    const backup = aDeletion(`run-${index}`, plain);
    return { ...backup, metadata: { ...backup.metadata, namespace: `app-${index % 30}` } };
  });
  const reader = readerOf(all);
  for (const backup of all) {
    const counted = countOtherDeletions(backup, around(plain, 600), reader);
    assert.deepEqual([counted.ofRepository, counted.ofRecipe, counted.savedByRecipe], [299, 9, 10]);
  }
});

function memoryOf(...past: DeletionMemory["past"]): DeletionMemory {
  return { sinceSecond: 0, past };
}

Deno.test("countOtherDeletions() counts what only a memory knows, whatever its namespace, and nothing twice", () => {
  const now = EPOCH_MS / 1000;
  const recipe = recipeId("recipe");
  const own = aDeletion("own", plain);
  const there = aDeletion("there", plain);
  const own2 = memoryOf(
    { id: deletionId("gone-1"), recipe, atSecond: now - 10, count: 1 },
    { id: deletionId("gone-2"), recipe: "another", atSecond: now - 20, count: 1 },
    { id: deletionId("uid-there"), recipe, atSecond: now - 5, count: 1 },
    { id: deletionId("uid-own"), recipe, atSecond: now - 5, count: 1 },
    { id: deletionId("long-ago"), recipe, atSecond: now - 700, count: 1 },
    { recipe: ANY_RECIPE, atSecond: now - 500, count: 7 },
  );
  const beside = memoryOf({ recipe, atSecond: now, count: 30 });
  const asked = {
    ...around(plain, 600, [own2, beside]),
    elsewhere: [{ id: "far-1", recipe, atSecond: now - 1, count: 1 }, {
      id: "far-2",
      recipe,
      atSecond: now - 700,
      count: 1,
    }],
    claims: [{ id: "far-1", recipe, atSecond: now, count: 1 }, { recipe, atSecond: now, count: 100 }],
  };
  assert.deepEqual(countOtherDeletions(own, asked, readerOf([own, there])), {
    ofRepository: 1 + 1 + 1 + 7 + 30 + 1,
    elsewhere: 1,
    claimed: 100,
    ofRecipe: 1 + 1 + 7,
    savedByRecipe: 2 + 1 + 7,
  });
});

Deno.test("countOtherDeletions() counts one that waited for hours and went a moment ago", () => {
  const now = EPOCH_MS / 1000;
  const waited = aDeletion("waited", { ...plain, second: -9000 });
  const memory = memoryOf({ id: deletionId("uid-waited"), recipe: "another", atSecond: now, count: 1 });
  const own = aDeletion("own", plain);
  const counted = countOtherDeletions(own, around(plain, 600, [memory]), readerOf([own, waited]));
  assert.equal(counted.ofRepository, 1);
});

Deno.test("countOtherDeletions() believes the clock by which more are counted", () => {
  const own = aDeletion("own", plain);
  const at = EPOCH_MS / 1000;
  const memory = memoryOf({ id: deletionId("gone"), recipe: "another", atSecond: at - 60, count: 1 });
  for (const aheadSeconds of [-86_400, 0, 86_400]) {
    const asked = around({ ...plain, second: aheadSeconds }, 600, [memory]);
    assert.equal(countOtherDeletions(own, asked, readerOf([own])).ofRepository, 1, String(aheadSeconds));
  }
});

Deno.test("countOtherDeletions() looks through few spans, whatever the window", () => {
  const own = aDeletion("own", plain);
  let asked = 0;
  let elsewhere = 0;
  const reader: Reader = {
    ...readerOf([own]),
    count: (_, { namespace }) => {
      asked += 1;
      return namespace === undefined ? elsewhere : 0;
    },
  };
  const lookups = (windowSeconds: number) => {
    asked = 0;
    countOtherDeletions(own, around(plain, windowSeconds), reader);
    return asked;
  };
  // Most of the time nobody else deletes anything.
  for (const times of [1, 2]) {
    elsewhere = times - 1;
    assert.ok(lookups(600) < times * 300, String(asked));
    assert.ok(lookups(30 * 86_400) < times * 700, String(asked));
    assert.ok(lookups(Number.MAX_SAFE_INTEGER) < times * 40_000, String(asked));
  }
});

Deno.test("byDeletion() holds nothing of a Backup whose snapshots stay, and no time that nobody can read", () => {
  const backup = aDeletion("a", plain);
  assert.equal(byDeletion(backup).length, 15);
  const { deletionTimestamp: _, ...alive } = backup.metadata;
  assert.deepEqual(byDeletion({ ...backup, metadata: alive }), ["saved recipe"]);
  assert.equal(
    byDeletion({ ...backup, metadata: { ...backup.metadata, deletionTimestamp: "soon" } }).length,
    2,
  );
  assert.deepEqual(byDeletion({ ...backup, metadata: { ...backup.metadata, finalizers: [] } }), []);
  assert.deepEqual(byDeletion({ ...backup, status: "spoilt" }), []);
  for (const by of ["retention", "history"]) {
    const annotations = { [ANNOTATION.deletedBy]: by };
    assert.deepEqual(byDeletion({ ...backup, metadata: { ...backup.metadata, annotations } }), []);
  }
});
