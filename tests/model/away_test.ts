import assert from "node:assert/strict";
import { backupStatus, findCondition } from "../../api/mod.ts";
import { ModelWorld, NAMESPACES } from "./world.ts";

/** A world in which each namespace has so many Backups that ended, and the controller is away. */
async function awayWorld(runs: number): Promise<ModelWorld> {
  const world = new ModelWorld();
  for (const config of world.configs) {
    world.edit(config, (found) => ({ ...found, spec: { ...Object(found.spec), retention: {} } }));
  }
  await world.open();
  for (let run = 0; run < runs; run++) {
    for (const namespace of NAMESPACES) world.backUp(namespace);
    await world.wait(5);
    for (const job of world.openJobs) world.endMover(job, "whole");
    await world.wait(3600);
    for (const job of world.openJobs) world.endMover(job, "whole");
  }
  await world.crash(0);
  return world;
}

/** How each deleted Backup stands, by reason. */
function reasons(world: ModelWorld): readonly string[] {
  const all = world.backups.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).map(
    (backup) => {
      const { conditions } = backupStatus.parse(backup.status ?? {});
      return findCondition(conditions, "Ready")?.reason ?? "none";
    },
  );
  return [...new Set(all)].toSorted();
}

function deleteOldest(world: ModelWorld, namespace: string, count: number): void {
  // Each namespace discovers what the other one saved in the repository they share.
  const own = world.backups.filter(({ metadata, spec }) =>
    metadata.namespace === namespace && !Reflect.has(Object(spec), "discovered")
  );
  for (const backup of own.slice(0, count)) world.deleteBackup(backup);
}

/** Lets a controller work for an hour, with movers that do what they are told. */
async function workForAnHour(world: ModelWorld): Promise<void> {
  for (let minute = 0; minute < 60; minute++) {
    await world.wait(60);
    for (const job of world.openJobs) world.endMover(job, "whole");
  }
}

Deno.test("What was deleted while the controller was away is counted whole, over namespaces, before a snapshot goes", async () => {
  const world = await awayWorld(14);
  for (const namespace of NAMESPACES) deleteOldest(world, namespace, 6);
  await world.wait(7 * 86_400);
  await world.start();
  await workForAnHour(world);
  assert.deepEqual([reasons(world), world.repository.snapshots.length], [["MassDeletionHeld"], 28]);
  assert.deepEqual(world.broken, []);
  await world.end();
});

Deno.test("What was deleted while the controller was away takes no last snapshot of a recipe along", async () => {
  const world = await awayWorld(5);
  deleteOldest(world, "apps", 5);
  deleteOldest(world, "media", 4);
  await world.wait(7 * 86_400);
  await world.start();
  await workForAnHour(world);
  assert.deepEqual([reasons(world), world.repository.snapshots.length], [["LastSnapshotsHeld"], 10]);
  assert.deepEqual(world.broken, []);
  await world.end();
});
