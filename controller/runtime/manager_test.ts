import assert from "node:assert/strict";
import { repositoryKind } from "../../api/mod.ts";
import { resourceOf, RESOURCES } from "../../kube/mod.ts";
import { keyOf, type KubeObject } from "../../kube/types.ts";
import {
  aBackup,
  aJob,
  aKind,
  aPlan,
  aReadyRepository,
  aRepository,
  aSecret,
  FakeClock,
  FakeCluster,
  FakeKube,
  settle,
  startTelemetryProbe,
} from "../../tests/support/mod.ts";
import type { AnyKind } from "./kind.ts";
import { Manager } from "./manager.ts";

const repositories = resourceOf(repositoryKind);
const backups = aKind().resource;
const { signal: never } = new AbortController();

function aStage(...kinds: readonly AnyKind[]) {
  const clock = new FakeClock();
  const kube = new FakeKube(() => clock.now());
  const cluster = new FakeCluster(kube);
  const probe = startTelemetryProbe(clock);
  let passes = 0;
  const manager = new Manager(kinds, {
    cluster,
    telemetry: probe.telemetry,
    clock,
    random: () => 0.5,
    newId: () => `pass-${++passes}`,
    concurrency: 2,
    isLeader: () => true,
  });
  return {
    clock,
    kube,
    cluster,
    probe,
    manager,
    /** Passes so far, as `namespace/name trigger`. */
    passes: () =>
      probe.spans().map(({ attributes }) => `${attributes["name"]} ${attributes["object.reason"]}`),
    async lead() {
      manager.start();
      await manager.whenSynced(never);
      manager.work();
      await settle();
    },
    end: () => manager.drain(AbortSignal.abort()),
  };
}

const byRepository = () => ["repo"];

/** A Backup that waits until its repository is ready. */
function aWaitingKind(): AnyKind {
  return aKind({
    indexes: { repository: byRepository },
    watches: [{
      resource: repositories,
      keys: (repository, reader) =>
        reader.list(backups, { index: { name: "repository", value: repository.metadata.name } }).map(keyOf),
    }],
    observe(key, reader) {
      const object = reader.get(backups, key);
      const repository = reader.get(repositories, { ...key, name: "repo" });
      return Promise.resolve(object === undefined ? undefined : { object, repository });
    },
    plan: (world) =>
      phaseOf((world as { repository?: KubeObject }).repository) === "Ready" ? aPlan() : aPlan({
        outcome: {
          kind: "waiting",
          reason: "RepositoryNotReady",
          message: "Not yet",
          recheckAfterSeconds: 600,
        },
      }),
  });
}

function phaseOf(object: KubeObject | undefined): unknown {
  return (object?.status as { phase?: string } | undefined)?.phase;
}

Deno.test("Manager passes over every object there is when it begins to work, and over new ones then", async () => {
  const stage = aStage(aKind());
  stage.kube.put(aBackup({ name: "old" }));
  await stage.lead();
  assert.deepEqual(stage.passes(), ["old resync"]);
  stage.kube.put(aBackup({ name: "new" }));
  await settle();
  assert.deepEqual(stage.passes(), ["old resync", "new spec"]);
  await stage.end();
});

Deno.test("Manager passes over what a kind wakes by itself, while it works", async () => {
  const woken: ((key: { namespace: string; name: string }) => void)[] = [];
  const stage = aStage(aKind({ wakes: (wake) => void woken.push(wake) }));
  stage.kube.put(aBackup({ name: "old" }));
  assert.equal(woken.length, 0);
  await stage.lead();
  const [wake] = woken;
  wake?.({ namespace: "apps", name: "old" });
  await settle();
  assert.deepEqual(stage.passes(), ["old resync", "old owned"]);
  await stage.end();
  wake?.({ namespace: "apps", name: "old" });
  await settle();
  assert.equal(stage.passes().length, 2);
});

Deno.test("Manager does nothing before it is told to work, with warm caches", async () => {
  const stage = aStage(aKind());
  stage.manager.start();
  await stage.manager.whenSynced(never);
  stage.kube.put(aBackup());
  await settle();
  assert.deepEqual([stage.passes(), stage.kube.writes], [[], []]);
  assert.equal(stage.cluster.informer(backups).store.size, 1);
  await stage.end();
});

