import assert from "node:assert/strict";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { aClaim } from "../../../tests/support/mod.ts";

const unbound = (name: string) =>
  aClaim({ name, spec: { volumeName: undefined, storageClassName: "wffc" }, status: { phase: "Pending" } });
const raw = (name: string) => aClaim({ name, spec: { volumeMode: "Block" } });
const lost = (name: string) => aClaim({ name, status: { phase: "Lost" } });
const selected = { spec: { sources: [{ pvcSelector: { matchLabels: {} } }] } };

Deno.test("Backup starts no mover for a claim without a volume: it waits, and goes on without after its deadline", async () => {
  const stage = new BackupStage({
    sources: ["data", "new"],
    backup: { metadata: { creationTimestamp: "2026-01-02T03:04:05Z" } },
  });
  stage.kube.put(unbound("new"));
  await stage.settle();
  assert.deepEqual(stage.made, []);
  assert.equal(stage.phaseAndReason("run"), "Pending VolumeNotUsable");
  assert.match(
    stage.messageOf("run"),
    /^PersistentVolumeClaim "new" has no volume yet; the run goes on without/,
  );
  assert.deepEqual(stage.events, ["Warning VolumeNotUsable on Backup"]);
  assert.deepEqual(stage.wokenBy(unbound("new")), ["run"]);
  await stage.clock.advance(1_800_000);
  await stage.settle();
  assert.deepEqual(stage.jobs.length, 1);
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Succeeded BackupPartial");
  assert.match(stage.messageOf("run"), /"new": A PersistentVolumeClaim cannot be backed up/);
});

Deno.test("Backup whose claim gets its volume in time saves it like any other", async () => {
  const stage = new BackupStage({
    sources: ["new"],
    backup: { metadata: { creationTimestamp: "2026-01-02T03:04:05Z" } },
  });
  stage.kube.put(unbound("new"));
  await stage.settle();
  stage.kube.put(aClaim({ name: "new" }));
  await stage.settle();
  assert.equal(stage.phaseAndReason("run"), "Running Running");
});

for (const [what, broken] of [["raw block device", raw], ["lost volume", lost]] as const) {
  Deno.test(`Backup does not wait for a ${what}, and starts no mover for it`, async () => {
    const stage = new BackupStage({ sources: ["data", "odd"] });
    stage.kube.put(broken("odd"));
    await stage.settle();
    assert.deepEqual(stage.jobs.length, 1);
    stage.end(stage.job("data"), 0, aSavedResult("k1"));
    await stage.settle();
    assert.equal(stage.phaseAndReason("run"), "Succeeded BackupPartial");
    const alone = new BackupStage({ sources: ["odd"] });
    alone.kube.put(broken("odd"));
    await alone.settle();
    assert.equal(alone.phaseAndReason("run"), "Failed VolumeNotUsable");
    assert.deepEqual(alone.made, []);
  });
}

Deno.test("Backup does without claims its selector finds that cannot be backed up, and names each", async () => {
  const stage = new BackupStage({ sources: ["data"], config: selected });
  const going = aClaim({
    name: "going",
    metadata: { deletionTimestamp: "2026-01-02T00:00:00Z", finalizers: ["x"] },
  });
  stage.kube.put(raw("raw"), unbound("new"), lost("lost"), going);
  await stage.settle();
  assert.deepEqual(stage.made.length, 1);
  assert.ok(stage.conditions.includes("VolumesUsable=False VolumeNotUsable"), stage.conditions.join());
  const note = stage.kube.events.find(({ reason }) => reason === "VolumeNotUsable")?.note ?? "";
  for (const name of ["going", "lost", "new", "raw"]) assert.ok(note.includes(`"${name}"`), note);
});

Deno.test("Backup whose selector finds only claims that cannot be backed up says which and why", async () => {
  const stage = new BackupStage({ sources: [], config: selected });
  stage.kube.put(raw("raw"), unbound("new"));
  await stage.settle();
  assert.deepEqual(stage.made, []);
  assert.equal(stage.phaseAndReason("run"), "Pending NoVolumeMatches");
  assert.match(
    stage.messageOf("run"),
    /"new" has no volume yet; PersistentVolumeClaim "raw" is a raw block device/,
  );
});
