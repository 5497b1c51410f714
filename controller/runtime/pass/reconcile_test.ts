import assert from "node:assert/strict";
import { FINALIZER, StalledError, TransientError, WaitingError } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  aBackup,
  aConfigMap,
  aKind,
  aPlan,
  FakeClock,
  FakeKube,
  refusal,
  settle,
  startTelemetryProbe,
} from "../../../tests/support/mod.ts";
import type { AnyKind } from "../kind.ts";
import { Fenced, fencedWriter } from "./fenced_writer.ts";
import type { PassDeps } from "./pass.ts";
import type { Plan, PlannedEvent, PlannedMeasure } from "../plan.ts";
import { reconcile } from "./reconcile.ts";
import type { QueueAction } from "./report.ts";

const key = { namespace: "apps", name: "run" };
const succeeded: PlannedEvent = {
  type: "Normal",
  reason: "BackupSucceeded",
  action: "Backup",
  note: "Snapshot k1 holds 3 files",
};
const orphaned: PlannedMeasure = {
  kind: "add",
  metric: "kopiur_orphaned_snapshots_total",
  labels: { namespace: "apps" },
  value: 1,
};

function aStage() {
  const clock = new FakeClock();
  const kube = new FakeKube(() => clock.now());
  const probe = startTelemetryProbe(clock);
  const stop = new AbortController();
  let passes = 0;
  const deps = {
    reader: kube,
    writer: kube,
    events: kube,
    telemetry: probe.telemetry,
    clock,
    random: () => 0.5,
    newId: () => `pass-${++passes}`,
  };
  return {
    clock,
    kube,
    probe,
    stop,
    pass: (kind: AnyKind, more: Partial<PassDeps> = {}): Promise<QueueAction> =>
      reconcile({ kind, key }, "spec", { ...deps, ...more }, stop.signal),
    backup: (): KubeObject | undefined => kube.find("kopiur.home-operations.com/v1alpha1", "Backup", key),
    reported: () => kube.events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`),
    counted: () => probe.series("kopiur_controller_reconcile"),
  };
}

type Stage = ReturnType<typeof aStage>;

function conditionsAt(stage: Stage): Readonly<Record<string, string>> {
  const { conditions = [] } = (stage.backup()?.status ?? {}) as {
    conditions?: { type: string; status: string; reason: string }[];
  };
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

async function resultsAt(stage: Stage): Promise<readonly string[]> {
  const lines = [
    ...await stage.probe.series("kopiur_controller_reconcile_results_total"),
    ...await stage.probe.series("kopiur_controller_reconcile_errors_total"),
  ];
  return lines.map((line) => line.replace(/^kopiur_controller_reconcile_|kind="Backup",?/g, ""));
}

Deno.test("reconcile() settles: status, Event, counters and queue say the same", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const plan = aPlan({ events: [succeeded], measures: [orphaned] });
  const action = await stage.pass(aKind({ plan, status: () => ({ phase: "Succeeded" }) }));
  assert.deepEqual(action, { kind: "forget" });
  const status = stage.backup()?.status as Record<string, unknown>;
  assert.deepEqual([status.phase, status.observedGeneration], ["Succeeded", 1]);
  assert.deepEqual(conditionsAt(stage), { Ready: "True Ready" });
  assert.deepEqual(stage.reported(), ["Normal BackupSucceeded: Snapshot k1 holds 3 files"]);
  assert.deepEqual(await resultsAt(stage), ['results_total{result="success"} 1']);
  const [total] = await stage.probe.series("kopiur_controller_reconciliations_total");
  assert.equal(total, 'kopiur_controller_reconciliations_total{kind="Backup"} 1');
  const [orphans] = await stage.probe.series("kopiur_orphaned_snapshots_total");
  assert.equal(orphans, 'kopiur_orphaned_snapshots_total{namespace="apps"} 1');
});

Deno.test("reconcile() makes no write and tells nothing on an identical second pass", async () => {
  const stage = aStage();
  stage.kube.put(aBackup(), aConfigMap({ name: "spec" }));
  const finalizer = "present" as const;
  const kind = aKind({
    plan: aPlan({ finalizer, create: [aConfigMap({ name: "spec" })], events: [succeeded] }),
  });
  await stage.pass(kind);
  const [writes, events] = [stage.kube.writes.length, stage.kube.events.length];
  await stage.clock.advance(3_600_000);
  await stage.pass(kind);
  assert.equal(stage.kube.writes.length, writes);
  assert.equal(stage.kube.events.length, events);
});

Deno.test("reconcile() waits: Ready is Unknown, the key comes back, the Event is Normal", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const reason = "RepositoryNotReady";
  const outcome = { kind: "waiting", reason, message: "Not yet", recheckAfterSeconds: 60 } as const;
  assert.deepEqual(await stage.pass(aKind({ plan: aPlan({ outcome }) })), { kind: "after", seconds: 60 });
  assert.deepEqual(conditionsAt(stage), { Ready: `Unknown ${reason}`, Reconciling: `True ${reason}` });
  assert.deepEqual(stage.reported(), [`Normal ${reason}: Not yet`]);
  assert.deepEqual(await resultsAt(stage), ['results_total{result="requeue_after"} 1']);
});

Deno.test("reconcile() stalls over what observe throws and keeps what the status said", async () => {
  const stage = aStage();
  stage.kube.put(aBackup({ status: { phase: "Running" } }));
  const error = new StalledError("InvalidSpec", "Cannot read the spec: it is empty", {
    cause: new Error("at sources"),
  });
  const kind = aKind({ observe: () => Promise.reject(error) });
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.equal((stage.backup()?.status as Record<string, unknown>).phase, "Running");
  assert.deepEqual(conditionsAt(stage), { Ready: "False InvalidSpec", Stalled: "True InvalidSpec" });
  assert.deepEqual(stage.reported(), ["Warning InvalidSpec: Cannot read the spec: it is empty: at sources"]);
  assert.deepEqual(await resultsAt(stage), [
    'results_total{result="error"} 1',
    'errors_total{class="structural"} 1',
  ]);
});

Deno.test("reconcile() waits when observe throws a WaitingError", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const error = new WaitingError("VolumeNotFound", 'Claim "data" does not exist', 30);
  const action = await stage.pass(aKind({ observe: () => Promise.reject(error) }));
  assert.deepEqual(action, { kind: "after", seconds: 30 });
  assert.equal(conditionsAt(stage).Ready, "Unknown VolumeNotFound");
});

for (
  const [where, parts] of Object.entries(
    {
      observe: { observe: () => Promise.reject(new TypeError("x is undefined")) },
      plan: {
        plan: () => {
          throw new TypeError("x is undefined");
        },
      },
      status: {
        status: () => {
          throw new TypeError("x is undefined");
        },
      },
    } satisfies Record<string, Parameters<typeof aKind>[0]>,
  )
) {
  Deno.test(`reconcile() backs off and says so when the ${where} of a kind throws`, async () => {
    const stage = aStage();
    stage.kube.put(aBackup({ status: { phase: "Running" } }));
    assert.deepEqual(await stage.pass(aKind(parts)), { kind: "backoff" });
    assert.equal((stage.backup()?.status as Record<string, unknown>).phase, "Running");
    assert.equal(conditionsAt(stage).Ready, "False InternalError");
    assert.deepEqual(stage.reported(), [
      "Warning InternalError: The controller failed in an unexpected way: x is undefined",
    ]);
    assert.equal((await resultsAt(stage)).includes('errors_total{class="transient"} 1'), true);
  });
}

Deno.test("reconcile() stops at the first step that fails, writes the status all the same, and backs off", async () => {
  const stage = aStage();
  stage.kube.put(aBackup(), aConfigMap({ name: "old" }));
  stage.kube.failNext("create", new TransientError("KubeApiError", "Cannot create: HTTP 500"), "b");
  const seen: string[] = [];
  const plan = aPlan({
    finalizer: "absent",
    create: ["a", "b", "c"].map((name) => aConfigMap({ name })),
    remove: [{
      resource: { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
      key: { namespace: "apps", name: "old" },
      propagation: "Background",
    }],
  });
  const kind = aKind({
    plan,
    status: (_world, _plan, { objects, error }) => {
      seen.push(
        ...objects.map(({ desired, uid }) => `${desired.metadata.name} ${uid}`),
        String(error?.message),
      );
      return { phase: "Running" };
    },
  });
  assert.deepEqual(await stage.pass(kind), { kind: "backoff" });
  assert.deepEqual(seen, ["a uid-configmap-a", "Cannot create: HTTP 500"]);
  assert.deepEqual(stage.kube.writes, ["create ConfigMap apps/a", "status Backup apps/run"]);
  assert.deepEqual(conditionsAt(stage), { Ready: "False KubeApiError", Reconciling: "True KubeApiError" });
  assert.deepEqual(stage.reported(), [
    "Warning KubeApiError: The API server could not be asked: Cannot create: HTTP 500",
  ]);
});

Deno.test("reconcile() tells what a failed pass recorded once, and what it could not record later", async () => {
  const stage = aStage();
  stage.kube.put(aBackup({ status: { phase: "Running" } }));
  const fault = new TransientError("KubeApiError", "Cannot create: HTTP 500");
  const plan = aPlan({ create: [aConfigMap({ name: "a" })], events: [succeeded], measures: [orphaned] });
  // A kind that does not move on while a step fails.
  const kind = aKind({
    plan: (world) => isEnded(world.object) ? aPlan() : plan,
    status: (_world, _plan, { error }) => ({ phase: error === undefined ? "Succeeded" : "Running" }),
  });
  stage.kube.failNext("create", fault);
  await stage.pass(kind);
  assert.equal(stage.reported().some((line) => line.includes("BackupSucceeded")), false);
  await stage.pass(kind);
  await stage.pass(kind);
  assert.equal(stage.reported().filter((line) => line.includes("BackupSucceeded")).length, 1);
  const [orphans] = await stage.probe.series("kopiur_orphaned_snapshots_total");
  assert.equal(orphans, 'kopiur_orphaned_snapshots_total{namespace="apps"} 1');
});

function isEnded(object: KubeObject): boolean {
  return (object.status as { phase?: string } | undefined)?.phase === "Succeeded";
}

Deno.test("reconcile() passes again at once after a conflict, and Events and counters come exactly once", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  stage.kube.failNext("status", refusal(409, "Cannot change Backup apps/run: it changed meanwhile"));
  const plan: Plan = aPlan({ events: [succeeded], measures: [orphaned] });
  const kind = aKind({
    plan: (world) => isEnded(world.object) ? aPlan() : plan,
    status: () => ({ phase: "Succeeded" }),
  });
  assert.deepEqual(await stage.pass(kind), { kind: "again" });
  assert.deepEqual(stage.reported(), []);
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.equal(stage.reported().length, 1);
  assert.deepEqual(await resultsAt(stage), [
    'results_total{result="requeue"} 1',
    'results_total{result="success"} 2',
  ]);
  const [orphans] = await stage.probe.series("kopiur_orphaned_snapshots_total");
  assert.equal(orphans, 'kopiur_orphaned_snapshots_total{namespace="apps"} 1');
});

Deno.test("reconcile() puts the finalizer on before anything else and writes the status on top of it", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  await stage.pass(aKind({ plan: aPlan({ finalizer: "present", create: [aConfigMap({ name: "a" })] }) }));
  assert.deepEqual(stage.kube.writes, [
    "finalizer present Backup apps/run",
    "create ConfigMap apps/a",
    "status Backup apps/run",
  ]);
  assert.deepEqual(stage.backup()?.metadata.finalizers, [FINALIZER]);
});

Deno.test("reconcile() drops the finalizer last, patches nothing after it, and tells then", async () => {
  const stage = aStage();
  stage.kube.put(
    aBackup({ metadata: { finalizers: [FINALIZER], deletionTimestamp: "2026-01-02T03:00:00Z" } }),
  );
  const plan = aPlan({ finalizer: "absent", create: [aConfigMap({ name: "a" })], events: [succeeded] });
  const kind = aKind({ plan });
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.deepEqual(stage.kube.writes, ["create ConfigMap apps/a", "finalizer absent Backup apps/run"]);
  assert.equal(stage.backup(), undefined);
  assert.deepEqual(stage.reported(), ["Normal BackupSucceeded: Snapshot k1 holds 3 files"]);
});

Deno.test("reconcile() tells the end of an object once while others still hold it", async () => {
  const stage = aStage();
  const metadata = { finalizers: [FINALIZER, "theirs"], deletionTimestamp: "2026-01-02T03:00:00Z" };
  stage.kube.put(aBackup({ metadata }));
  const kind = aKind({ plan: aPlan({ finalizer: "absent", events: [succeeded] }) });
  await stage.pass(kind);
  await stage.pass(kind);
  assert.deepEqual(stage.reported(), ["Normal BackupSucceeded: Snapshot k1 holds 3 files"]);
  assert.deepEqual(stage.kube.writes, ["finalizer absent Backup apps/run"]);
});

Deno.test("reconcile() tells nothing when the drop of the finalizer conflicts", async () => {
  const stage = aStage();
  stage.kube.put(
    aBackup({ metadata: { finalizers: [FINALIZER], deletionTimestamp: "2026-01-02T03:00:00Z" } }),
  );
  stage.kube.failNext("finalizer", refusal(409, "Cannot change Backup apps/run: it changed meanwhile"));
  const kind = aKind({ plan: aPlan({ finalizer: "absent", events: [succeeded], measures: [orphaned] }) });
  assert.deepEqual(await stage.pass(kind), { kind: "again" });
  assert.deepEqual(stage.reported(), []);
  await stage.pass(kind);
  assert.equal(stage.reported().length, 1);
});

Deno.test("reconcile() drops the finalizer of an object that lives on and still writes its status", async () => {
  const stage = aStage();
  stage.kube.put(aBackup({ metadata: { finalizers: [FINALIZER] } }));
  await stage.pass(aKind({ plan: aPlan({ finalizer: "absent" }) }));
  assert.deepEqual(stage.kube.writes, ["finalizer absent Backup apps/run", "status Backup apps/run"]);
});

Deno.test("reconcile() forgets an object that is not there, and ends its counters", async () => {
  const stage = aStage();
  const labels = { namespace: "apps", name: "recipe" };
  const duration = "kopiur_backup_run_duration_seconds";
  const kind = aKind({
    counters: () => [
      { metric: "kopiur_backups_total", labels },
      { metric: duration, labels },
      { metric: "kopiur_backup_pruned_total", labels, isRare: true },
    ],
  });
  stage.kube.put(aBackup());
  await stage.pass(kind);
  assert.equal((await stage.probe.series("kopiur_backups_total")).length, 3);
  assert.deepEqual(await stage.probe.series(`${duration}_count`), [
    `${duration}_count{namespace="apps",name="recipe"} 0`,
  ]);
  assert.deepEqual(await stage.probe.series("kopiur_backup_pruned_total"), []);
  stage.probe.telemetry.metrics.add("kopiur_backup_pruned_total", 1, { ...labels, by: "retention" });
  stage.kube.delete(aBackup());
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  for (const metric of ["kopiur_backups_total", "kopiur_backup_pruned_total", duration]) {
    assert.deepEqual(await stage.probe.series(metric), []);
  }
});

Deno.test("reconcile() makes counters of a namespace visible with its first object, and keeps them", async () => {
  const stage = aStage();
  const metric = "kopiur_orphaned_snapshots_total";
  const kind = aKind({ namespaceCounters: (namespace) => [{ metric, labels: { namespace } }] });
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.deepEqual(await stage.probe.series(metric), []);
  stage.kube.put(aBackup());
  await stage.pass(kind);
  assert.deepEqual(await stage.probe.series(metric), [`${metric}{namespace="apps"} 0`]);
  stage.kube.delete(aBackup());
  await stage.pass(kind);
  assert.deepEqual(await stage.probe.series(metric), [`${metric}{namespace="apps"} 0`]);
});

Deno.test("reconcile() forgets an object that went while it was worked on", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const kind = aKind({
    plan: () => {
      stage.kube.delete(aBackup());
      return aPlan({ events: [succeeded] });
    },
  });
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.deepEqual(stage.reported(), []);
  assert.deepEqual(await resultsAt(stage), ['results_total{result="success"} 1']);
});

Deno.test("reconcile() forgets an object that went while observe failed over it", async () => {
  const stage = aStage();
  const kind = aKind({ observe: () => Promise.reject(new Error("no such thing")) });
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
});

Deno.test("reconcile() tells an Event each time when the status itself is refused, and names both errors", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const refused = new StalledError("InvalidSpec", "Cannot write the status: phase is unknown");
  const kind = aKind({ plan: aPlan({ create: [aConfigMap({ name: "a" })], events: [succeeded] }) });
  stage.kube.failNext("create", new TransientError("KubeApiError", "Cannot create: HTTP 500"));
  stage.kube.failNext("status", refused);
  await stage.pass(kind);
  assert.deepEqual(stage.reported(), ["Warning InvalidSpec: Cannot write the status: phase is unknown"]);
  const line = stage.probe.lines().find(({ message }) => message === "stalled");
  assert.equal(line?.fields["earlier_error"], "Cannot create: HTTP 500");
});

Deno.test("reconcile() backs off without an Event when the status cannot be written for now", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  stage.kube.failNext("status", new TransientError("KubeApiError", "Cannot write: no answer"));
  assert.deepEqual(await stage.pass(aKind({ plan: aPlan({ events: [succeeded] }) })), { kind: "backoff" });
  assert.deepEqual(stage.reported(), []);
});

Deno.test("reconcile() ends a pass that takes too long and says so", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const kind = aKind({
    observe: (_key, _reader, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const pass = stage.pass(kind);
  await stage.clock.advance(60_000);
  assert.deepEqual(await pass, { kind: "backoff" });
  assert.equal(conditionsAt(stage).Ready, "False DeadlineExceeded");
  assert.match(stage.reported().join(), /Cannot reconcile Backup apps\/run: it took longer than 60 s/);
  assert.equal(stage.clock.pending, 0);
});

Deno.test("reconcile() tells and writes nothing when the process ends in the middle of a pass", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const kind = aKind({
    observe: (_key, _reader, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const pass = stage.pass(kind);
  await settle();
  stage.stop.abort(new Error("stopping"));
  assert.deepEqual(await pass, { kind: "forget" });
  assert.deepEqual([stage.kube.writes, stage.reported()], [[], []]);
  assert.deepEqual(await resultsAt(stage), ['results_total{result="requeue"} 1']);
});

Deno.test("reconcile() tells an Event on another object when the plan says so", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const regarding = {
    apiVersion: "kopiur.home-operations.com/v1alpha1",
    kind: "BackupConfig",
    namespace: "apps",
    name: "recipe",
    uid: "uid-recipe",
  };
  await stage.pass(aKind({ plan: aPlan({ events: [{ ...succeeded, regarding }] }) }));
  const { kind, metadata } = stage.kube.events[0]?.regarding ?? assert.fail("no Event was told");
  assert.deepEqual([kind, metadata], ["BackupConfig", {
    namespace: "apps",
    name: "recipe",
    uid: "uid-recipe",
  }]);
});

Deno.test("reconcile() runs in a span that names object, trigger and result, and every line carries the object", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const error = new TransientError("KubeApiError", "Cannot read: HTTP 500");
  await stage.pass(aKind({ observe: () => Promise.reject(error) }));
  const [span] = stage.probe.spans();
  assert.equal(span?.name, "reconcile");
  const { kind, namespace, name, result, ...rest } = span?.attributes ?? {};
  assert.deepEqual([kind, namespace, name, result], ["Backup", "apps", "run", "error"]);
  assert.deepEqual([rest["object.ref"], rest["object.reason"]], ["Backup/apps/run", "spec"]);
  assert.deepEqual([rest["error.type"], rest["reconcile_id"]], ["KubeApiError", "pass-1"]);
  assert.equal(span?.events[0]?.name, "exception");
  const [line] = stage.probe.lines().filter(({ message }) => message === "failed");
  assert.deepEqual([line?.level, line?.span["kind"], line?.span["namespace"], line?.span["name"]], [
    "ERROR",
    "Backup",
    "apps",
    "run",
  ]);
  assert.equal(line?.span["reconcile_id"], "pass-1");
});

Deno.test("reconcile() makes what is offered last, and a refusal of it is no failure", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const offered: unknown[] = [];
  const kind = aKind({
    plan: aPlan({
      create: [aConfigMap({ name: "first" })],
      offer: ["a", "b", "c"].map((name) => aConfigMap({ name })),
    }),
    status: (_world, _plan, applied) => {
      offered.push([applied.offered?.made, applied.offered?.refused?.message]);
      return { phase: "Succeeded" };
    },
  });
  stage.kube.failNext("create", refusal(403, "Cannot create ConfigMap: exceeded quota"), "b");
  assert.deepEqual(await stage.pass(kind), { kind: "forget" });
  assert.deepEqual(conditionsAt(stage), { Ready: "True Ready" });
  const applied = stage.kube.writes.filter((write) => write.startsWith("create"));
  assert.deepEqual(applied, ["create ConfigMap apps/first", "create ConfigMap apps/a"]);
  await stage.pass(kind);
  assert.deepEqual(offered, [[1, "Cannot create ConfigMap: exceeded quota"], [3, undefined]]);
});

Deno.test("reconcile() offers nothing after a step that failed, and is broken off in the middle of its offers", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const offer = [aConfigMap({ name: "a" })];
  const kind = aKind({ plan: aPlan({ create: [aConfigMap({ name: "first" })], offer }) });
  stage.kube.failNext("create", refusal(403, "Cannot create ConfigMap: forbidden"), "first");
  await stage.pass(kind);
  assert.match(conditionsAt(stage)["Ready"] ?? "", /Forbidden/);
  assert.equal(stage.kube.writes.some((write) => write.startsWith("create")), false);
  stage.kube.hangNext("create", 1);
  const pass = stage.pass(aKind({ plan: aPlan({ offer }) }));
  await settle();
  stage.stop.abort(new Error("The process is ending"));
  assert.deepEqual(await pass, { kind: "forget" });
  assert.match(conditionsAt(stage)["Ready"] ?? "", /Forbidden/);
});

Deno.test("reconcile() tells a kind what became of its plan, also of one that failed", async () => {
  const { kube, pass } = aStage();
  kube.put(aBackup());
  const reported: string[] = [];
  const kind = aKind({
    plan: aPlan({ create: [aConfigMap({ name: "a" }), aConfigMap({ name: "b" })] }),
    applied: (world, { objects, error }) =>
      void reported.push(`${world.object.metadata.name} ${objects.length} ${error?.message}`),
  });
  await pass(kind);
  kube.failNext("create", refusal(403, "exceeded quota"), "b");
  await pass(kind);
  assert.deepEqual(reported, ["run 2 undefined", "run 1 exceeded quota"]);
});

Deno.test("reconcile() hands the time to observe as well", async () => {
  const { kube, clock, pass } = aStage();
  kube.put(aBackup());
  const times: Date[] = [];
  const observe: AnyKind["observe"] = (_key, _reader, _signal, now) => {
    times.push(now);
    return Promise.resolve(undefined);
  };
  await pass(aKind({ observe }));
  assert.deepEqual(times, [clock.now()]);
});

Deno.test("reconcile() takes nothing away on caches that were old when it looked, or are when it would write", async () => {
  for (const ages of [["jobs", undefined], [undefined, "jobs"]]) await takesNothing(ages);
});

Deno.test("reconcile() writes down how an object stands, with a word on itself, however old the caches are", async () => {
  const stage = aStage();
  const own = stage.kube.put(aBackup());
  const freshness = { stale: () => "secrets", reportWait: () => {} };
  const { uid = "", resourceVersion = "" } = own.metadata;
  const word = { resource: aKind().resource, key, uid, resourceVersion, annotations: { word: "it ended" } };
  const kind = aKind({ plan: aPlan({ annotate: [word], events: [succeeded] }) });
  await stage.pass(kind, { freshness });
  assert.deepEqual(stage.kube.writes, ["annotate Backup apps/run", "status Backup apps/run"]);
});

async function takesNothing(ages: (string | undefined)[]): Promise<void> {
  const stage = aStage();
  stage.kube.put(aBackup());
  const reported: string[] = [];
  const freshness = { stale: () => ages.shift(), reportWait: (caches: string) => void reported.push(caches) };
  const word = { resource: aKind().resource, key: { ...key, name: "other" }, uid: "u", annotations: {} };
  const kind = aKind({ plan: aPlan({ annotate: [word], create: [aConfigMap()], events: [succeeded] }) });
  assert.deepEqual(await stage.pass(kind, { freshness }), { kind: "after", seconds: 15 });
  assert.deepEqual([stage.kube.writes, stage.reported(), reported], [[], [], ["jobs"]]);
  assert.deepEqual(await resultsAt(stage), ['results_total{result="requeue"} 1']);
}

Deno.test("reconcile() of a process that does not lead any more tells nothing and comes back, whatever it was about to write", async () => {
  for (const write of ["finalizer", "annotate", "create", "remove", "offer", "status"] as const) {
    const stage = aStage();
    const other = { resource: aKind().resource, key: { ...key, name: "other" }, uid: "uid-backup-other" };
    stage.kube.put(aBackup(), aBackup({ name: "other", metadata: { finalizers: ["theirs"] } }));
    const parts: Readonly<Record<typeof write, Partial<Plan>>> = {
      finalizer: { finalizer: "present" },
      annotate: { annotate: [{ ...other, annotations: { word: "go" } }] },
      create: { create: [aConfigMap()] },
      remove: { remove: [{ ...other, propagation: "Background" }] },
      offer: { offer: [aConfigMap()] },
      status: {},
    };
    const applied: (Error | undefined)[] = [];
    const kind = aKind({
      plan: aPlan({ ...parts[write], events: [succeeded], measures: [orphaned] }),
      applied: (_world, { error }) => void applied.push(error),
    });
    let leads = false;
    const writer = fencedWriter(stage.kube, () => leads);
    assert.deepEqual(await stage.pass(kind, { writer }), { kind: "after", seconds: 5 }, write);
    assert.deepEqual([stage.kube.writes, stage.reported()], [[], []], write);
    assert.equal(applied[0] instanceof Fenced, write !== "status", write);
    assert.deepEqual(await resultsAt(stage), ['results_total{result="requeue"} 1'], write);
    // It was renewed in time after all.
    leads = true;
    await stage.pass(kind, { writer });
    assert.equal(conditionsAt(stage).Ready, "True Ready", write);
  }
});

Deno.test("reconcile() that stops to lead in the middle of a plan does none of what comes after", async () => {
  const stage = aStage();
  stage.kube.put(aBackup(), aBackup({ name: "other" }));
  const other = { resource: aKind().resource, key: { ...key, name: "other" }, uid: "uid-backup-other" };
  const kind = aKind({
    plan: aPlan({
      annotate: [{ ...other, annotations: { word: "go" } }],
      remove: [{ ...other, propagation: "Background" }],
    }),
  });
  const writer = fencedWriter(stage.kube, () => stage.kube.writes.length === 0);
  assert.deepEqual(await stage.pass(kind, { writer }), { kind: "after", seconds: 5 });
  assert.deepEqual(stage.kube.writes, ["annotate Backup apps/other"]);
});

Deno.test("reconcile() measures how long a pass takes", async () => {
  const stage = aStage();
  stage.kube.put(aBackup());
  const kind = aKind({
    async observe(objectKey, reader) {
      await stage.clock.advance(2000);
      const object = reader.get(aKind().resource, objectKey);
      return object === undefined ? undefined : { object };
    },
  });
  await stage.pass(kind);
  const metric = "kopiur_controller_reconcile_duration_seconds_sum";
  assert.deepEqual(await stage.probe.series(metric), [`${metric}{kind="Backup"} 2`]);
});
