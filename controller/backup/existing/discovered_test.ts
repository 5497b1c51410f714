import assert from "node:assert/strict";
import { ANNOTATION, backupSpec } from "../../../api/mod.ts";
import { BackupStage } from "../../../tests/support/backup_stage.ts";
import { aBackup, aNamespace } from "../../../tests/support/mod.ts";
import { hasEnded } from "../samples.ts";
import { backupTraceparent } from "../run/traces.ts";

const discovered = {
  repository: { kind: "Repository", name: "repo", uniqueId: "0123abcd" },
  snapshot: {
    id: "0a1b",
    identity: { username: "photos", hostname: "nas" },
    sourcePath: "/volume1/photos",
    startTime: "2025-01-02T03:04:05.123456789Z",
    endTime: "2025-01-02T03:05:05.123456789Z",
    sizeBytes: 42,
    files: 7,
  },
};

function discoveredStage(snapshot = {}, metadata = {}): BackupStage {
  const stage = new BackupStage();
  const found = { ...discovered, snapshot: { ...discovered.snapshot, ...snapshot } };
  stage.delete("kopiur.home-operations.com/v1alpha1", "Backup", "run");
  stage.kube.put({ ...aBackup({ metadata }), spec: { discovered: found } });
  return stage;
}

Deno.test("Backup that was discovered says what it stands for, and asks for nothing", async () => {
  const stage = discoveredStage();
  assert.deepEqual(await stage.settle(), { kind: "forget" });
  assert.deepEqual([stage.phaseAndReason("run"), stage.status.origin, stage.isHeld], [
    "Discovered Discovered",
    "discovered",
    false,
  ]);
  assert.equal(stage.status.message, 'Found photos@nas:/volume1/photos in Repository "repo"');
  assert.deepEqual(stage.status.snapshots, [{
    source: "/volume1/photos",
    sourcePath: "/volume1/photos",
    phase: "Succeeded",
    kopiaSnapshotID: "0a1b",
    startTime: discovered.snapshot.startTime,
    endTime: discovered.snapshot.endTime,
    durationSeconds: 60,
    sizeBytes: 42,
    files: 7,
  }]);
  assert.deepEqual(stage.status.stats, { sizeBytes: 42, files: 7 });
  assert.equal(stage.status.timing?.durationSeconds, 60);
  assert.ok(stage.conditions.includes("Ready=True Discovered"), stage.conditions.join());
  assert.deepEqual(stage.made, []);
  assert.deepEqual(stage.kube.events, [], "five thousand may be found at once");
});

Deno.test("Backup that was discovered needs neither sizes nor a repository that is there", async () => {
  const stage = discoveredStage({ sizeBytes: undefined, files: undefined });
  stage.delete("kopiur.home-operations.com/v1alpha1", "Repository", "repo");
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Discovered Discovered");
  assert.equal(stage.status.stats, undefined);
});

Deno.test("Backup that was discovered says what its maker said of it", async () => {
  const stage = discoveredStage({ description: "before the move" });
  await stage.settle();
  assert.equal(
    stage.status.message,
    'Found photos@nas:/volume1/photos in Repository "repo": before the move',
  );
});

Deno.test("Backup that was discovered ignores a word to stop it", async () => {
  const stage = discoveredStage({}, { annotations: { [ANNOTATION.cancelRun]: "x" } });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Discovered Discovered");
});

for (const finalizers of [[], ["kopiur.home-operations.com/snapshot-cleanup"]]) {
  Deno.test(`Backup that was discovered goes at once with ${finalizers.length} finalizers, and its snapshot stays`, async () => {
    const stage = discoveredStage({}, { finalizers, deletionTimestamp: "2026-01-02T03:00:00Z" });
    stage.deleteBackup();
    if (finalizers.length > 0) await stage.pass();
    assert.equal(stage.backup, undefined);
    assert.deepEqual(stage.made, []);
    assert.deepEqual(
      (await stage.series("kopiur_orphaned")).filter((line) => !line.endsWith(" 0")),
      [],
    );
  });
}

Deno.test("Backup that was discovered has no series of its own, and is woken by nothing but itself", async () => {
  const stage = discoveredStage();
  assert.deepEqual(stage.gauges("kopiur_"), []);
  const wakes = () => stage.wokenBy(aNamespace());
  assert.deepEqual(wakes(), []);
  await stage.settle();
  assert.deepEqual(stage.gauges("kopiur_"), []);
  assert.deepEqual(wakes(), []);
  const backup = stage.backup ?? assert.fail();
  assert.equal(hasEnded(backup), true);
  assert.equal(backupTraceparent(backup), undefined);
});

Deno.test("Backup that was discovered says when its snapshot is gone", async () => {
  const stage = discoveredStage();
  await stage.settle();
  const gone = JSON.stringify({ at: "2026-01-02T04:00:00Z", ids: ["0a1b"] });
  stage.annotate({ [ANNOTATION.snapshotMissing]: gone });
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Discovered SnapshotMissing");
  assert.ok(stage.conditions.includes("SnapshotPresent=False SnapshotMissing"), stage.conditions.join());
  assert.equal(stage.events.at(-1), "Warning SnapshotMissing on Backup");
});

const specs: Readonly<Record<string, readonly [spec: unknown, isValid: boolean]>> = {
  "a recipe": [{ configRef: { name: "recipe" } }, true],
  "a discovered snapshot": [{ discovered }, true],
  "neither": [{}, false],
  "both": [{ configRef: { name: "recipe" }, discovered }, false],
  "tags": [{ configRef: { name: "recipe" }, tags: { why: "before the move" } }, true],
  "a tag with a colon": [{ configRef: { name: "recipe" }, tags: { "a:b": "" } }, false],
  "a tag of ours": [{ configRef: { name: "recipe" }, tags: { "kopiur-run": "x" } }, false],
  "a tag without a name": [{ configRef: { name: "recipe" }, tags: { "": "x" } }, false],
  "a long tag": [{ configRef: { name: "recipe" }, tags: { a: "x".repeat(257) } }, false],
  "a description in two lines": [{ configRef: { name: "recipe" }, description: "a\nb" }, false],
};
for (const [what, [spec, isValid]] of Object.entries(specs)) {
  Deno.test(`backupSpec ${isValid ? "takes" : "refuses"} ${what}`, () => {
    assert.equal(backupSpec.safeParse(spec).success, isValid);
  });
}
