import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup, aCondition } from "../../../tests/support/mod.ts";
import { chooseHeld, heldDeletions } from "./held.ts";

function aHeldBackup(name: string, metadata: Partial<KubeObject["metadata"]> = {}): KubeObject {
  return aBackup({
    name,
    metadata: { deletionTimestamp: "2026-01-01T11:00:00Z", ...metadata },
    status: {
      phase: "Deleting",
      resolved: {
        repository: { kind: "Repository", name: "nas" },
        config: "recipe",
        identity: { username: "recipe", hostname: "apps" },
        deletionPolicy: "Delete",
      },
      snapshots: [
        {
          source: "a",
          sourcePath: "/pvc/a",
          phase: "Succeeded",
          kopiaSnapshotID: `k-${name}`,
          sizeBytes: 10,
        },
        { source: "b", sourcePath: "/pvc/b", phase: "Failed" },
      ],
      conditions: [aCondition("DeletionHeld", "True", "MassDeletionHeld")],
    },
  });
}

Deno.test("heldDeletions() finds what is held, with the snapshots a release destroys", () => {
  const [held, ...others] = heldDeletions([aHeldBackup("run")]);
  deepEqual(others, []);
  deepEqual(held, {
    namespace: "apps",
    name: "run",
    uid: "uid-backup-run",
    resourceVersion: "1",
    config: "recipe",
    repository: "nas",
    deletedAt: "2026-01-01T11:00:00Z",
    since: "2026-01-01T00:00:00Z",
    reason: "MassDeletionHeld",
    message: "MassDeletionHeld",
    word: "true",
    snapshots: [{ source: "a", id: "k-run", sizeBytes: 10 }],
  });
});

Deno.test("heldDeletions() leaves out what is not held, not deleted, released already or unreadable", () => {
  const released = aHeldBackup("a", { annotations: { [ANNOTATION.confirmDeletion]: "true" } });
  const { deletionTimestamp: _gone, ...metadata } = aHeldBackup("b").metadata;
  const alive = { ...aHeldBackup("b"), metadata };
  const letGo = {
    ...aHeldBackup("c"),
    status: { conditions: [aCondition("DeletionHeld", "False", "MassDeletionReleased")] },
  };
  deepEqual(heldDeletions([released, alive, letGo, { ...aHeldBackup("d"), status: "?" }]), []);
});

Deno.test("heldDeletions() takes any other word on the annotation for no confirmation, as the controller does", () => {
  const unsure = aHeldBackup("a", { annotations: { [ANNOTATION.confirmDeletion]: "maybe" } });
  equal(heldDeletions([unsure]).length, 1);
});

Deno.test("heldDeletions() never throws, whatever a status holds", () => {
  fc.assert(fc.property(fc.jsonValue(), (status) => {
    heldDeletions([{ ...aHeldBackup("a"), status } as KubeObject]);
  }));
});

Deno.test("chooseHeld() takes what is named, or all, and refuses a name that is not held", () => {
  const held = heldDeletions([aHeldBackup("c"), aHeldBackup("a"), aHeldBackup("b")]);
  const names = (found: ReturnType<typeof chooseHeld>) =>
    found.kind === "chosen" ? found.held.map(({ name }) => name) : found.message;
  deepEqual(names(chooseHeld(held, { kind: "all" })), ["a", "b", "c"]);
  deepEqual(names(chooseHeld(held, { kind: "named", names: ["c", "a"] })), ["a", "c"]);
  equal(
    names(chooseHeld(held, { kind: "named", names: ["a", "x"] })),
    'Cannot release "x": no such deletion is held, expected one of "a", "b", "c"',
  );
  match(
    String(names(chooseHeld([], { kind: "named", names: ["x"] }))),
    /but there is none: is it another namespace\?$/,
  );
});

Deno.test("heldDeletions() takes of an inherited one its uid alone for a confirmation", () => {
  const aCopy = (word: string) => {
    return aHeldBackup("a", {
      annotations: { [ANNOTATION.ranAs]: "uid-production", [ANNOTATION.confirmDeletion]: word },
    });
  };
  equal(heldDeletions([aCopy("true")])[0]?.word, "uid-backup-a");
  equal(heldDeletions([aCopy("uid-backup-a")]).length, 0);
});