Deno.test("Manager does not pass again for the status it wrote itself", async () => {
  const stage = aStage(aKind());
  await stage.lead();
  stage.kube.put(aBackup());
  await settle();
  assert.deepEqual(stage.kube.writes, ["status Backup apps/run"]);
  assert.deepEqual(stage.passes(), ["run spec"]);
  await stage.end();
});

Deno.test("Manager wakes what waits when the status of what it waits for changes", async () => {
  const stage = aStage(aWaitingKind());
  stage.kube.put(aBackup());
  const repository = stage.kube.put(aRepository());
  await stage.lead();
  stage.kube.put({ ...repository, status: aReadyRepository().status });
  await settle();
  assert.deepEqual(stage.passes(), ["run resync", "run owned"]);
  const [ready] = (stage.kube.get(backups, { namespace: "apps", name: "run" })?.status as {
    conditions: { status: string }[];
  }).conditions;
  assert.equal(ready?.status, "True");
  await stage.end();
});

Deno.test("Manager comes back to what waits when nobody wakes it", async () => {
  const stage = aStage(aWaitingKind());
  stage.kube.put(aBackup());
  await stage.lead();
  await stage.clock.advance(600_000);
  assert.deepEqual(stage.passes(), ["run resync", "run requeue"]);
  await stage.end();
});

Deno.test("Manager keeps one informer for two kinds and gives each its own answers", async () => {
  const seen: string[] = [];
  const looking = (name: string, indexes: NonNullable<AnyKind["indexes"]>): AnyKind =>
    aKind({
      name,
      watches: [{ resource: RESOURCES.secret, metadataOnly: true, indexes }],
      observe(_key, reader) {
        const found = reader.list(RESOURCES.secret, { index: { name: "place", value: "here" } });
        seen.push(`${name} ${found.length}`);
        return Promise.resolve(undefined);
      },
    });
  const stage = aStage(looking("A", { place: () => ["here"] }), looking("B", { place: () => ["there"] }));
  stage.kube.put(aSecret(), aBackup());
  await stage.lead();
  assert.equal(stage.cluster.informers.length, 2);
  assert.deepEqual(seen.toSorted(), ["A 1", "B 0"]);
  await stage.end();
});

Deno.test("Manager takes nothing away on caches that are too old, and goes on by itself once they are fresh", async () => {
  const wanted = {
    resource: RESOURCES.job,
    key: { namespace: "apps", name: "job" },
    propagation: "Background",
  } as const;
  const kind = aKind({
    watches: [{ resource: RESOURCES.job }, { resource: repositories }],
    plan: ({ object }) => aPlan(object.metadata.name === "taking" ? { remove: [wanted] } : {}),
  });
  const stage = aStage(kind, aKind({ name: "Other", resource: repositories, watches: [] }));
  stage.kube.put(aJob({ name: "job" }), aBackup({ name: "taking" }), aBackup({ name: "harmless" }));
  for (const resource of [RESOURCES.job, repositories, backups]) {
    stage.cluster.informer(resource).staleness = 91;
  }
  await stage.lead();
  await stage.clock.advance(3_600_000);
  // Also a standby that begins to lead with old caches; what takes nothing away does not wait.
  assert.deepEqual(stage.kube.writes, ["status Backup apps/harmless"]);
  assert.deepEqual(stage.kube.events.map(({ regarding }) => regarding.metadata.name), ["harmless"]);
  const errors = await stage.probe.series("kopiur_controller_reconcile_errors_total");
  assert.deepEqual(errors.filter((line) => !line.endsWith(" 0")), []);
  const held = stage.probe.lines().filter(({ level }) => level === "WARN");
  assert.deepEqual(held.map(({ fields }) => [fields.kind, fields.caches]), [
    ["Backup", "backups, jobs, repositories"],
  ]);
  for (const informer of stage.cluster.informers) informer.staleness = 0;
  await stage.clock.advance(15_000);
  assert.deepEqual(stage.kube.writes.slice(1), ["remove Job apps/job", "status Backup apps/taking"]);
  await stage.end();
});

Deno.test("Manager asks only the caches of a kind how old they are", async () => {
  const wanted = { resource: RESOURCES.job, key: { namespace: "apps", name: "job" } } as const;
  const kind = aKind({
    watches: [{ resource: RESOURCES.job }],
    plan: aPlan({ remove: [{ ...wanted, propagation: "Background" }] }),
  });
  const other = aKind({ name: "Other", resource: repositories, watches: [{ resource: RESOURCES.secret }] });
  const stage = aStage(kind, other);
  stage.kube.put(aJob({ name: "job" }), aBackup());
  stage.cluster.informer(RESOURCES.secret).staleness = 1000;
  await stage.lead();
  assert.deepEqual(stage.kube.writes, ["remove Job apps/job", "status Backup apps/run"]);
  await stage.end();
});

