import assert from "node:assert/strict";
import { ANNOTATION, API_VERSION, type BackupStatus, backupStatus, progressLine } from "../api/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../kube/types.ts";
import { anyOptions, aSavedResult, BackupStage } from "../tests/support/backup_stage.ts";
import {
  aBackup,
  aPodOf,
  endedPodStatus,
  FakeCluster,
  settle,
  startTelemetryProbe,
} from "../tests/support/mod.ts";
import { startController } from "./mod.ts";
import { JOB } from "./shared/mod.ts";

type ReadLog = Reader["readLog"];

/** A whole controller over an API server in memory, with movers whose logs the test answers. */
class House {
  readonly #stage = new BackupStage();
  readonly clock = this.#stage.clock;
  readonly kube = this.#stage.kube;
  readonly read: { readonly pod: string; readonly atMs: number }[] = [];
  readLog: ReadLog = (pod, part, signal) => this.kube.readLog(pod, part, signal);
  readonly #stop = new AbortController();
  readonly #run: Promise<unknown>;

  constructor(maxMovers: number, backups: number) {
    const { kube, clock } = this;
    this.#stage.delete(API_VERSION, "Backup", "run");
    for (let index = 0; index < backups; index++) kube.put(aBackup({ name: `run-${index}` }));
    const cluster = new FakeCluster(kube);
    const readLog: ReadLog = (pod, part, signal) => {
      this.read.push({ pod: pod.name, atMs: clock.monotonicMs() });
      return this.readLog(pod, part, signal);
    };
    let ids = 0;
    this.#run = startController(
      {
        cluster: {
          reader: { ...cluster.reader, readLog },
          writer: cluster.writer,
          events: cluster.events,
          createInformer: (wanted) => cluster.createInformer(wanted),
          createLeaderElector: (wanted) => cluster.createLeaderElector(wanted),
        },
        telemetry: startTelemetryProbe(clock).telemetry,
        clock,
        random: () => 0.5,
        newId: () => `id-${++ids}`,
        leadership: "single",
      },
      { ...anyOptions, maxMovers },
      this.#stop.signal,
    );
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("over"));
    await this.#run;
  }

  /** Those of Backups. */
  get jobs(): readonly KubeObject[] {
    return this.kube.list(JOB).filter(({ metadata }) =>
      metadata.annotations?.[ANNOTATION.source] !== undefined
    );
  }

  /** Every mover that was made works. */
  work(): void {
    const startedAt = this.clock.now().toISOString();
    const state = { running: { startedAt } };
    for (const job of this.jobs) {
      this.kube.put(
        aPodOf(job, { status: { phase: "Running", containerStatuses: [{ name: "mover", state }] } }),
      );
    }
  }

  says(bytesDone: number): void {
    const line = progressLine({ bytesDone, filesDone: 1, bytesWritten: 0 });
    for (const job of this.jobs) this.kube.setLog(podOf(job), "mover", `${line}\n`);
  }

  status(name: string): BackupStatus {
    return backupStatus.parse(
      this.kube.find(API_VERSION, "Backup", { namespace: "apps", name })?.status ?? {},
    );
  }

  /** What all Backups say, each value once. */
  said(): readonly (number | undefined)[] {
    const names = this.jobs.map(({ metadata }) => metadata.ownerReferences?.[0]?.name ?? "");
    return [...new Set(names.map((name) => this.status(name).progress?.[0]?.bytesDone))];
  }

  /** In small steps, as a controller lives. */
  async live(seconds: number): Promise<void> {
    for (let at = 0; at < seconds; at += 5) await this.clock.advance(5000);
  }
}

function podOf(job: KubeObject): ObjectKey {
  return { namespace: "apps", name: `${job.metadata.name}-x` };
}

for (const movers of [20, 100]) {
  Deno.test(`startController() tells how far ${movers} movers are, at most twice a minute each`, async () => {
    // The last tenth of the slots is kept for namespaces that have none.
    const house = new House(Math.ceil(movers / 0.9), movers);
    await settle(60);
    assert.equal(house.jobs.length, movers);
    house.work();
    house.says(1000);
    await house.live(65);
    assert.deepEqual(house.said(), [1000]);
    const [writes, reads] = [house.kube.writes.length, house.read.length];
    for (let step = 0; step < 60; step++) {
      house.says(2000 + step);
      await house.live(5);
    }
    const written = house.kube.writes.slice(writes).filter((write) =>
      write.startsWith("status Backup ")
    ).length /
      movers;
    const wasRead = (house.read.length - reads) / movers;
    assert.ok(written <= 10.01 && written >= 8, `${written} writes of each in five minutes`);
    assert.ok(wasRead <= 10.01 && wasRead >= 8, `${wasRead} readings of each in five minutes`);
    const others = house.kube.writes.slice(writes).filter((write) => / Backup(Config|Schedule) /.test(write));
    assert.deepEqual(others, [], "nothing else is written for it");
    await house.stop();
  });
}

Deno.test("startController() tells what it read as soon as it read it", async () => {
  const house = new House(30, 20);
  await settle(60);
  house.work();
  house.says(1000);
  for (let seconds = 0; seconds < 60 && house.read.length === 0; seconds++) await house.clock.advance(1000);
  await settle(60);
  assert.deepEqual([house.read.length, house.said()], [20, [1000]]);
  await house.stop();
});

Deno.test("startController() works on while no log answers, and stops at once", async () => {
  const house = new House(30, 20);
  await settle(30);
  house.work();
  let open = 0;
  house.readLog = (_pod, _part, signal) => {
    open += 1;
    return new Promise((_resolve, reject) =>
      signal.addEventListener("abort", () => {
        open -= 1;
        reject(signal.reason);
      }, { once: true })
    );
  };
  await house.live(31);
  assert.equal(open, 4);
  const [job] = house.jobs;
  const condition = { type: "Complete", status: "True", lastTransitionTime: "2026-01-02T03:06:31Z" };
  house.kube.put(
    aPodOf(job ?? assert.fail(), { status: endedPodStatus(0, aSavedResult("k1")) }),
    { ...job ?? assert.fail(), status: { succeeded: 1, conditions: [condition] } },
  );
  await settle();
  assert.equal(house.status(job?.metadata.ownerReferences?.[0]?.name ?? "").phase, "Succeeded");
  house.kube.put(aBackup({ name: "another" }));
  await settle();
  assert.equal(house.status("another").phase, "Running");
  assert.equal(open, 4, "all this while the same four readings hang");
  const startMs = house.clock.monotonicMs();
  await house.stop();
  assert.equal(house.clock.monotonicMs(), startMs, "nothing waits for a reading");
  const reads = house.read.length;
  await house.live(120);
  assert.ok(house.read.length - reads <= 20, "what stood in line is all that is read after the end");
});
