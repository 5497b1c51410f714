import assert from "node:assert/strict";
import { FINALIZER } from "../../../api/mod.ts";
import { RESOURCES } from "../../../kube/mod.ts";
import {
  aBackup,
  aConfigMap,
  aJob,
  aPlan,
  FakeCluster,
  FakeKube,
  startTelemetryProbe,
} from "../../../tests/support/mod.ts";
import { Freshness, takesAway } from "./freshness.ts";

const key = { namespace: "apps", name: "other" };
const removal = { resource: RESOURCES.job, key, propagation: "Background" } as const;
const word = { resource: RESOURCES.job, key, uid: "u", annotations: { word: "go" } };
const living = aBackup({ metadata: { finalizers: [FINALIZER] } });
const leaving = aBackup({
  metadata: { finalizers: [FINALIZER], deletionTimestamp: "2026-01-02T03:04:05Z" },
});

Deno.test("takesAway() is true for a plan that removes, condemns or lets go, and for one that works on a deletion", () => {
  const plans = [
    [aPlan({ create: [aJob()], finalizer: "present" }), living, false],
    [aPlan({ offer: [aConfigMap()] }), living, false],
    [aPlan({ finalizer: "absent" }), aBackup(), false],
    [aPlan(), leaving, false],
    [aPlan({ remove: [removal] }), living, true],
    [aPlan({ remove: [{ ...removal, isSpent: false }] }), living, true],
    [aPlan({ remove: [{ ...removal, isSpent: true }] }), living, false],
    [aPlan({ remove: [{ ...removal, isSpent: true }, removal] }), living, true],
    [aPlan({ annotate: [word] }), living, true],
    [aPlan({ annotate: [{ ...word, uid: living.metadata.uid ?? "" }] }), living, false],
    [aPlan({ finalizer: "absent" }), living, true],
    [aPlan({ finalizer: "absent" }), leaving, true],
    [aPlan({ create: [aJob()] }), leaving, true],
    [aPlan({ offer: [aJob()] }), leaving, true],
  ] as const;
  plans.forEach(([plan, object, expected], at) => assert.equal(takesAway(plan, object), expected, `${at}`));
});

Deno.test("Freshness names what is too old, and says once that something waits and once that it does not", () => {
  const cluster = new FakeCluster(new FakeKube());
  const [pods, jobs] = [RESOURCES.pod, RESOURCES.job].map((resource) => cluster.createInformer({ resource }));
  assert.ok(pods !== undefined && jobs !== undefined);
  const probe = startTelemetryProbe();
  const freshness = new Freshness("Backup", cluster.informers, probe.telemetry.log);
  const said = () =>
    probe.lines().map(({ level, message, fields }) => `${level} ${message} ${fields.caches}`);
  jobs.staleness = 90;
  assert.equal(freshness.stale(), undefined, "a server that is well says something once a minute");
  jobs.staleness = 90.1;
  assert.equal(freshness.stale(), "jobs");
  assert.deepEqual(said(), [], "nothing waits yet");
  for (let passes = 0; passes < 1000; passes++) freshness.reportWait(freshness.stale() ?? "");
  pods.staleness = Number.NaN;
  assert.equal(freshness.stale(), "pods, jobs", "an age nobody knows is no young one");
  pods.staleness = 0;
  jobs.staleness = 0;
  assert.equal(freshness.stale(), undefined);
  assert.equal(freshness.stale(), undefined);
  assert.deepEqual(said(), [
    "WARN what takes something away waits for fresh caches jobs",
    "INFO caches are fresh again undefined",
  ]);
});
