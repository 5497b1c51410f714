import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION, type MoverProgress, progressLine } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aSavedResult, BackupStage } from "../../../tests/support/backup_stage.ts";
import { settle } from "../../../tests/support/mod.ts";
import { parseBackup } from "../world/object.ts";
import type { BackupPlan, BackupWorld } from "../world/world.ts";
import { withProgress } from "./progress.ts";

/** A run whose movers work, and say what the test has them say. */
class Working extends BackupStage {
  /** The mover of a source works, in a pod that began now. */
  work(source = "data", suffix = "x"): KubeObject {
    const startedAt = this.clock.now().toISOString();
    return this.pod(this.job(source), {
      phase: "Running",
      containerStatuses: [{ name: "mover", state: { running: { startedAt } } }],
    }, suffix);
  }

  says(pod: KubeObject, bytesDone: number, more: Partial<MoverProgress> = {}): void {
    const progress = { bytesDone, filesDone: 1, bytesWritten: 0, ...more };
    this.log(pod, `2026-01-02 INFO kopia: noise\n${progressLine(progress)}\n`);
  }

  log(pod: KubeObject, text: string | Error): void {
    this.kube.setLog({ namespace: "apps", name: pod.metadata.name }, "mover", text);
  }

  /** As the engine: a pass now, one for what was read meanwhile, and again when the pass said. */
  async go(seconds: number): Promise<void> {
    const endMs = this.clock.epochMs() + seconds * 1000;
    while (this.clock.epochMs() < endMs) {
      const action = await this.pass();
      await settle();
      const again = await this.pass();
      const waits = [action, again].map((each) =>
        each.kind === "after" ? each.seconds : assert.fail(each.kind)
      );
      await this.clock.advance(Math.min(endMs - this.clock.epochMs(), Math.min(...waits) * 1000));
    }
  }

  get progress(): readonly string[] {
    return (this.status.progress ?? []).map(({ source, bytesDone }) => `${source} ${bytesDone}`);
  }

  get statusWrites(): number {
    return this.kube.writes.filter((write) => write === "status Backup apps/run").length;
  }
}

async function aWorkingRun(sources = ["data"]): Promise<{ stage: Working; pods: readonly KubeObject[] }> {
  const stage = new Working({ sources });
  await stage.settle();
  const pods = sources.map((source) => stage.work(source));
  await stage.settle();
  return { stage, pods };
}

function only<T>(list: readonly T[]): T {
  return list[0] ?? assert.fail("expected one");
}

Deno.test("a Backup says how far its mover is, and no more once it ended", async () => {
  const { stage, pods } = await aWorkingRun();
  const pod = only(pods);
  stage.says(pod, 1000, { bytesEstimated: 5000, bytesPerSecond: 50, secondsLeft: 80, errors: 2 });
  await stage.go(31);
  assert.deepEqual(stage.status.progress, [{
    source: "data",
    pod: pod.metadata.name,
    observedAt: "2026-01-02T03:04:35Z",
    ...{ bytesDone: 1000, filesDone: 1, bytesEstimated: 5000, bytesWritten: 0, errors: 2 },
    ...{ bytesPerSecond: 50, secondsLeft: 80 },
  }]);
  assert.equal(stage.status.phase, "Running");
  stage.end(stage.job("data"), 0, aSavedResult("k1"));
  await stage.settle();
  assert.deepEqual([stage.status.phase, stage.status.progress], ["Succeeded", undefined]);
});

Deno.test("a run of seconds has no log read and no status written for its progress", async () => {
  const { stage, pods } = await aWorkingRun();
  stage.says(only(pods), 1000);
  const before = stage.statusWrites;
  await stage.go(19);
  assert.deepEqual([stage.kube.logsRead, stage.statusWrites], [0, before]);
});

Deno.test("progress is written at most twice a minute, and only what is new", async () => {
  const { stage, pods } = await aWorkingRun();
  const before = stage.statusWrites;
  for (let minute = 0; minute < 10; minute++) {
    for (let step = 0; step < 12; step++) {
      stage.says(only(pods), minute * 12 + step);
      await stage.go(5);
    }
  }
  assert.ok(stage.statusWrites - before <= 20, `${stage.statusWrites - before} writes in ten minutes`);
  assert.ok(stage.statusWrites - before >= 15, `${stage.statusWrites - before} writes in ten minutes`);
  assert.ok(stage.kube.logsRead <= 21, `${stage.kube.logsRead} readings in ten minutes`);
  const still = stage.statusWrites;
  await stage.go(120);
  const read = stage.kube.logsRead;
  await stage.go(1200);
  assert.ok(stage.statusWrites - still <= 1, "a mover that stands still is not written again");
  assert.ok(stage.kube.logsRead - read >= 39, "it is heard all the same");
  const age = stage.clock.epochMs() - Date.parse(only(stage.status.progress ?? []).observedAt);
  assert.ok(age >= 1200_000, `the figures show that they are old: ${age} ms`);
});

Deno.test("sources of one run are written together", async () => {
  const sources = Array.from({ length: 10 }, (_, index) => `data-${index}`);
  const { stage, pods } = await aWorkingRun(sources);
  const before = stage.statusWrites;
  for (let step = 0; step < 60; step++) {
    pods.forEach((pod, index) => stage.says(pod, step * 10 + index));
    await stage.go(5);
  }
  assert.ok(stage.statusWrites - before <= 10, `${stage.statusWrites - before} writes in five minutes`);
  assert.deepEqual(stage.progress.length, 10);
  stage.end(stage.job("data-3"), 0, aSavedResult("k3"));
  await stage.pass();
  assert.deepEqual(
    stage.progress.map((each) => each.split(" ")[0]),
    sources.filter((name) => name !== "data-3"),
  );
});

