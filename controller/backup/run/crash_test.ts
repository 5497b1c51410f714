import assert from "node:assert/strict";
import {
  aDeletedResult,
  aFailedResult,
  aSavedResult,
  BackupStage,
} from "../../../tests/support/backup_stage.ts";
import { aBackupConfig, Mortality } from "../../../tests/support/mod.ts";

/** A life of a Backup: what happens to it, in steps between which the controller works. */
const lives: Readonly<Record<string, readonly ((stage: BackupStage) => void)[]>> = {
  "a run that succeeds": [
    () => {},
    (stage) => stage.jobs.forEach((job, index) => stage.end(job, 0, aSavedResult(`k${index}`))),
  ],
  "a run that fails": [
    () => {},
    (stage) =>
      stage.jobs.forEach((job) => stage.end(job, 2, aFailedResult("AuthFailure", "invalid password"))),
  ],
  "a run whose result is lost once": [
    () => {},
    (stage) => stage.jobs.forEach((job) => stage.end(job, 0, "")),
    (stage) => stage.jobs.slice(2).forEach((job, index) => stage.end(job, 0, aSavedResult(`k${index}`))),
  ],
  "a run that is deleted when it has ended": [
    () => {},
    (stage) => stage.jobs.forEach((job, index) => stage.end(job, 0, aSavedResult(`k${index}`))),
    (stage) => stage.deleteBackup(),
    (stage) =>
      stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-")).forEach((job) =>
        stage.end(job, 0, aDeletedResult(2))
      ),
  ],
  "a run that is deleted while it runs": [
    () => {},
    (stage) => stage.deleteBackup(),
    (stage) =>
      stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-")).forEach((job) =>
        stage.end(job, 0, aDeletedResult(0))
      ),
  ],
};

/** Lives it to its end; the controller dies at write `deathAt` and a new one goes on. */
async function live(steps: readonly ((stage: BackupStage) => void)[], deathAt: number) {
  const mortality = new Mortality();
  mortality.writesLeft = deathAt;
  const stage = new BackupStage({ sources: ["data", "logs"], writer: (kube) => mortality.writer(kube) });
  const totals = new Map<string, number>();
  for (const step of steps) {
    step(stage);
    await work();
  }
  await collect();
  return {
    stage,
    totals,
    writes: deathAt - mortality.writesLeft,
    hasDied: mortality.writesLeft === Number.POSITIVE_INFINITY,
  };

  async function work(): Promise<void> {
    for (let turn = 0; turn < 16; turn++) {
      if (mortality.writesLeft === 0) {
        await collect();
        stage.restart();
        mortality.writesLeft = Number.POSITIVE_INFINITY;
      }
      await stage.pass();
      await stage.clock.advance(1_000);
    }
  }

  async function collect(): Promise<void> {
    for (const line of await stage.series("kopiur_")) {
      const match =
        /^(kopiur_(?:backups_total|mover_operations_total|orphaned\S*|snapshot_deletion\S*)\{.*\}|kopiur_backups_total\S*) (\d+)$/
          .exec(line);
      const [, series, value] = match ?? [];
      if (series !== undefined) totals.set(series, (totals.get(series) ?? 0) + Number(value));
    }
  }
}

for (const [what, steps] of Object.entries(lives)) {
  Deno.test(`Backup ends the same and tells nothing twice when the controller dies at any write of ${what}`, async () => {
    const whole = await live(steps, 1_000);
    assert.ok(whole.writes > 4, "the life has writes to die at");
    for (let deathAt = 1; deathAt < whole.writes; deathAt++) {
      const { stage, totals, hasDied } = await live(steps, deathAt);
      assert.ok(hasDied, "the controller died");
      const at = `died after write ${deathAt} of ${whole.writes}`;
      assert.deepEqual(new Set(stage.made), new Set(whole.stage.made), at);
      assert.equal(new Set(stage.made).size, stage.made.length, `${at}: a Job was made twice`);
      assert.deepEqual(facts(stage), facts(whole.stage), at);
      for (const [series, value] of totals) {
        assert.ok(value <= (whole.totals.get(series) ?? 0), `${at}: ${series} is ${value}`);
      }
      for (const [event, count] of counts(stage)) {
        assert.ok(count <= (counts(whole.stage).get(event) ?? 0), `${at}: ${count} times ${event}`);
      }
    }
  });
}

