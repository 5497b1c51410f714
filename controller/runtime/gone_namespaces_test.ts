import assert from "node:assert/strict";
import { RESOURCES } from "../../kube/mod.ts";
import {
  aBackup,
  aKind,
  aNamespace,
  aPlan,
  FakeClock,
  FakeCluster,
  FakeKube,
  settle,
  startTelemetryProbe,
} from "../../tests/support/mod.ts";
import { Manager } from "./manager.ts";

const orphaned = "kopiur_orphaned_snapshots_total";
const MINUTES = 60_000;

/** A controller that counts for each Backup, by its namespace and by a recipe that is nowhere. */
async function aStage() {
  const clock = new FakeClock();
  const kube = new FakeKube(() => clock.now());
  const cluster = new FakeCluster(kube);
  const probe = startTelemetryProbe(clock);
  const kind = aKind({
    watches: [{ resource: RESOURCES.namespace, metadataOnly: true }],
    namespaceCounters: (namespace) => [{ metric: orphaned, labels: { namespace } }],
    plan: ({ object: { metadata: { namespace = "" } } }) =>
      aPlan({
        measures: [
          { kind: "add", metric: orphaned, labels: { namespace }, value: 1 },
          {
            kind: "add",
            metric: "kopiur_backup_pruned_total",
            labels: { namespace, name: "gone", by: "history" },
            value: 1,
          },
        ],
      }),
  });
  const manager = new Manager([kind], {
    cluster,
    telemetry: probe.telemetry,
    clock,
    random: () => 0.5,
    newId: () => "pass",
    concurrency: 4,
    isLeader: () => true,
  });
  manager.start();
  manager.work();
  await settle();
  const make = async (namespace: string) => {
    kube.put(aNamespace({ name: namespace }), aBackup({ namespace }));
    await settle();
  };
  const end = async (namespace: string) => {
    kube.delete(aBackup({ namespace }));
    kube.delete(aNamespace({ name: namespace }));
    await settle();
  };
  const series = async () =>
    [
      ...await probe.series(orphaned),
      ...await probe.series("kopiur_backup_pruned_total"),
    ].map((line) => line.replace(/^kopiur_|_total|,?(name|by)="[a-z]*"/g, ""));
  return { clock, kube, make, end, series, drain: () => manager.drain(AbortSignal.abort()) };
}

Deno.test("Manager ends the series of namespaces that are gone, ten minutes later and no others", async () => {
  const stage = await aStage();
  await stage.make("stays");
  for (let n = 0; n < 100; n++) {
    await stage.make(`pr-${n}`);
    await stage.end(`pr-${n}`);
  }
  assert.equal((await stage.series()).length, 202);
  await stage.clock.advance(10 * MINUTES - 1);
  assert.equal((await stage.series()).length, 202, "what was counted last can be read");
  await stage.clock.advance(1);
  assert.deepEqual(await stage.series(), [
    'orphaned_snapshots{namespace="stays"} 1',
    'backup_pruned{namespace="stays"} 1',
  ]);
  await stage.drain();
  assert.equal(stage.clock.pending, 0);
});

Deno.test("Manager goes on with the series of a namespace that is made again at once, and begins anew later", async () => {
  const stage = await aStage();
  await stage.make("apps");
  await stage.end("apps");
  await stage.clock.advance(9 * MINUTES);
  await stage.make("apps");
  await stage.clock.advance(60 * MINUTES);
  assert.deepEqual(await stage.series(), [
    'orphaned_snapshots{namespace="apps"} 2',
    'backup_pruned{namespace="apps"} 2',
  ]);
  await stage.end("apps");
  await stage.clock.advance(10 * MINUTES);
  assert.deepEqual(await stage.series(), []);
  await stage.make("apps");
  assert.deepEqual(await stage.series(), [
    'orphaned_snapshots{namespace="apps"} 1',
    'backup_pruned{namespace="apps"} 1',
  ]);
  await stage.drain();
});

Deno.test("Manager waits for no namespace any more once it has ended", async () => {
  const stage = await aStage();
  await stage.make("apps");
  await stage.end("apps");
  assert.equal(stage.clock.pending, 1);
  await stage.drain();
  assert.equal(stage.clock.pending, 0);
});
