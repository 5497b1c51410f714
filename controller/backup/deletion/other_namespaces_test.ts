/** What other namespaces that open the same kopia repository, or a copy of it, can do to the deletions of one. */
import assert from "node:assert/strict";
import { ANNOTATION, FINALIZER } from "../../../api/mod.ts";
import { aDeletedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { deletionMemoryText } from "../../shared/mod.ts";

const API = "kopiur.home-operations.com/v1alpha1";
const WINDOW_MS = 600_000;

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `old-${String(index).padStart(3, "0")}`);
}

/** A stage with twenty Backups that ended, in each of two namespaces on one repository. */
function sharedStage(): BackupStage {
  const stage = new BackupStage({ maxMovers: 0 });
  stage.addNamespace("else");
  stage.addEnded(names(20));
  stage.addEnded(names(20), { namespace: "else" });
  return stage;
}

/** Lets what may begin begin, and what began end. */
async function carryOut(stage: BackupStage): Promise<void> {
  await stage.settleAll();
  await stage.clock.advance(10_000);
  await stage.settleAll();
  for (const job of stage.jobs.filter(({ status }) => status === undefined)) {
    stage.end(job, 0, aDeletedResult(1));
  }
  await stage.settleAll();
}

/** A tenant writes into its own Repository that it deleted many, as lately as can be. */
function lie(stage: BackupStage, atMs = stage.clock.epochMs()): void {
  const found = stage.kube.find(API, "Repository", { namespace: "else", name: "repo" }) ?? assert.fail();
  const past = Array.from({ length: 150 }, (_, index) => ({
    id: `lie-${index}`,
    recipe: "*",
    atSecond: Math.floor(atMs / 1000),
    count: 1,
  }));
  const { uid = "" } = found.metadata;
  const annotations = { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, { sinceSecond: 0, past }) };
  stage.kube.put({ ...found, metadata: { ...found.metadata, annotations } });
}

Deno.test("A tenant that writes a memory again and again holds no deletion of another namespace", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  await stage.clock.advance(WINDOW_MS);
  for (const name of names(5)) {
    lie(stage);
    stage.deleteBackup(name);
    await carryOut(stage);
    assert.equal(stage.phaseAndReason(name), "gone");
    await stage.clock.advance(60_000);
  }
});

Deno.test("A memory that another namespace shows when the controller begins delays for one window, and holds nothing", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  stage.deleteBackup("old-000", "old-001");
  const begunMs = stage.clock.epochMs();
  while (stage.clock.epochMs() < begunMs + WINDOW_MS) {
    lie(stage);
    await carryOut(stage);
    if (stage.clock.epochMs() >= begunMs + WINDOW_MS) break;
    assert.equal(stage.phaseAndReason("old-000"), "Deleting SettlingDeletion");
    assert.match(
      stage.messageOf("old-000"),
      /^Another namespace .* before this controller began, .* begins at 2026-01-02T03:14:05Z; .*confirm-deletion: "true"$/,
    );
    assert.doesNotMatch(stage.messageOf("old-000"), /else/);
  }
  await carryOut(stage);
  assert.deepEqual([stage.phaseAndReason("old-000"), stage.phaseAndReason("old-001")], ["gone", "gone"]);
});

Deno.test("A person's word in the own namespace goes before what another namespace shows", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  lie(stage);
  stage.deleteBackup("old-000");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "Deleting SettlingDeletion");
  stage.annotate({ [ANNOTATION.confirmDeletion]: "true" }, "old-000");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "gone");
});

for (const [when, aheadMs] of [["of a time to come", 1e9], ["of last week", -7 * 86_400_000]] as const) {
  Deno.test(`A memory ${when} of another namespace delays no longer than a window`, async () => {
    const stage = sharedStage();
    await stage.settleAll();
    lie(stage, stage.clock.epochMs() + aheadMs);
    stage.deleteBackup("old-000");
    await carryOut(stage);
    if (aheadMs > 0) {
      await stage.clock.advance(WINDOW_MS);
      await carryOut(stage);
    }
    assert.equal(stage.phaseAndReason("old-000"), "gone");
  });
}

