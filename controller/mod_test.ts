import assert from "node:assert/strict";
import { backupConfigKind, COMPONENT_MOVER, LABEL } from "../api/mod.ts";
import { resourceOf, RESOURCES } from "../kube/mod.ts";
import { anEndedBackup, BackupStage } from "../tests/support/backup_stage.ts";
import {
  aBackup,
  aBackupConfig,
  aJob,
  FakeClock,
  FakeCluster,
  FakeKube,
  settle,
  startTelemetryProbe,
} from "../tests/support/mod.ts";
import { type ControllerEnd, controllerPermissions, LEASE_NAME, startController } from "./mod.ts";

const options = {
  moverImage: "kopiur:test",
  moverImagePullPolicy: "Never",
  moverEnvPassthrough: [],
  maxMovers: 20,
  operatorNamespace: "kopiur-system",
  instance: "kopiur-0",
} as const;
const configs = resourceOf(backupConfigKind);

function aStage({ leadership = "lease", holdsInformers = false, statusHangs = false, of }: {
  readonly leadership?: "lease" | "single";
  readonly holdsInformers?: boolean;
  readonly statusHangs?: boolean;
  readonly of?: { readonly clock: FakeClock; readonly kube: FakeKube };
} = {}) {
  const { clock, kube } = of ?? aCluster();
  const labels = { [LABEL.component]: COMPONENT_MOVER };
  kube.put(aBackupConfig(), aBackup(), aJob({ metadata: { labels } }));
  const cluster = new FakeCluster(kube);
  cluster.holdsInformers = holdsInformers;
  if (statusHangs) kube.hangNext("status", 10);
  const probe = startTelemetryProbe(clock);
  const stop = new AbortController();
  let ids = 0;
  const newId = () => `id-${++ids}`;
  const deps = { cluster, telemetry: probe.telemetry, clock, random: () => 0.5, newId, leadership };
  probe.telemetry.state.setActive(false);
  const ended: ControllerEnd[] = [];
  const run = startController(deps, options, stop.signal).then((end) => ended.push(end));
  return {
    clock,
    kube,
    cluster,
    probe,
    stop,
    run,
    ended,
    elector: () => cluster.electors[0] ?? assert.fail(),
  };
}

function aCluster() {
  const clock = new FakeClock();
  return { clock, kube: new FakeKube(() => clock.now()) };
}

Deno.test("startController() keeps its caches warm and does nothing else until it leads", async () => {
  const { kube, cluster, probe, elector, stop, run } = aStage();
  await settle();
  assert.equal(cluster.informer(configs).store.size, 1);
  assert.equal(probe.telemetry.health.read("ready").ok, true);
  assert.deepEqual(kube.writes, []);
  assert.deepEqual(await probe.series("kopiur_resource_ready"), []);
  assert.deepEqual(await probe.series("kopiur_leader"), ["kopiur_leader 0"]);
  assert.deepEqual(await probe.series("kopiur_mover_slots"), [], "only who leads counts movers");
  elector().elect();
  await settle();
  assert.equal(kube.writes.some((write) => write === "status BackupConfig apps/recipe"), true);
  assert.equal((await probe.series("kopiur_resource_ready")).length, 2);
  assert.deepEqual(await probe.series("kopiur_leader"), ["kopiur_leader 1"]);
  assert.deepEqual(await probe.series("kopiur_mover_slots"), [
    "kopiur_mover_slots 20",
    "kopiur_mover_slots_used 1",
    "kopiur_mover_slots_waiting 0",
  ]);
  assert.deepEqual(await probe.series("kopiur_bootstrap_slots"), [
    "kopiur_bootstrap_slots 5",
    "kopiur_bootstrap_slots_used 0",
    "kopiur_bootstrap_slots_waiting 0",
  ]);
  assert.equal((await probe.series("kopiur_mover_operations_total")).length, 6, "there at 0 from the start");
  stop.abort();
  await run;
});

