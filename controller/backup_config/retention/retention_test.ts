import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION, FINALIZER } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  anEndedRun,
  anUnchangedSource,
  aSavedRun,
  aSavedSource,
  ConfigStage,
} from "../../../tests/support/config_stage.ts";
import { aBackup, aBackupConfig, aClaim, aReadyRepository, refusal } from "../../../tests/support/mod.ts";

const held = { metadata: { finalizers: [FINALIZER] } };

/** Days of December 2025 and before, the newest first: run-001 is the newest. */
function nightly(count: number, parts: Parameters<typeof aSavedRun>[2] = {}): readonly KubeObject[] {
  return Array.from({ length: count }, (_, age) => {
    const endTime = new Date(Date.UTC(2026, 0, 1, 2) - age * 86_400_000).toISOString();
    return aSavedRun(`run-${String(age + 1).padStart(3, "0")}`, endTime, parts);
  });
}

function aStage(retention: unknown, ...objects: readonly KubeObject[]): ConfigStage {
  return new ConfigStage(aBackupConfig({ spec: { retention } }), ...objects);
}

/** Names of the Backups there are, those that only wait for their snapshots left out. */
function names(stage: ConfigStage, namespace = "apps"): readonly string[] {
  return stage.kube.list({ ...stage.kind.resource, kind: "Backup" }, { namespace })
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata }) => metadata.name).toSorted();
}

function markOf(stage: ConfigStage, name: string): string | undefined {
  const backup = stage.kube.find(API_VERSION, "Backup", { namespace: "apps", name });
  return backup?.metadata.annotations?.[ANNOTATION.deletedBy];
}

function reported(stage: ConfigStage, reason: string): readonly string[] {
  return stage.kube.events.filter((event) => event.reason === reason).map(({ note }) => note);
}

async function pruned(stage: ConfigStage): Promise<number> {
  const series = await stage.probe.series("kopiur_backup_pruned_total");
  const line = series.find((each) => each.includes('by="retention"'));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** Passes until nothing is left to write down, as the engine makes them. */
async function settled(stage: ConfigStage): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await stage.pass();
}

Deno.test("retention names what is to go for a minute before it deletes, and tells that it did", async () => {
  const stage = aStage({ keepLatest: 2 }, ...nightly(5));
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 60 });
  const { retention } = stage.status;
  assert.deepEqual(retention?.pending?.map(({ name }) => name), ["run-005", "run-004", "run-003"]);
  assert.equal(retention?.pendingSince, "2026-01-02T03:04:05.000Z");
  assert.equal(retention?.pendingCount, 3);
  assert.equal(retention?.activeBackupCount, 5);
  await stage.clock.advance(59_000);
  await settled(stage);
  assert.equal(names(stage).length, 5);
  await stage.clock.advance(1_000);
  await stage.pass();
  assert.deepEqual(names(stage), ["run-001", "run-002"]);
  assert.deepEqual(reported(stage, "RetentionApplied"), [
    'Deleted 3 Backups that no rule of spec.retention keeps: "run-005", "run-004", "run-003"',
  ]);
  assert.equal(await pruned(stage), 3);
  const after = stage.status.retention;
  assert.equal(after?.lastPruneDeleted, 3);
  assert.equal(after?.lastPruneAt, "2026-01-02T03:05:05Z");
  assert.deepEqual([after?.pendingCount, after?.pending, after?.activeBackupCount], [0, undefined, 2]);
  assert.deepEqual(await stage.pass(), { kind: "forget" });
  assert.equal(await pruned(stage), 3);
});

Deno.test("retention says of a Backup that it deletes it before it does", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(2, held));
  await stage.pass();
  await stage.clock.advance(60_000);
  await stage.pass();
  assert.deepEqual(stage.kube.writes.slice(-3), [
    "annotate Backup apps/run-002",
    "remove Backup apps/run-002",
    "status BackupConfig apps/recipe",
  ]);
  assert.equal(markOf(stage, "run-002"), "retention");
});

Deno.test("retention lowered from 365 to 1 goes in sight, ten at a time, and can be taken back", async () => {
  const stage = aStage({ keepLatest: 365 }, ...nightly(365));
  await settled(stage);
  assert.equal(stage.status.retention?.pendingCount, 0);
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 1 } } }));
  await settled(stage);
  assert.equal(stage.status.retention?.pendingCount, 364);
  assert.equal(stage.status.retention?.pending?.length, 20);
  assert.equal(names(stage).length, 365);
  await stage.clock.advance(60_000);
  const seen = new Set(stage.status.retention?.pending?.map(({ name }) => name));
  await stage.pass();
  assert.equal(names(stage).length, 355);
  await settled(stage);
  // The other ten that stood there a minute; those that came after them wait for theirs.
  assert.equal(names(stage).length, 345);
  const left = new Set(names(stage));
  assert.ok(nightly(365).every(({ metadata: { name } }) => left.has(name) || seen.has(name)));
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 365 } } }));
  await stage.clock.advance(3_600_000);
  await settled(stage);
  assert.equal(names(stage).length, 345);
  assert.equal(stage.status.retention?.pendingCount, 0);
});