const windows: Readonly<Record<string, (stage: BackupStage) => void>> = {
  "its config is deleted": (stage) =>
    stage.delete("kopiur.home-operations.com/v1alpha1", "BackupConfig", "recipe"),
  "its config names other sources under another identity": (stage) =>
    void stage.kube.put(aBackupConfig({
      spec: {
        identity: { username: "other" },
        sources: [{ pvc: { name: "logs" }, sourcePathOverride: "/elsewhere" }],
      },
    })),
};
for (const [what, happens] of Object.entries(windows)) {
  Deno.test(`Backup knows how it was started when ${what} while the controller is dead, before it wrote that down`, async () => {
    const { stage, resume } = await deadAfterJobs();
    happens(stage);
    resume();
    await stage.settle();
    assert.deepEqual(stage.status.resolved?.identity, { username: "recipe", hostname: "apps" });
    assert.deepEqual(stage.status.snapshots?.map(({ sourcePath }) => sourcePath), ["/pvc/data"]);
    stage.end(stage.job(), 0, aSavedResult("k1"));
    await stage.settle();
    assert.deepEqual([stage.status.phase, stage.made.length], ["Succeeded", 1]);
  });

  Deno.test(`Backup that is deleted as well when ${what} in that moment leaves no snapshot behind`, async () => {
    const { stage, resume } = await deadAfterJobs();
    happens(stage);
    stage.deleteBackup();
    resume();
    await stage.settleDeletion();
    assert.ok(stage.isHeld);
    assert.match(stage.job().metadata.name, /-delete-/);
  });
}

Deno.test("Backup that is deleted in that moment is not forgotten when the next controller dies as well, at any write", async () => {
  for (let deathAt = 0; deathAt < 6; deathAt++) {
    const { stage, mortality } = await deadAfterJobs();
    stage.deleteBackup();
    mortality.writesLeft = deathAt;
    for (let turn = 0; turn < 6; turn++) await stage.pass();
    stage.restart();
    mortality.writesLeft = Number.POSITIVE_INFINITY;
    await stage.settleDeletion();
    assert.ok(stage.isHeld, `died after write ${deathAt}`);
    assert.match(stage.job().metadata.name, /-delete-/);
  }
});

/** A stage whose controller died right after it had made the Job: status says nothing of the run. */
async function deadAfterJobs() {
  const mortality = new Mortality();
  mortality.writesLeft = 2;
  const stage = new BackupStage({ writer: (kube) => mortality.writer(kube) });
  await stage.pass();
  assert.deepEqual([stage.made.length, stage.status.phase], [1, undefined]);
  stage.restart();
  return { stage, mortality, resume: () => mortality.writesLeft = Number.POSITIVE_INFINITY };
}

function facts(stage: BackupStage): unknown {
  const { phase, resolved, snapshots, stats, message, deletion } = stage.status;
  const conditions = stage.conditions;
  return {
    isThere: stage.backup !== undefined,
    phase,
    resolved,
    snapshots,
    stats,
    message,
    deletion,
    conditions,
  };
}

/** Events that tell an end; what tells a wait may differ with the path taken. */
function counts(stage: BackupStage): ReadonlyMap<string, number> {
  const reported = new Map<string, number>();
  for (const event of stage.events) {
    if (/Backup(Succeeded|Partial|Failed)|Snapshot/.test(event)) {
      reported.set(event, (reported.get(event) ?? 0) + 1);
    }
  }
  return reported;
}