Deno.test("startController() runs for a lease of the operator's namespace under a name nobody else has", async () => {
  const { elector, stop, run } = aStage();
  await settle();
  const { key, identity, leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = elector().options;
  assert.deepEqual(key, { namespace: "kopiur-system", name: LEASE_NAME });
  assert.equal(identity, "kopiur-0_id-1");
  assert.deepEqual([leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds], [15, 10, 2]);
  stop.abort();
  await run;
});

Deno.test("startController() does not run for the lease before its caches are filled", async () => {
  const { cluster, elector, probe, stop, run } = aStage({ holdsInformers: true });
  await settle();
  assert.deepEqual([probe.telemetry.health.read("ready").ok, elector().isRunning], [false, false]);
  for (const informer of cluster.informers) informer.release();
  await settle();
  assert.deepEqual([probe.telemetry.health.read("ready").ok, elector().isRunning], [true, true]);
  stop.abort(new Error("Stopped by SIGTERM"));
  await run;
});

Deno.test("startController() stops while its caches are still being filled", async () => {
  const { stop, run, ended } = aStage({ holdsInformers: true });
  await settle();
  stop.abort(new Error("Stopped by SIGTERM"));
  await run;
  assert.deepEqual(ended, [{ kind: "stopped" }]);
});

Deno.test("startController() ends with the reason when leadership is lost, and works no more", async () => {
  const { kube, probe, elector, run, ended } = aStage();
  await settle();
  elector().elect();
  await settle();
  elector().depose(new Error("The lease was not renewed for 10 s"));
  await run;
  const [end] = ended;
  assert.equal(end?.kind === "lost" && end.reason.message, "The lease was not renewed for 10 s");
  const writes = kube.writes.length;
  kube.put(aBackupConfig({ name: "another" }));
  await settle();
  assert.equal(kube.writes.length, writes);
  assert.deepEqual(await probe.series("kopiur_resource_ready"), []);
  assert.equal(elector().released, 0);
});

Deno.test("startController() writes nothing while its lease may have run out, and goes on when it was renewed", async () => {
  const { clock, kube, probe, elector, stop, run } = aStage();
  await settle();
  elector().elect();
  await settle();
  const before = { writes: kube.writes.length, events: kube.events.length };
  elector().isLate = true;
  kube.put(aBackupConfig({ name: "another" }));
  await clock.advance(60_000);
  assert.deepEqual([kube.writes.length, kube.events.length], [before.writes, before.events]);
  const errors = await probe.series("kopiur_controller_reconcile_errors_total");
  assert.deepEqual(errors.filter((line) => !line.endsWith(" 0")), []);
  elector().isLate = false;
  await clock.advance(5000);
  assert.equal(kube.writes.includes("status BackupConfig apps/another"), true);
  stop.abort();
  await run;
});

Deno.test("startController() deletes no snapshots on caches that are too old", async () => {
  const of = new BackupStage();
  of.addEnded(["old", "b", "c", "d", "e"]);
  const { kube, clock, cluster, elector, stop, run } = aStage({ of });
  await settle();
  kube.delete(anEndedBackup("old"));
  const secrets = cluster.informer(RESOURCES.secret);
  secrets.staleness = 91;
  elector().elect();
  await clock.advance(3_600_000);
  const deletions = () => kube.writes.filter((write) => write.startsWith("create Job apps/old-delete"));
  assert.deepEqual(deletions(), []);
  secrets.staleness = 0;
  await clock.advance(60_000);
  assert.equal(deletions().length, 1);
  stop.abort();
  await run;
});

Deno.test("startController() releases the lease after its last pass when it is told to stop", async () => {
  const { kube, elector, stop, run, ended } = aStage();
  await settle();
  elector().elect();
  await settle();
  stop.abort(new Error("Stopped by SIGTERM"));
  await run;
  assert.deepEqual(ended, [{ kind: "stopped" }]);
  assert.equal(elector().released, 1);
  const writes = kube.writes.length;
  kube.put(aBackupConfig({ name: "another" }));
  await settle();
  assert.equal(kube.writes.length, writes);
});

Deno.test("startController() breaks off its last passes when the lease is lost while it stops", async () => {
  const { elector, stop, run, ended } = aStage({ statusHangs: true });
  await settle();
  elector().elect();
  await settle();
  stop.abort(new Error("Stopped by SIGTERM"));
  await settle();
  assert.deepEqual(ended, []);
  elector().depose(new Error("The lease was not renewed for 10 s"));
  await run;
  assert.deepEqual(ended, [{ kind: "stopped" }]);
});

Deno.test("startController() waits for its last passes no longer than 15 s", async () => {
  const { clock, elector, stop, run, ended } = aStage({ statusHangs: true });
  await settle();
  elector().elect();
  await settle();
  await clock.advance(5000);
  stop.abort(new Error("Stopped by SIGTERM"));
  await clock.advance(9000);
  assert.deepEqual(ended, []);
  await clock.advance(6000);
  await run;
  assert.deepEqual(ended, [{ kind: "stopped" }]);
});

Deno.test("startController() works at once when it is the only replica", async () => {
  const { kube, cluster, probe, stop, run } = aStage({ leadership: "single" });
  await settle();
  assert.equal(kube.writes.length > 0, true);
  assert.deepEqual(cluster.electors, []);
  assert.deepEqual(await probe.series("kopiur_leader"), ["kopiur_leader 1"]);
  stop.abort();
  await run;
});

Deno.test("controllerPermissions() allows what the kinds declare and no more", () => {
  const verbs = new Map<string, Set<string>>();
  for (const { group, resource, verbs: granted } of controllerPermissions()) {
    const id = `${resource}.${group}`;
    verbs.set(id, new Set([...verbs.get(id) ?? [], ...granted]));
  }
  const of = (id: string) => [...verbs.get(id) ?? []].toSorted();
  const ofBackups = of("backups.kopiur.home-operations.com");
  assert.deepEqual(ofBackups, ["create", "delete", "get", "list", "patch", "watch"]);
  assert.deepEqual(of("backups/status.kopiur.home-operations.com"), ["update"]);
  assert.deepEqual(of("jobs.batch"), ["create", "delete", "get", "list", "watch"]);
  assert.deepEqual(of("configmaps."), ["get", "list", "watch"]);
  assert.deepEqual(of("events.events.k8s.io"), ["create", "patch"]);
  // Nothing a backup operator may hold: no writing of Secrets, no pods of its own, no roles, no wildcard.
  assert.deepEqual(of("secrets."), ["get", "list", "watch"]);
  assert.deepEqual(of("pods."), ["get", "list", "watch"]);
  assert.deepEqual(of("pods/log."), ["get"]);
  assert.equal([...verbs.keys()].some((id) => id.includes("*") || id.includes("roles")), false);
});