Deno.test("retention begins its minute anew when the spec is edited", async () => {
  const stage = aStage({ keepLatest: 2 }, ...nightly(5));
  await stage.pass();
  await stage.clock.advance(60_000);
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 1 } } }));
  await settled(stage);
  assert.equal(names(stage).length, 5);
  assert.equal(stage.status.retention?.pendingSince, "2026-01-02T03:05:05.000Z");
  await stage.clock.advance(60_000);
  await stage.pass();
  assert.deepEqual(names(stage), ["run-001"]);
});

Deno.test("retention lets no more than ten go at once, those whose snapshots are still deleted included", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(31, held));
  await stage.pass();
  await stage.clock.advance(60_000);
  await settled(stage);
  assert.equal(names(stage).length, 21);
  await stage.clock.advance(3_600_000);
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 30 });
  assert.equal(names(stage).length, 21);
  for (const age of ["031", "030", "029"]) {
    const key = { namespace: "apps", name: `run-${age}` };
    const backup = stage.kube.find(API_VERSION, "Backup", key) ?? assert.fail("it is there");
    await stage.kube.setFinalizer(backup, FINALIZER, "absent", new AbortController().signal);
  }
  await stage.pass();
  assert.equal(names(stage).length, 18);
  assert.equal(await pruned(stage), 13);
});

Deno.test("retention that failed halfway goes on where it stopped, and counts each Backup once", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(5, held));
  await stage.pass();
  await stage.clock.advance(60_000);
  stage.kube.failNext("remove", new Error("connection reset"), "run-003");
  await stage.pass();
  // The controller that starts now remembers nothing; two are on their way, two are only marked.
  assert.deepEqual(names(stage), ["run-001", "run-002", "run-003"]);
  assert.equal(markOf(stage, "run-002"), "retention");
  assert.equal(await pruned(stage), 0);
  assert.equal(stage.status.retention?.pendingCount, 4);
  await settled(stage);
  assert.deepEqual(names(stage), ["run-001"]);
  assert.equal(await pruned(stage), 4);
  assert.equal(stage.status.retention?.lastPruneDeleted, 4);
});

Deno.test("retention whose status is refused tells of its deletions in the next pass, once", async () => {
  for (const error of [refusal(409, "it changed meanwhile"), new Error("connection reset")]) {
    const stage = aStage({ keepLatest: 1 }, ...nightly(3, held));
    await stage.pass();
    await stage.clock.advance(60_000);
    stage.kube.failNext("status", error);
    await stage.pass();
    assert.deepEqual(names(stage), ["run-001"]);
    assert.deepEqual(reported(stage, "RetentionApplied"), []);
    await settled(stage);
    assert.equal(reported(stage, "RetentionApplied").length, 1);
    assert.equal(await pruned(stage), 2);
  }
});

Deno.test("retention counts each Backup once while the cache shows it as it was", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(3, held));
  await stage.pass();
  await stage.clock.advance(60_000);
  await stage.pass();
  assert.equal(await pruned(stage), 2);
  const { kube } = stage;
  const alive = (object: KubeObject): KubeObject => {
    const { deletionTimestamp: _gone, ...metadata } = object.metadata;
    return { ...object, metadata };
  };
  stage.reader = {
    get: (resource, key) => kube.get(resource, key),
    list: (resource, query) => kube.list(resource, query).map(alive),
    count: (resource, query) => kube.count(resource, query),
    read: (resource, key, signal) => kube.read(resource, key, signal),
    readLog: (pod, part, signal) => kube.readLog(pod, part, signal),
    serverNow: () => kube.serverNow(),
  };
  await settled(stage);
  assert.equal(markOf(stage, "run-003"), "retention");
  stage.reader = kube;
  await settled(stage);
  assert.equal(await pruned(stage), 2);
  assert.equal(reported(stage, "RetentionApplied").length, 1);
});