Deno.test("Manager goes on when a kind throws over a change or in an index, and counts it", async () => {
  const kind = aKind({
    indexes: {
      broken: () => {
        throw new TypeError("no index");
      },
    },
    watches: [{
      resource: RESOURCES.secret,
      keys: () => {
        throw new TypeError("no keys");
      },
    }],
  });
  const stage = aStage(kind);
  await stage.lead();
  stage.kube.put(aSecret(), aBackup());
  await settle();
  assert.deepEqual(stage.passes(), ["run spec"]);
  const panics = await stage.probe.series("kopiur_controller_panics_total");
  assert.equal(panics.includes('kopiur_controller_panics_total{kind="Backup",where="keys"} 1'), true);
  assert.equal(panics.includes('kopiur_controller_panics_total{kind="Backup",where="samples"} 0'), true);
  // Once for the new object and once for the status that was written.
  assert.match(panics.find((line) => line.includes('where="index"')) ?? "", / [1-9]$/);
  await stage.end();
});

Deno.test("Manager is ready once every cache is filled, and not while one is stale", async () => {
  const stage = aStage(aKind({ watches: [{ resource: RESOURCES.job }] }));
  const read = () => stage.probe.telemetry.health.read("ready");
  const jobs = stage.cluster.informer(RESOURCES.job);
  jobs.hold();
  jobs.error = new Error("jobs is forbidden");
  stage.manager.start();
  assert.deepEqual(read(), {
    ok: false,
    checks: [{ name: "caches", ok: false, reason: "not listed yet: jobs (jobs is forbidden)" }],
  });
  jobs.release();
  assert.equal(read().ok, true);
  jobs.staleness = 301;
  assert.match(read().checks[0]?.reason ?? "", /not heard of for long: jobs/);
  await stage.end();
});

Deno.test("Manager exports queues and caches of every replica", async () => {
  const stage = aStage(aKind());
  stage.probe.telemetry.state.setActive(false);
  stage.manager.start();
  assert.deepEqual(await stage.probe.series("kopiur_workqueue_depth"), [
    'kopiur_workqueue_depth{kind="Backup"} 0',
  ]);
  assert.deepEqual(await stage.probe.series("kopiur_informer_synced"), [
    'kopiur_informer_synced{resource="backups.kopiur.home-operations.com"} 1',
  ]);
  assert.deepEqual(await stage.probe.series("kopiur_resource_ready"), []);
  await stage.end();
});

Deno.test("Manager stops taking changes when it ends, and leaves no check and no gauge", async () => {
  const stage = aStage(aKind());
  await stage.lead();
  await stage.manager.stopWatching();
  await stage.manager.drain(never);
  stage.kube.put(aBackup());
  await settle();
  assert.deepEqual(stage.passes(), []);
  assert.deepEqual(stage.probe.telemetry.health.read("live").checks, []);
  assert.deepEqual(await stage.probe.series("kopiur_workqueue_depth"), []);
});

Deno.test("Manager looks at as many objects for a change among 1 000 as among 100, pass included", async () => {
  const lookedAt = async (objects: number): Promise<number> => {
    let seen = 0;
    const index = (): readonly string[] => {
      seen += 1;
      return ["repo"];
    };
    const stage = aStage(aKind({ indexes: { repository: index } }));
    for (let n = 0; n < objects; n++) {
      stage.kube.put(aBackup({ name: `b${n}`, status: { phase: "Pending" } }));
    }
    const { store } = stage.cluster.informer(backups);
    const list = store.list.bind(store);
    store.list = (query) => {
      const found = list(query);
      seen += found.length;
      return found;
    };
    await stage.lead();
    await waitForPasses(stage, objects);
    seen = 0;
    stage.kube.put({ ...aBackup({ name: "b7" }), spec: { configRef: { name: "other" } } });
    await waitForPasses(stage, objects + 1);
    await stage.end();
    return seen;
  };
  const few = await lookedAt(100);
  assert.ok(few > 0);
  assert.equal(await lookedAt(1000), few);
});

async function waitForPasses(stage: ReturnType<typeof aStage>, wanted: number): Promise<void> {
  while (stage.probe.spans().length < wanted) await settle();
}
