import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/types.ts";
import { aFailedResult, anEndedBackup, BackupStage } from "../../../tests/support/backup_stage.ts";
import { FakeClock } from "../../../tests/support/fake_clock.ts";
import { POD } from "../../shared/mod.ts";

const YEAR_MS = 365 * 86_400_000;
const DAY_MS = 86_400_000;
const unschedulable = {
  phase: "Pending",
  conditions: [{
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/3 nodes are available",
    lastTransitionTime: "2026-01-02T03:04:05Z",
  }],
};

function deleteJobs(stage: BackupStage): readonly KubeObject[] {
  return stage.jobs.filter(({ metadata }) => metadata.name.includes("-delete-"));
}

/** The controller's alone; the API server's clock is right. */
class WrongClock extends FakeClock {
  aheadMs = YEAR_MS;
  override readonly epochMs = (): number => super.now().getTime() + this.aheadMs;
}

/** A controller whose clock is a year ahead. */
function aStageAhead(): { readonly stage: BackupStage; readonly clock: WrongClock } {
  const stage = new BackupStage();
  const clock = new WrongClock();
  Object.defineProperty(stage, "clock", { value: clock });
  stage.restart();
  return { stage, clock };
}

/** The next leader has the right time. */
async function goOnFor(days: number, stage: BackupStage, clock: WrongClock): Promise<void> {
  clock.aheadMs = 0;
  stage.restart();
  for (let day = 0; day < days; day++) {
    await clock.advance(DAY_MS);
    await stage.settle();
  }
}

Deno.test("A mover no node takes keeps its slot no longer because a clock was ahead when it was made", async () => {
  const { stage, clock } = aStageAhead();
  await stage.settle();
  stage.pod(stage.job(), unschedulable);
  await stage.settle();
  await goOnFor(5, stage, clock);
  assert.equal(stage.phaseAndReason("run"), "Failed StartDeadlineExceeded");
  assert.deepEqual(stage.jobs, []);
});

Deno.test("A run whose mover was given up by a clock that was ahead asks for a slot again", async () => {
  const { stage, clock } = aStageAhead();
  await stage.settle();
  stage.pod(stage.job(), unschedulable);
  await stage.settle();
  await clock.advance(301_000);
  await stage.settle();
  stage.kube.list(POD).forEach((pod) => stage.kube.delete(pod));
  await stage.settle();
  assert.deepEqual(stage.jobs, []);
  clock.aheadMs = 0;
  stage.restart();
  await stage.settle();
  assert.equal(stage.jobs.length, 1, stage.messageOf("run"));
});

Deno.test("A deletion that failed under a clock that was ahead is tried again", async () => {
  const { stage, clock } = aStageAhead();
  stage.kube.put(anEndedBackup("run"));
  stage.deleteBackup();
  await stage.settle();
  await clock.advance(11_000);
  await stage.settleDeletion();
  stage.end(
    deleteJobs(stage).at(-1) ?? assert.fail(),
    1,
    aFailedResult("StorageUnavailable", "502", "SnapshotDelete"),
  );
  await stage.settle();
  await goOnFor(3, stage, clock);
  assert.ok(stage.made.some((name) => name.includes("-delete-2-")), stage.messageOf("run"));
});