Deno.test("retention deletes nothing in a pass that has something else to write down", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(3));
  await stage.pass();
  await stage.clock.advance(60_000);
  stage.kube.put(anEndedRun("failed", "Failed", "2026-01-02T03:00:00Z"));
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 1 });
  assert.equal(names(stage).length, 4);
  assert.equal(stage.status.lastBackup?.backupRef.name, "failed");
  await stage.pass();
  assert.deepEqual(names(stage), ["failed", "run-001"]);
});

Deno.test("retention takes its word back for a Backup that is kept after all", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(2));
  await stage.pass();
  await stage.clock.advance(60_000);
  stage.kube.failNext("remove", new Error("connection reset"));
  await stage.pass();
  assert.equal(markOf(stage, "run-002"), "retention");
  stage.kube.put(aBackupConfig({ spec: { retention: { keepLatest: 2 } } }));
  await settled(stage);
  assert.equal(markOf(stage, "run-002"), undefined);
  assert.deepEqual(names(stage), ["run-001", "run-002"]);
});

Deno.test("retention still tells of new runs while it may not delete", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(2));
  await stage.pass();
  await stage.clock.advance(60_000);
  stage.kube.failNext("remove", refusal(403, "not allowed to delete"), "run-002");
  await stage.pass();
  assert.match(stage.condition("Ready") ?? "", /^False Forbidden/);
  stage.kube.put(aSavedRun("newest", "2026-01-02T03:00:00Z"));
  stage.kube.failNext("remove", refusal(403, "not allowed to delete"), "run-002");
  await settled(stage);
  assert.equal(stage.status.lastSuccessfulBackup?.backupRef.name, "newest");
});

Deno.test("Retention goes on beside Backups of the recipe that are held by their pin", async () => {
  const all = nightly(30);
  const pinned = all.slice(20).map((run) => ({
    ...run,
    metadata: {
      ...run.metadata,
      finalizers: [FINALIZER],
      deletionTimestamp: "2026-01-01T03:00:00Z",
      annotations: { [ANNOTATION.deletedBy]: "retention" },
    },
    spec: { configRef: { name: "recipe" }, pin: true },
  }));
  const stage = aStage({ keepLatest: 2 }, ...all.slice(0, 20), ...pinned);
  for (let hour = 0; hour < 12; hour++) {
    await settled(stage);
    await stage.clock.advance(3_600_000);
  }
  assert.deepEqual(names(stage), ["run-001", "run-002"]);
});

/** A run of two sources that was stopped when it had saved the first. */
function stoppedRun(name: string, endTime: string): KubeObject {
  const snapshots = [
    aSavedSource("data", `k-${name}`),
    { source: "second", sourcePath: "/pvc/second", phase: "Failed", failure: replaced },
  ];
  return aSavedRun(name, endTime, { status: { phase: "Failed", snapshots } });
}

const replaced = { class: "Replaced", message: "A newer run took its place", resultKnown: true };

function stoppedHourly(count: number): readonly KubeObject[] {
  return Array.from(
    { length: count },
    (_, hour) => stoppedRun(`stop-${hour + 1}`, `2026-01-02T0${hour + 1}:00:00Z`),
  );
}

Deno.test("retention limits what runs that were stopped had saved, and tells the truth of all the rest", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(1), ...stoppedHourly(3));
  await stage.pass();
  assert.deepEqual(stage.status.retention?.pending?.map(({ name }) => name), ["stop-1", "stop-2"]);
  assert.equal(stage.status.retention?.newest?.name, "run-001");
  await stage.clock.advance(60_000);
  await settled(stage);
  assert.deepEqual(names(stage), ["run-001", "stop-3"]);
  assert.equal(await pruned(stage), 2);
  const { retention, lastBackup, lastSuccessfulBackup, consecutiveFailures } = stage.status;
  assert.deepEqual([retention?.activeBackupCount, retention?.lastPruneDeleted], [1, 2]);
  assert.equal(lastBackup?.backupRef.name, "stop-3");
  assert.equal(lastSuccessfulBackup?.backupRef.name, "run-001");
  assert.equal(consecutiveFailures, 3);
});

Deno.test("retention never deletes the last whole run for runs that were stopped after it", async () => {
  const whole = aSavedRun("whole", "2026-01-01T02:00:00Z", {
    status: { snapshots: [aSavedSource("data", "k1"), aSavedSource("second", "k2")] },
  });
  const second = aSavedRun("second", "2026-01-02T02:00:00Z", {
    status: { phase: "Failed", snapshots: [aSavedSource("second", "k3")] },
  });
  const stage = aStage({ keepLatest: 1 }, whole, second, ...stoppedHourly(1));
  await settled(stage);
  await stage.clock.advance(60_000);
  await settled(stage);
  assert.deepEqual(names(stage), ["second", "stop-1", "whole"]);
});

