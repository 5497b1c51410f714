/**
 * The controller role: the list of kinds, leadership, and the order in which things start and stop. Start reading
 * at `startController`, then runtime/mod.ts for the engine and one folder per kind.
 * @module
 */
import type { KIND_NAMES } from "../api/mod.ts";
import type { Cluster, KubeClock } from "../kube/mod.ts";
import type { Sample, Telemetry } from "../telemetry/mod.ts";
import { backupReconciler } from "./backup/mod.ts";
import { backupConfigReconciler } from "./backup_config/mod.ts";
import { backupScheduleReconciler } from "./backup_schedule/mod.ts";
import { type Leadership, leadershipByLease, soleLeadership } from "./leadership.ts";
import type { ControllerOptions } from "./options.ts";
import { type Permission, permissionsOf } from "./permissions.ts";
import { repositoryReconciler } from "./repository/mod.ts";
import { type AnyKind, Manager } from "./runtime/mod.ts";
import {
  beginSlots,
  bootstrapSlots,
  MoverSlots,
  ProgressReader,
  type SlotPool,
  slotPools,
} from "./movers/mod.ts";
import { DeletionListings, FoundRuns } from "./shared/mod.ts";

export { LEASE_NAME } from "./leadership.ts";
export type { ControllerOptions } from "./options.ts";
export type { Permission } from "./permissions.ts";

/** What the controller needs. The caller closes the cluster, which sends the last Events. */
export interface ControllerDeps {
  readonly cluster: Pick<
    Cluster,
    "reader" | "writer" | "events" | "createInformer" | "createLeaderElector"
  >;
  readonly telemetry: Telemetry;
  readonly clock: KubeClock;
  /** A number from [0, 1). */
  readonly random: () => number;
  /** A new unique text, e.g. a UUID. */
  readonly newId: () => string;
  /** `lease`: works only while it holds the lease. `single`: the only replica, works at once. */
  readonly leadership: "lease" | "single";
}

/** How the controller ended: stopped, or because another replica may work now and the process must exit. */
export type ControllerEnd =
  | { readonly kind: "stopped" }
  | { readonly kind: "lost"; readonly reason: Error };

const concurrency = 16;
const drainLimitMs = 15_000;
const watchLimitMs = 3_000;
const leaseLimitMs = 5_000;

/**
 * Runs the controller until the signal aborts or leadership is lost. A replica that does not lead keeps its caches
 * warm and does nothing else. On a stop: watches end, passes end (after 15 s they are aborted),
 * the lease is released.
 */
export async function startController(
  deps: ControllerDeps,
  options: ControllerOptions,
  signal: AbortSignal,
): Promise<ControllerEnd> {
  const { cluster, telemetry, clock, random, newId } = deps;
  const log = telemetry.log.child({ target: "controller" });
  const slots = createSlots(options, () => clock.monotonicMs());
  const leadership = leadershipOf(deps, options);
  const progress = new ProgressReader({ clock, log });
  const manager = new Manager(createKinds(options, slots, progress), {
    cluster,
    telemetry,
    clock,
    random,
    newId,
    concurrency,
    isLeader: () => leadership.isLeader(),
  });
  const unregister = [telemetry.state.registerProcess(() => leadership.samples())];
  try {
    manager.start();
    await manager.whenSynced(signal);
    log.info("caches are filled");
    leadership.start();
    await leadership.whenLeader(signal);
    log.info("leading", { identity: leadership.identity });
    telemetry.state.setActive(true);
    telemetry.metrics.precreate("kopiur_mover_operations_total", {});
    beginSlots(cluster.reader, slots);
    unregister.push(telemetry.state.registerProcess(() => slotSamples(slots)));
    manager.work();
    const lost = await Promise.race([leadership.lost, aborted(signal)]);
    telemetry.state.setActive(false);
    if (lost === undefined) return await stop();
    log.error("leadership was lost", { error: lost });
    await atMost(clock, leaseLimitMs, manager.halt(lost));
    return { kind: "lost", reason: lost };
  } catch (error) {
    if (signal.aborted) return await stop();
    await manager.halt(error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    for (const each of unregister) each();
  }

  async function stop(): Promise<ControllerEnd> {
    const limit = new AbortController();
    const cancel = clock.setTimer(
      drainLimitMs,
      () => limit.abort(new Error("The passes did not end in time")),
    );
    try {
      // Passes must not outlive the lease, also while ending.
      void leadership.lost.then((reason) => limit.abort(reason));
      await atMost(clock, watchLimitMs, manager.stopWatching());
      await manager.drain(limit.signal);
    } finally {
      cancel();
    }
    await atMost(clock, leaseLimitMs, leadership.release());
    return { kind: "stopped" };
  }
}

/** The permissions of the controller's role in every namespace, from the declarations of the kinds. */
export function controllerPermissions(): readonly Permission[] {
  const options: ControllerOptions = {
    moverImage: "",
    moverImagePullPolicy: "IfNotPresent",
    moverEnvPassthrough: [],
    maxMovers: 0,
    operatorNamespace: "",
    instance: "",
  };
  const progress = new ProgressReader({
    clock: { monotonicMs: () => 0, setTimer: () => () => {} },
    log: { debug: () => {} },
  });
  return permissionsOf(createKinds(options, createSlots(options, () => 0), progress));
}

function leadershipOf(
  { cluster, leadership, newId }: ControllerDeps,
  options: ControllerOptions,
): Leadership {
  return leadership === "lease"
    ? leadershipByLease(cluster, options, newId)
    : soleLeadership(options.instance);
}

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** Waits for an end, but at most `limitMs`: the rest ends with the process. */
async function atMost(clock: KubeClock, limitMs: number, ending: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.setTimer(limitMs, resolve);
  try {
    await Promise.race([ending, promise]);
  } finally {
    cancel();
  }
}

type Slots = Readonly<Record<SlotPool, MoverSlots>>;

function createSlots({ maxMovers }: ControllerOptions, nowMs: () => number): Slots {
  return {
    movers: new MoverSlots(maxMovers, nowMs),
    bootstraps: new MoverSlots(bootstrapSlots(maxMovers), nowMs),
  };
}

function* slotSamples(slots: Slots): Iterable<Sample> {
  for (const pool of slotPools) yield* slots[pool].samples(pool);
}

/** The list of kinds: without an entry here a kind of KIND_NAMES does not compile. */
function createKinds(
  options: ControllerOptions,
  slots: Slots,
  progress: ProgressReader,
): readonly AnyKind[] {
  const found = new FoundRuns();
  const deletions = new DeletionListings();
  return Object.values(
    {
      repository: repositoryReconciler(options, slots.bootstraps, found, deletions),
      backupConfig: backupConfigReconciler(options),
      backupSchedule: backupScheduleReconciler(options),
      backup: backupReconciler(options, slots.movers, { found, deletions, progress }),
    } satisfies Readonly<Record<keyof typeof KIND_NAMES, AnyKind>>,
  );
}