Deno.test("Deletions that another namespace leaves held for days hold nobody else's", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  stage.deleteIn("else", ...names(15));
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000", "else"), "Deleting MassDeletionHeld");
  await stage.clock.advance(3 * WINDOW_MS);
  stage.deleteBackup("old-000");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "gone");
  // Those who left them held are still kept from deleting more.
  stage.deleteIn("else", "old-019");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-019", "else"), "Deleting MassDeletionHeld");
});

Deno.test("Deletions of several namespaces at once are held by what all of them delete, and say so without names", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  await stage.clock.advance(WINDOW_MS);
  stage.deleteBackup(...names(6));
  stage.deleteIn("else", ...names(6));
  await carryOut(stage);
  for (const namespace of ["apps", "else"]) {
    assert.equal(stage.phaseAndReason("old-000", namespace), "Deleting MassDeletionHeld");
    assert.match(stage.messageOf("old-000", namespace), /deletions of other namespaces are among them/);
    assert.doesNotMatch(stage.messageOf("old-000", namespace), /"else"|"apps"/);
  }
});

Deno.test("Deletions that are waited for, in one namespace after the other, are held though their memories are taken away", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  await stage.clock.advance(WINDOW_MS);
  stage.deleteIn("else", ...names(10));
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-009", "else"), "gone");
  const found = stage.kube.find(API, "Repository", { namespace: "else", name: "repo" }) ?? assert.fail();
  stage.kube.put({ ...found, metadata: { ...found.metadata, annotations: {} } });
  stage.deleteBackup("old-000");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "Deleting MassDeletionHeld");
});

Deno.test("A controller that takes over lets no more go within a window than one that goes on would", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  await stage.clock.advance(WINDOW_MS);
  stage.deleteIn("else", ...names(10));
  await carryOut(stage);
  stage.restart();
  await stage.settleAll();
  stage.deleteBackup(...names(3));
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "Deleting SettlingDeletion");
  await stage.clock.advance(WINDOW_MS);
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "gone");
});

Deno.test("What a namespace confirmed, or a routine deleted, counts for no other one", async () => {
  const stage = sharedStage();
  await stage.settleAll();
  await stage.clock.advance(WINDOW_MS);
  for (const name of names(20)) {
    const key = { namespace: "else", name };
    const found = stage.kube.find(API, "Backup", key) ?? assert.fail();
    const annotations = { ...found.metadata.annotations, [ANNOTATION.confirmDeletion]: "true" };
    stage.kube.put({ ...found, metadata: { ...found.metadata, annotations } });
  }
  stage.deleteIn("else", ...names(20));
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-019", "else"), "gone");
  stage.deleteBackup("old-000");
  await carryOut(stage);
  assert.equal(stage.phaseAndReason("old-000"), "gone");
});

for (const where of ["else", "apps"] as const) {
  Deno.test(`Deletions that are held as inherited hold none of another Backup: those of ${where}`, async () => {
    const stage = sharedStage();
    const copies = names(11).map((name) => `copy-${name}`);
    const annotations = { [ANNOTATION.ranAs]: "uid-production" };
    stage.addEnded(copies, {
      ...(where === "else" ? { namespace: where } : {}),
      metadata: { annotations, finalizers: [FINALIZER] },
    });
    await stage.settleAll();
    await stage.clock.advance(WINDOW_MS);
    stage.deleteIn(where, ...copies);
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("copy-old-000", where), "Deleting InheritedHeld");
    stage.deleteBackup("old-000");
    await carryOut(stage);
    assert.equal(stage.phaseAndReason("old-000"), "gone");
  });
}

Deno.test("Deletions that were held as inherited count together once they are freed", async () => {
  const stage = sharedStage();
  const copies = names(11).map((name) => `copy-${name}`);
  const annotations = { [ANNOTATION.ranAs]: "uid-production" };
  stage.addEnded(copies, { metadata: { annotations, finalizers: [FINALIZER] } });
  await stage.settleAll();
  await stage.clock.advance(WINDOW_MS);
  stage.deleteBackup(...copies);
  await carryOut(stage);
  const found = stage.kube.find(API, "Repository", { namespace: "apps", name: "repo" }) ?? assert.fail();
  const { uid = "", ...rest } = found.metadata;
  const words = { ...rest.annotations, [ANNOTATION.heir]: uid };
  stage.kube.put({ ...found, metadata: { ...rest, uid, annotations: words } });
  await carryOut(stage);
  for (const name of copies) assert.equal(stage.phaseAndReason(name), "Deleting MassDeletionHeld");
});