Deno.test("retention goes on when a run that was stopped is deleted, and holds on when the last whole one is", async () => {
  const [newest, ...older] = nightly(2);
  assert.ok(newest !== undefined);
  const stage = aStage({ keepLatest: 1 }, newest, ...older, ...stoppedHourly(3));
  await settled(stage);
  stage.kube.delete(stoppedRun("stop-3", "2026-01-02T03:00:00Z"));
  await settled(stage);
  assert.match(stage.condition("RetentionActive") ?? "", /^True /);
  for (const object of [newest, ...older]) stage.kube.delete(object);
  await stage.clock.advance(3_600_000);
  await settled(stage);
  assert.deepEqual(names(stage), ["stop-1", "stop-2"]);
  assert.match(stage.condition("RetentionActive") ?? "", /^False RetentionHeld: Backup "run-001" /);
});

const kept: Readonly<Record<string, { retention: unknown; objects: readonly KubeObject[] }>> = {
  "no retention": { retention: undefined, objects: nightly(12) },
  "an empty one": { retention: {}, objects: nightly(12) },
  "zeros only": { retention: { keepLatest: 0, keepDaily: 0 }, objects: nightly(12) },
  "pins": { retention: { keepLatest: 1 }, objects: nightly(3, { spec: { pin: true } }) },
  "runs that failed and hold nothing": {
    retention: { keepLatest: 1 },
    objects: ["a", "b", "c"].map((name) => anEndedRun(name, "Failed", "2026-01-01T00:00:00Z")),
  },
  "runs that failed and hold nothing that could be restored": {
    retention: { keepLatest: 1 },
    objects: ["a", "b", "c"].map((name) => {
      const snapshots = [{ ...aSavedSource("data", name), phase: "Failed" }];
      return aSavedRun(name, "2026-01-01T00:00:00Z", { status: { phase: "Failed", snapshots } });
    }),
  },
  "runs that were stopped, by an empty one": { retention: {}, objects: stoppedHourly(3) },
  "runs that were stopped, and are pinned": {
    retention: { keepLatest: 1 },
    objects: stoppedHourly(3).map((run) => ({ ...run, spec: { configRef: { name: "recipe" }, pin: true } })),
  },
  "runs that changed nothing": {
    retention: { keepLatest: 1 },
    objects: nightly(3, { status: { snapshots: [anUnchangedSource("data")] } }),
  },
  "discovered snapshots": {
    retention: { keepLatest: 1 },
    objects: ["a", "b"].map((name) =>
      aBackup({
        name,
        metadata: { labels: { [`${API_VERSION.split("/")[0]}/config`]: "recipe" } },
        spec: { configRef: undefined, discovered: { snapshot: { id: name } } },
        status: { phase: "Discovered", snapshots: [aSavedSource("data", name)] },
      })
    ),
  },
  "runs in another repository": {
    retention: { keepLatest: 1 },
    objects: nightly(3, { status: { resolved: { repository: { kind: "Repository", name: "old" } } } }),
  },
  "runs in the repository that had the name before": {
    retention: { keepLatest: 1 },
    objects: nightly(3, {
      status: { resolved: { repository: { kind: "Repository", name: "repo", uniqueId: "before" } } },
    }),
  },
  "runs that are the last of a source": {
    retention: { keepLatest: 1 },
    objects: [
      ...nightly(1),
      aSavedRun("whole", "2025-12-01T00:00:00Z", {
        status: { snapshots: [aSavedSource("data", "k1"), aSavedSource("second", "k2")] },
      }),
    ],
  },
};
for (const [what, { retention, objects }] of Object.entries(kept)) {
  Deno.test(`retention deletes nothing with ${what}`, async () => {
    const stage = aStage(retention, ...objects);
    await settled(stage);
    assert.equal(stage.status.retention?.pendingCount, 0);
    await stage.clock.advance(3_600_000);
    await settled(stage);
    assert.equal(names(stage).length, objects.length);
  });
}

