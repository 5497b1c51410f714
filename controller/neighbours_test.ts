/** One tenant in whose namespace everything hangs, and another one: the kinds under the real engine. */
import assert from "node:assert/strict";
import { API_VERSION, FINALIZER } from "../api/mod.ts";
import type { KubeObject } from "../kube/types.ts";
import { anEndedBackup, anyOptions, aSavedResult } from "../tests/support/backup_stage.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aNamespace,
  aPodOf,
  aReadyRepository,
  aRepository,
  aSecret,
  endedPodStatus,
  FakeClock,
  FakeCluster,
  FakeKube,
  settle,
  startTelemetryProbe,
} from "../tests/support/mod.ts";
import { backupReconciler } from "./backup/mod.ts";
import { repositoryReconciler } from "./repository/mod.ts";
import { openedMessage } from "./repository/stage_test.ts";
import { Manager } from "./runtime/mod.ts";
import { beginSlots, bootstrapSlots, jobHasEnded, MoverSlots } from "./movers/mod.ts";
import { JOB } from "./shared/mod.ts";

/** Each of them is five minutes. */
const TURNS = 3;

const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
const unscheduled = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }],
};

function aTenant(namespace: string, sources: readonly string[]): readonly KubeObject[] {
  return [
    aNamespace({ name: namespace }),
    aSecret({ namespace }),
    aClaim({ namespace, name: "repo-data" }),
    ...sources.map((name) => aClaim({ namespace, name })),
    aReadyRepository({ namespace }),
    aBackupConfig({ namespace, spec: { sources: sources.map((name) => ({ pvc: { name } })) } }),
  ];
}

/** Both kinds in the real engine. Pods of the sick tenant hang; what the other one's movers do the test says. */
class Cluster {
  readonly clock = new FakeClock();
  readonly kube: FakeKube = new FakeKube(() => this.clock.now());
  readonly manager: Manager;
  readonly slots: Readonly<Record<"movers" | "bootstraps", MoverSlots>>;

  constructor() {
    const { clock, kube } = this;
    const cluster = new FakeCluster(kube);
    const nowMs = () => clock.monotonicMs();
    this.slots = {
      movers: new MoverSlots(20, nowMs),
      bootstraps: new MoverSlots(bootstrapSlots(20), nowMs),
    };
    const kinds = [
      repositoryReconciler(anyOptions, this.slots.bootstraps),
      backupReconciler(anyOptions, this.slots.movers),
    ];
    let ids = 0;
    this.manager = new Manager(kinds, {
      cluster,
      telemetry: startTelemetryProbe(clock).telemetry,
      clock,
      random: () => 0.5,
      newId: () => `pass-${++ids}`,
      concurrency: 16,
      isLeader: () => true,
    });
    for (const kind of kinds) kube.declare(kind);
    this.manager.start();
    beginSlots(cluster.reader, this.slots);
    kube.subscribe(({ new: job, old }) => {
      if (job?.kind !== "Job" || old !== undefined) return;
      // Both have one storage that works.
      if (job.metadata.name.startsWith("repo-bootstrap-")) {
        return queueMicrotask(() => this.end(job, openedMessage()));
      }
      if (job.metadata.namespace !== "sick") return;
      const isDeletion = job.metadata.name.includes("-delete-");
      queueMicrotask(() => void kube.put(aPodOf(job, { status: isDeletion ? unscheduled : running })));
    });
    this.manager.work();
  }

  jobs(namespace: string): readonly KubeObject[] {
    return this.kube.list(JOB, { namespace }).filter((job) => !jobHasEnded(job));
  }

  end(job: KubeObject, message = aSavedResult(`k-${job.metadata.name}`)): void {
    const lastTransitionTime = this.clock.now().toISOString();
    const conditions = [{ type: "Complete", status: "True", lastTransitionTime }];
    this.kube.put(
      aPodOf(job, { status: endedPodStatus(0, message) }),
      { ...job, status: { succeeded: 1, conditions } },
    );
  }
}

Deno.test("whatever hangs in one namespace, a Backup and a first opening in another one begin within seconds", async () => {
  const cluster = new Cluster();
  const { clock, kube, slots, manager } = cluster;
  const sources = Array.from({ length: 64 }, (_, index) => `data-${index}`);
  kube.put(...aTenant("sick", sources), ...aTenant("good", ["data"]));
  for (let index = 0; index < 100; index++) {
    kube.put(aRepository({ namespace: "sick", name: `hangs-${index}` }));
  }
  for (let index = 0; index < 20; index++) {
    const ended = anEndedBackup(`old-${index}`, { namespace: "sick" });
    const annotations = { "kopiur.home-operations.com/confirm-deletion": "true" };
    kube.put({ ...ended, metadata: { ...ended.metadata, finalizers: [FINALIZER], annotations } });
    kube.delete(ended);
  }
  await clock.advance(30_000);
  kube.put(aBackup({ namespace: "sick", name: "wide" }));
  await clock.advance(60_000);
  assert.ok(cluster.jobs("sick").length > 10, `${cluster.jobs("sick").length} movers hang`);
  let longestSeconds = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    const before = clock.monotonicMs();
    kube.put(
      aBackup({ namespace: "good", name: `night-${turn}` }),
      aRepository({ namespace: "good", name: `new-${turn}` }),
    );
    await settle();
    while (cluster.jobs("good").length < 2) {
      assert.ok(
        clock.monotonicMs() - before < 10_000,
        `turn ${turn}: ${cluster.jobs("good").map(({ metadata }) => metadata.name)}`,
      );
      await clock.advance(1000);
    }
    longestSeconds = Math.max(longestSeconds, (clock.monotonicMs() - before) / 1000);
    for (const job of cluster.jobs("good")) {
      if (job.metadata.name.startsWith("night")) {
        cluster.end(job);
      } else {
        kube.delete(aRepository({ namespace: "good", name: `new-${turn}` }));
        kube.delete(job);
      }
    }
    await clock.advance(300_000);
    assert.ok(slots.movers.used <= 20 && slots.bootstraps.used <= bootstrapSlots(20));
  }
  assert.ok(longestSeconds <= 5, `${longestSeconds} s`);
  const phases = Array.from(
    { length: TURNS },
    (_, turn) =>
      (kube.find(API_VERSION, "Backup", { namespace: "good", name: `night-${turn}` })?.status as {
        phase?: string;
      })?.phase,
  );
  assert.deepEqual([...new Set(phases)], ["Succeeded"]);
  await manager.halt(new Error("over"));
});