Deno.test("a log that cannot be read changes nothing and is told nowhere", async () => {
  const { stage, pods } = await aWorkingRun();
  stage.says(only(pods), 1000);
  await stage.go(31);
  const { status, events, conditions } = stage;
  const writes = stage.kube.writes.length;
  stage.log(only(pods), new Error('Get "https://10.0.0.9:10250": context deadline exceeded'));
  await stage.go(600);
  assert.deepEqual([stage.status, stage.events, stage.conditions], [status, events, conditions]);
  assert.equal(stage.kube.writes.length, writes);
  assert.deepEqual(await stage.series("kopiur_controller_reconcile_errors_total"), []);
  stage.says(only(pods), 2000);
  await stage.go(301);
  assert.deepEqual(stage.progress, ["data 2000"]);
});

Deno.test("a controller that starts anew goes on with what was said", async () => {
  const { stage, pods } = await aWorkingRun();
  stage.says(only(pods), 1000);
  await stage.go(31);
  const before = stage.status.progress;
  stage.restart();
  await stage.pass();
  assert.deepEqual(stage.status.progress, before, "until there is more");
  stage.says(only(pods), 2000);
  await stage.go(31);
  assert.deepEqual(stage.progress, ["data 2000"]);
});

Deno.test("figures of a pod that is gone are not those of the next one", async () => {
  const { stage, pods } = await aWorkingRun();
  stage.says(only(pods), 1000);
  await stage.go(31);
  stage.delete("v1", "Pod", only(pods).metadata.name);
  await stage.pass();
  assert.deepEqual(stage.status.progress, undefined);
  const next = stage.work("data", "y");
  await stage.go(5);
  assert.deepEqual(stage.status.progress, undefined);
  stage.says(next, 5);
  await stage.go(61);
  assert.deepEqual(stage.progress, ["data 5"]);
});

Deno.test("what another pod says is not believed", async () => {
  const { stage, pods } = await aWorkingRun();
  const { metadata, ...rest } = only(pods);
  const [owner] = metadata.ownerReferences ?? [];
  const forged = stage.kube.put({
    ...rest,
    metadata: {
      ...metadata,
      name: `${metadata.name}-forged`,
      uid: "uid-forged",
      ownerReferences: [{ ...owner ?? assert.fail(), uid: "uid-of-another-job" }],
    },
  });
  stage.says(forged, 999);
  await stage.go(61);
  assert.deepEqual([stage.status.progress, stage.kube.logsRead], [undefined, 2]);
});

Deno.test("a run that is stopped, deleted or over says nothing of progress", async () => {
  for (const end of ["cancel", "delete"] as const) {
    const { stage, pods } = await aWorkingRun();
    stage.says(only(pods), 1000);
    await stage.go(31);
    assert.deepEqual(stage.progress, ["data 1000"]);
    if (end === "delete") stage.deleteBackup();
    else stage.annotate({ [ANNOTATION.cancelRun]: "Cancelled" });
    await stage.settle();
    assert.deepEqual(stage.jobs, [], "its mover is stopped");
    assert.deepEqual(stage.status.progress, undefined, end);
  }
});

Deno.test("withProgress() says nothing of a run that ends in this pass, though a pod of it may still work", async () => {
  const { stage, pods } = await aWorkingRun();
  stage.says(only(pods), 1000);
  await stage.go(31);
  const { progress = [] } = stage.status;
  const { key, ...rest } = parseBackup(stage.backup ?? assert.fail());
  const atWork = [{
    source: "data",
    pod: { namespace: "apps", name: only(pods).metadata.name },
    podUid: "uid",
  }];
  const world = { backup: { key, ...rest }, atWork } as unknown as BackupWorld;
  const said = (phase: "Running" | "Failed") => {
    const outcome = { kind: "waiting", reason: "Running", message: "a", recheckAfterSeconds: 300 } as const;
    const plan: BackupPlan = {
      ...{ create: [], remove: [], conditions: [], events: [], measures: [], outcome },
      next: { phase, progress },
    };
    return withProgress(plan, world, stage.clock.now()).next.progress;
  };
  assert.deepEqual([said("Running"), said("Failed")], [progress, undefined]);
});

Deno.test("a Backup that is gone is forgotten", async () => {
  const { stage, pods } = await aWorkingRun();
  stage.says(only(pods), 1000);
  stage.edit(({ metadata: { finalizers: _none, ...metadata }, ...backup }) => ({ ...backup, metadata }));
  stage.delete(API_VERSION, "Backup", "run");
  await stage.clock.advance(31_000);
  await stage.pass();
  await settle();
  assert.equal(stage.kube.logsRead, 0);
});

Deno.test("a Backup says which command of kopia shows no sign of life, and no more once it does", async () => {
  const { stage, pods } = await aWorkingRun();
  const since = "2026-01-02T03:04:10.000Z";
  stage.says(only(pods), 0, { still: { command: "snapshot list", since } });
  await stage.go(61);
  assert.match(
    stage.status.message ?? "",
    /^Backing up "data": kopia's "snapshot list" for "data" shows no sign of life since 2026-01-02T03:04:10.000Z, as when the storage does not answer/,
  );
  assert.deepEqual(only(stage.status.progress ?? []).still, { command: "snapshot list", since });
  stage.says(only(pods), 5);
  await stage.go(61);
  assert.equal(stage.status.message, 'Backing up "data"');
});
