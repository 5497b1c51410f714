import assert from "node:assert/strict";
import fc from "fast-check";
import { JOB_NAME_MAX, type JobPurpose, moverJobName } from "./name.ts";

const objectNames = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const purposes: fc.Arbitrary<JobPurpose> = fc.oneof(
  objectNames.map((source) => ({ kind: "backup", source } as const)),
  fc.constant({ kind: "snapshotDelete" } as const),
  fc.constant({ kind: "bootstrap" } as const),
);
const requests = fc.record({
  owner: fc.record({ name: objectNames, uid: fc.uuid() }),
  purpose: purposes,
  number: fc.integer({ min: 1, max: 100_000 }),
});

Deno.test("moverJobName() reads as owner, work and number", () => {
  const name = moverJobName({ name: "nightly-7", uid: "u1" }, { kind: "backup", source: "data" }, 2);
  assert.match(name, /^nightly-7-data-2-[0-9a-f]{8}$/);
  assert.match(moverJobName({ name: "main", uid: "u" }, { kind: "bootstrap" }, 1), /^main-bootstrap-1-/);
  assert.match(moverJobName({ name: "b", uid: "u" }, { kind: "snapshotDelete" }, 3), /^b-delete-3-/);
});

Deno.test("moverJobName() is a DNS-1123 label that leaves room for the pod's suffix, and repeatable", () => {
  fc.assert(fc.property(requests, ({ owner, purpose, number }) => {
    const name = moverJobName(owner, purpose, number);
    assert.match(name, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
    assert.ok(name.length <= JOB_NAME_MAX, name);
    assert.equal(name, moverJobName(owner, purpose, number));
  }));
});

Deno.test("moverJobName() gives different requests different names", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(requests, { minLength: 2, maxLength: 20, selector: JSON.stringify }),
      (all) => {
        const names = all.map(({ owner, purpose, number }) => moverJobName(owner, purpose, number));
        assert.equal(new Set(names).size, all.length);
      },
    ),
  );
});

const collisions: Readonly<Record<string, readonly [string, string]>> = {
  "dashes in owner and source": [
    moverJobName({ name: "a", uid: "1" }, { kind: "backup", source: "b-c" }, 1),
    moverJobName({ name: "a-b", uid: "1" }, { kind: "backup", source: "c" }, 1),
  ],
  "a volume called delete": [
    moverJobName({ name: "a", uid: "1" }, { kind: "backup", source: "delete" }, 1),
    moverJobName({ name: "a", uid: "1" }, { kind: "snapshotDelete" }, 1),
  ],
  "an owner that was made again": [
    moverJobName({ name: "a", uid: "1" }, { kind: "bootstrap" }, 1),
    moverJobName({ name: "a", uid: "2" }, { kind: "bootstrap" }, 1),
  ],
  "long names with the same beginning": [
    moverJobName({ name: "a".repeat(200), uid: "1" }, { kind: "backup", source: "b".repeat(200) + "1" }, 1),
    moverJobName({ name: "a".repeat(200), uid: "1" }, { kind: "backup", source: "b".repeat(200) + "2" }, 1),
  ],
};
for (const [what, [one, other]] of Object.entries(collisions)) {
  Deno.test(`moverJobName() does not collide for ${what}`, () => assert.notEqual(one, other));
}
