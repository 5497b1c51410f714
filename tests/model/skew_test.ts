import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION, backupStatus, FINALIZER, LABEL } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { anObject } from "../support/mod.ts";
import { ModelWorld } from "./world.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
/** How far the controller's clock is ahead of the API server's, in seconds. */
const SKEWS = [-DAY, -2 * HOUR - 7, -HOUR - 100, -400, -40, 0, 40, 400, HOUR + 100, 2 * HOUR + 7, DAY];
const isOfSchedule = ({ metadata }: KubeObject) => metadata.labels?.[LABEL.schedule] === "hourly";

async function aWorld(skewSeconds: number): Promise<ModelWorld> {
  const world = new ModelWorld();
  world.skewMs = skewSeconds * 1000;
  await world.open();
  return world;
}

/** Time goes by, with movers that work for a few seconds. */
async function work(world: ModelWorld, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 30) {
    await world.wait(Math.min(30, left));
    for (const job of world.openJobs) world.endMover(job, "whole");
  }
  await world.wait(1);
}

function phasesAndReasons(backups: readonly KubeObject[]): readonly string[] {
  return backups.map(({ status }) => `${backupStatus.parse(status ?? {}).phase}`);
}

function addSchedule(world: ModelWorld): void {
  const { metadata: { creationTimestamp: _made, ...metadata }, ...schedule } = anObject(
    API_VERSION,
    "BackupSchedule",
    {
      name: "hourly",
      spec: { configRef: { name: "recipe" }, schedule: { cron: "0 * * * *" } },
    },
  );
  world.kube.put({ ...schedule, metadata });
}

for (const skew of SKEWS) {
  Deno.test(`With a clock ${skew} s ahead of the API server's, what is made runs, scheduled or by hand`, async () => {
    const world = await aWorld(skew);
    const slotsSoFar = () => Math.floor((world.clock.epochMs() / 1000 + skew) / HOUR);
    const before = slotsSoFar();
    addSchedule(world);
    world.backUp("apps");
    await world.wait(5);
    assert.deepEqual(world.backups.filter(isOfSchedule), [], "no slot came since the schedule was made");
    await work(world, 2 * HOUR + 60);
    const runs = world.backups.filter((each) => each.metadata.namespace === "apps");
    assert.equal(runs.filter(isOfSchedule).length, slotsSoFar() - before);
    assert.deepEqual([...new Set(phasesAndReasons(runs))], ["Succeeded"]);
    const readings = world.kube.writes.filter((write) => write.startsWith("create Job apps/repo-bootstrap"));
    assert.ok(
      readings.length >= 3 && readings.length <= 4,
      `it was read ${readings.length} times in two hours`,
    );
    assert.deepEqual(world.broken, []);
    await world.end();
  });

  Deno.test(`With a clock ${skew} s ahead of the API server's, what is put back runs nothing`, async () => {
    const world = await aWorld(skew);
    addSchedule(world);
    await work(world, HOUR + 60);
    const [run] = world.backups.filter(isOfSchedule);
    assert.ok(run !== undefined && run.metadata.annotations?.[ANNOTATION.ranAs] !== undefined);
    world.kube.delete({
      apiVersion: API_VERSION,
      kind: "BackupSchedule",
      metadata: { name: "hourly", namespace: "apps" },
    });
    await world.crash(0);
    await world.wait(2 * DAY);
    const { name, namespace = "", labels = {}, annotations } = run.metadata;
    const { [ANNOTATION.ranAs]: _ranAs, ...whileItRan } = annotations;
    const putBack = {
      // With its status and its uid, as an etcd snapshot has it.
      etcd: run,
      // Each a new object without status.
      velero: { metadata: { labels: { ...labels, "velero.io/restore-name": "r" }, annotations } },
      gitops: { metadata: { labels, annotations } },
      "taken while it ran": { metadata: { labels, annotations: whileItRan } },
    };
    for (const [how, object] of Object.entries(putBack)) {
      if (how !== "etcd") {
        const again = { name, namespace, uid: `uid-put-back-by-${how}`, finalizers: [FINALIZER] };
        world.kube.put({ ...run, metadata: { ...run.metadata, finalizers: [] } });
        world.kube.delete(run);
        const { status: _status, ...rest } = run;
        world.kube.put({ ...rest, metadata: { ...object.metadata, ...again } });
      }
      await world.start();
      await world.wait(120);
      const jobs = world.kube.writes.filter((write) => write.startsWith(`create Job ${namespace}/${name}`));
      assert.equal(jobs.length, 1, `${how}: ${jobs}`);
      const { phase } = backupStatus.parse(
        world.kube.find(API_VERSION, "Backup", { namespace, name })?.status ?? {},
      );
      assert.ok(
        phase === (how === "etcd" ? "Succeeded" : "Pending") || phase === "Succeeded",
        `${how}: ${phase}`,
      );
      await world.crash(0);
    }
    await world.end();
  });

  Deno.test(`With a clock ${skew} s ahead of the API server's, what cannot start gives its slot back in time`, async () => {
    const world = await aWorld(skew);
    world.fillNodes(true);
    world.backUp("apps");
    await world.wait(5);
    assert.equal(world.openJobs.length, 1);
    await world.wait(200);
    assert.equal(world.openJobs.length, 1, "not before the grace is over");
    await world.wait(200);
    assert.equal(world.kube.writes.filter((write) => write.startsWith("remove Job apps/run-")).length, 1);
    // Its next try, and the next reading of the repositories.
    await world.wait(2 * HOUR);
    assert.deepEqual(world.broken, []);
    await world.end();
  });
}
