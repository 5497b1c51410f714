import { deepEqual } from "node:assert/strict";
import { FINALIZER } from "../../api/mod.ts";
import { backupReconciler } from "../../controller/backup/mod.ts";
import { backupConfigReconciler } from "../../controller/backup_config/mod.ts";
import { ScheduleStage } from "../../controller/backup_schedule/stage_test.ts";
import { repositoryReconciler } from "../../controller/repository/mod.ts";
import { Guard } from "../../controller/runtime/guard.ts";
import { MoverSlots } from "../../controller/movers/mod.ts";
import { FakeTransport, FakeWatch } from "../../kube/transport/fake_transport.ts";
import { ListWatchInformer } from "../../kube/watch/informer.ts";
import { Queue, RESOURCES, RETRY_BACKOFF } from "../../kube/mod.ts";
import {
  aBackup,
  aBackupConfig,
  aCondition,
  aReadyRepository,
  FakeClock,
  FakeKube,
  settle,
  startTelemetryProbe,
  type TelemetryProbe,
} from "../support/mod.ts";
import { anyOptions } from "../support/backup_stage.ts";
import { readExposition } from "./received.ts";
import { provoked } from "./two_values.ts";

const never = new AbortController().signal;

/** Values by the name of the metric, as its scrapes showed them. */
class SeenValues {
  readonly #values = new Map<string, Set<number>>();

  async scrape({ telemetry }: TelemetryProbe): Promise<void> {
    for (const [series, value] of readExposition(await telemetry.renderMetrics())) {
      const name = series.replace(/\{.*/, "");
      this.#values.set(name, (this.#values.get(name) ?? new Set()).add(value));
    }
  }

  /** Those of the names that took fewer than two values. */
  still(names: readonly string[]): readonly string[] {
    return names.filter((name) => (this.#values.get(name)?.size ?? 0) < 2);
  }
}

Deno.test("the metrics a healthy controller hardly ever moves move when there is a reason", async () => {
  const seen = new SeenValues();
  await stirEngine(seen);
  await stirObjects(seen);
  await stirSchedule(seen);
  await stirRecipes(seen);
  deepEqual(seen.still(provoked), []);
});

/** One recipe more than may have a histogram of its own. */
async function stirRecipes(seen: SeenValues): Promise<void> {
  const probe = startTelemetryProbe();
  for (let index = 0; index <= 500; index++) {
    const labels = { namespace: "apps", name: `recipe-${index}` };
    probe.telemetry.metrics.precreate("kopiur_backup_run_duration_seconds", labels);
    if (index === 499) await seen.scrape(probe);
  }
  await seen.scrape(probe);
  deepEqual(
    probe.lines().filter(({ target }) => target === "telemetry").map(({ level, fields }) => [level, fields]),
    [
      ["WARN", { recipes: 501, most: 500, variable: "KOPIUR_DURATION_RECIPES" }],
    ],
  );
}

async function stirEngine(seen: SeenValues): Promise<void> {
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const { log, metrics, state } = probe.telemetry;
  const guard = new Guard({ log, metrics });
  guard.precreate("Backup");
  const queue = new Queue({ name: "Backup", clock, random: () => 0.5, backoff: RETRY_BACKOFF, metrics });
  state.registerProcess(() => queue.samples());
  const transport = new FakeTransport(({ verb }, signal) =>
    verb === "list" ? { metadata: { resourceVersion: "1" }, items: [] } : new FakeWatch(signal).stream
  );
  const informer = new ListWatchInformer(
    { resource: RESOURCES.pod },
    { transport, clock, random: () => 0.5, log, metrics },
  );
  state.registerProcess(() => informer.samples());
  await seen.scrape(probe);

  guard.samples("Backup", () => {
    throw new Error("a defect");
  });
  queue.add({ namespace: "apps", name: "taken" }, "spec");
  queue.add({ namespace: "apps", name: "waiting" }, "spec");
  await queue.take(never);
  await clock.advance(3);
  const stop = new AbortController();
  informer.start(stop.signal);
  await settle();
  await seen.scrape(probe);
  stop.abort();
  await informer.ended;
}

/** Gauges of kinds over the objects they are computed from, and the ledger of slots with two limits. */
async function stirObjects(seen: SeenValues): Promise<void> {
  for (const [count, limit] of [[1, 4], [3, 3]] as const) {
    const clock = new FakeClock();
    const probe = startTelemetryProbe(clock);
    const kube = new FakeKube(() => clock.now());
    const catalog = { discoveredBackupCount: count, missingSnapshotCount: count };
    const unfinished = { snapshotCount: count, sizeBytes: count, oldestTime: "2026-01-01T03:00:00Z" };
    const storageStats = {
      totalSizeBytes: count,
      snapshotCount: count,
      unreadableManifests: count,
      unfinished,
    };
    kube.put(aReadyRepository({ status: { catalog, storageStats } }));
    const retention = { activeBackupCount: count, notWhole: { heldBackCount: count } };
    kube.put(aBackupConfig({ status: { retention, lastBackup: { renamed: count, lost: count } } }));
    for (let index = 0; index < count; index++) {
      const status = {
        phase: "Deleting",
        conditions: [aCondition("DeletionHeld", "True", "MassDeletionHeld")],
      };
      const metadata = { deletionTimestamp: "2026-01-02T03:00:00Z", finalizers: [FINALIZER] };
      kube.put(aBackup({ name: `held-${index}`, metadata, status }));
    }
    const slots = new MoverSlots(limit, clock.monotonicMs);
    slots.begin([]);
    for (let index = 0; index < 3; index++) {
      slots.ask({
        owner: { kind: "Backup", key: { namespace: "apps", name: `run-${index}` } },
        class: "backup",
        repository: "apps/repo",
        repositoryLimit: undefined,
        since: "2026-01-02T03:00:00Z",
        wanted: [`run-${index}`],
        working: [],
      });
    }
    const { state } = probe.telemetry;
    state.registerProcess(() => [...slots.samples("movers"), ...slots.samples("bootstraps")]);
    state.register(() => repositoryReconciler(anyOptions, slots).samples(kube, clock.now()));
    state.register(() => backupConfigReconciler(anyOptions).samples(kube, clock.now()));
    state.register(() => backupReconciler(anyOptions, slots).samples(kube, clock.now()));
    await seen.scrape(probe);
  }
}

/** Five hours without a controller: four slots are missed, and the newest is too late. */
async function stirSchedule(seen: SeenValues): Promise<void> {
  const stage = new ScheduleStage({ schedule: { cron: "0 * * * *", startingDeadlineSeconds: 600 } });
  await stage.pass();
  await seen.scrape(stage.probe);
  stage.setTime("2026-01-01T05:10:01Z");
  await stage.pass();
  await seen.scrape(stage.probe);
}
