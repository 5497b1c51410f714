import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION, FINALIZER } from "../../api/mod.ts";
import { Cache } from "../../kube/cache.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import { aBackup, aCondition, FakeKube } from "../../tests/support/mod.ts";
import { BY_DELETION, byDeletion, countOtherDeletions } from "./other_deletions.ts";

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
        repository: { kind: "Repository", name: parts.repository },
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
  };
}

const someDeletion: fc.Arbitrary<Deletion> = fc.record({
  // Around midnight, so that every span is cut somewhere; some lie days away.
  second: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -300_000, max: 300_000 })),
  isHeld: fc.boolean(),
  isAway: fc.boolean(),
  mark: fc.constantFrom(undefined, undefined, ANNOTATION.skipSnapshotCleanup, ANNOTATION.confirmDeletion),
  policy: fc.constantFrom("Delete", "Delete", "Delete", "Retain"),
  repository: fc.constantFrom("repo", "repo", "repo.60"),
});

Deno.test("countOtherDeletions() counts what a look at every Backup would", () => {
  const window = fc.oneof(fc.nat(400), fc.nat(200_000));
  fc.assert(
    fc.property(fc.array(someDeletion, { minLength: 1, maxLength: 30 }), window, (all, windowSeconds) => {
      const objects = all.map((parts, index) => aDeletion(`run-${index}`, parts));
      const [own] = all;
      const [backup] = objects;
      if (own === undefined || backup === undefined) return;
      const expected = all.slice(1).filter((each) =>
        each.isAway === own.isAway && each.repository === own.repository && each.policy === "Delete" &&
        each.mark !== ANNOTATION.skipSnapshotCleanup &&
        (each.isHeld || Math.abs(each.second - own.second) <= windowSeconds)
      );
      const asked = { repository: own.repository, windowSeconds };
      assert.equal(countOtherDeletions(backup, asked, readerOf(objects)), expected.length);
      // It counts itself nowhere, also when the cache does not show it or shows another one of its name.
      assert.equal(countOtherDeletions(backup, asked, readerOf(objects.slice(1))), expected.length);
    }),
    { numRuns: 300 },
  );
});

Deno.test("countOtherDeletions() looks through few spans, whatever the window", () => {
  const own = aDeletion("own", {
    ...{ second: 0, isHeld: false, isAway: false, mark: undefined },
    ...{ policy: "Delete", repository: "repo" },
  });
  let asked = 0;
  const reader: Reader = {
    ...readerOf([own]),
    count: () => {
      asked += 1;
      return 0;
    },
  };
  const lookups = (windowSeconds: number) => {
    asked = 0;
    countOtherDeletions(own, { repository: "repo", windowSeconds }, reader);
    return asked;
  };
  assert.ok(lookups(600) < 150, String(asked));
  assert.ok(lookups(30 * 86_400) < 350, String(asked));
  assert.ok(lookups(Number.MAX_SAFE_INTEGER) < 20_000, String(asked));
});

Deno.test("byDeletion() holds nothing of a Backup whose snapshots stay, and of one whose time nobody can read", () => {
  const parts = {
    ...{ second: 0, isHeld: false, isAway: false, mark: undefined },
    ...{ policy: "Delete", repository: "repo" },
  };
  const backup = aDeletion("a", parts);
  assert.deepEqual(byDeletion(backup).length, 4);
  const { deletionTimestamp: _, ...alive } = backup.metadata;
  assert.deepEqual(byDeletion({ ...backup, metadata: alive }), []);
  assert.deepEqual(
    byDeletion({ ...backup, metadata: { ...backup.metadata, deletionTimestamp: "soon" } }),
    [],
  );
  assert.deepEqual(byDeletion({ ...backup, metadata: { ...backup.metadata, finalizers: [] } }), []);
  assert.deepEqual(byDeletion({ ...backup, status: "spoilt" }), []);
  for (const by of ["retention", "history"]) {
    const annotations = { [ANNOTATION.deletedBy]: by };
    assert.deepEqual(byDeletion({ ...backup, metadata: { ...backup.metadata, annotations } }), []);
  }
});