const pauses: Readonly<Record<string, { change: (stage: ConfigStage) => void; says: RegExp }>> = {
  "the repository is not ready": {
    change: ({ kube }) => void kube.put(aReadyRepository({ status: { phase: "Degraded" } })),
    says: /^False RepositoryNotReady: Nothing is deleted meanwhile: Repository "repo" is Degraded/,
  },
  "the repository is gone": {
    change: ({ kube }) => kube.delete(aReadyRepository()),
    says: /^False RepositoryNotFound: Nothing is deleted meanwhile: /,
  },
  "the sources make no sense": {
    change: ({ kube }) =>
      void kube.put(aBackupConfig({
        spec: { retention: { keepLatest: 1 }, sources: [{ pvc: { name: "repo-data" } }] },
      })),
    says: /^False InvalidSpec: Nothing is deleted meanwhile: /,
  },
  "the recipe itself is being deleted": {
    change: ({ kube }) =>
      void kube.put(aBackupConfig({
        metadata: { deletionTimestamp: "2026-01-02T03:04:05Z", finalizers: ["foregroundDeletion"] },
        spec: { retention: { keepLatest: 1 } },
      })),
    says: /^False Deleting: /,
  },
  "a run ended in the future": {
    change: ({ kube }) =>
      void kube.put(
        aSavedRun("ahead", "2027-01-01T00:00:00Z", {
          metadata: { creationTimestamp: "2026-01-02T03:00:00Z" },
        }),
      ),
    says: /^False RetentionHeld: Backup "ahead" ended at 2027-01-01T00:00:00.000Z, which is still to come/,
  },
  "a run ended before it was made": {
    change: ({ kube }) =>
      void kube.put(
        aSavedRun("behind", "2024-01-01T00:00:00Z", {
          metadata: { creationTimestamp: "2026-01-02T03:00:00Z" },
        }),
      ),
    says: /^False RetentionHeld: Backup "behind" ended at 2024-01-01T00:00:00.000Z, before it was made/,
  },
  "the newest run was lost": {
    change: ({ kube }) => kube.delete(aSavedRun("run-001", "2026-01-01T00:00:00Z")),
    says:
      /^False RetentionHeld: Backup "run-001" of 2026-01-01T02:00:00.000Z was the newest and is not there/,
  },
};
for (const [what, { change, says }] of Object.entries(pauses)) {
  Deno.test(`retention deletes nothing while ${what}, and still names what would go`, async () => {
    const stage = aStage({ keepLatest: 1 }, ...nightly(4));
    await settled(stage);
    change(stage);
    const before = names(stage);
    await settled(stage);
    await stage.clock.advance(3_600_000);
    await settled(stage);
    assert.deepEqual(names(stage), before);
    assert.match(stage.condition("RetentionActive") ?? "", says);
    assert.ok((stage.status.retention?.pendingCount ?? 0) >= 2);
    const warned = reported(stage, "RetentionHeld").length;
    assert.equal(warned, says.source.includes("RetentionHeld") ? 1 : 0);
  });
}

Deno.test("retention goes on when what held it is over", async () => {
  const stage = aStage({ keepLatest: 1 }, ...nightly(4));
  await settled(stage);
  stage.kube.put(aReadyRepository({ status: { phase: "Degraded" } }));
  await stage.clock.advance(60_000);
  await settled(stage);
  stage.kube.put(aReadyRepository());
  // First it says so, then it deletes.
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 1 });
  assert.equal(names(stage).length, 4);
  await stage.pass();
  assert.deepEqual(names(stage), ["run-001"]);
  assert.match(stage.condition("RetentionActive") ?? "", /^True RetentionApplied: /);
});

Deno.test("retention that was held by a run of tomorrow goes on when that run is pinned", async () => {
  const ahead = (pin: boolean) =>
    aSavedRun("ahead", "2027-01-01T00:00:00Z", {
      metadata: { creationTimestamp: "2026-01-02T03:00:00Z" },
      spec: { pin },
    });
  const stage = aStage({ keepLatest: 1 }, ...nightly(3), ahead(false));
  await settled(stage);
  assert.deepEqual(await stage.pass(), { kind: "after", seconds: 300 });
  stage.kube.put(ahead(true));
  await settled(stage);
  await stage.clock.advance(60_000);
  await settled(stage);
  assert.deepEqual(names(stage), ["ahead", "run-001"]);
});

Deno.test("retention keeps to its own namespace", async () => {
  const elsewhere = nightly(3, { namespace: "else" });
  const stage = aStage(
    { keepLatest: 1 },
    ...nightly(3),
    ...elsewhere,
    aBackupConfig({ namespace: "else", spec: { retention: { keepLatest: 2 } } }),
    aReadyRepository({ namespace: "else" }),
    aClaim({ namespace: "else" }),
  );
  const both = async () => {
    await settled(stage);
    for (let turn = 0; turn < 5; turn++) await stage.pass({ namespace: "else", name: "recipe" });
  };
  await both();
  await stage.clock.advance(60_000);
  await both();
  assert.deepEqual(names(stage), ["run-001"]);
  assert.deepEqual(names(stage, "else"), ["run-001", "run-002"]);
});
