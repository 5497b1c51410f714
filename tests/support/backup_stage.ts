import assert from "node:assert/strict";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import {
  ANNOTATION,
  API_VERSION,
  backupKind,
  type BackupStatus,
  backupStatus,
  FINALIZER,
  findCondition,
  isoSeconds,
} from "../../api/mod.ts";
import { SETTLE_SECONDS } from "../../controller/backup/deletion/breaker.ts";
import { backupReconciler, type BackupWorld } from "../../controller/backup/mod.ts";
import { planBackup } from "../../controller/backup/plan.ts";
import type { ControllerOptions } from "../../controller/options.ts";
import type { Kind } from "../../controller/runtime/kind.ts";
import { reconcile } from "../../controller/runtime/pass/reconcile.ts";
import type { QueueAction } from "../../controller/runtime/pass/report.ts";
import {
  credentialVersion,
  foundOf,
  moverJobName,
  MoverSlots,
  ProgressReader,
  repositoryNeeds,
  workingMovers,
} from "../../controller/movers/mod.ts";
import { DeletionListings, deletionMemoryText, JOB, resourceOf } from "../../controller/shared/mod.ts";
import { repositorySpec } from "../../api/mod.ts";
import type { KubeObject, Reader, Writer } from "../../kube/types.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aCondition,
  aNamespace,
  aPodOf,
  aReadyRepository,
  aSecret,
  endedPodStatus,
  type Parts,
} from "./builders.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeKube } from "./fake_kube.ts";
import { startTelemetryProbe } from "./telemetry_probe.ts";

/** What the tests start a controller with. */
export const anyOptions: ControllerOptions = {
  moverImage: "kopiur:test",
  moverImagePullPolicy: "IfNotPresent",
  moverEnvPassthrough: [],
  maxMovers: 20,
  operatorNamespace: "kopiur",
  instance: "controller-0",
};

/** What a backup mover says of a source it saved. */
export function aSavedResult(snapshotId: string, parts: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    version: 1,
    operation: "Backup",
    durationSeconds: 12,
    backup: {
      snapshotId,
      startTime: "2026-01-02T03:05:00.000Z",
      endTime: "2026-01-02T03:06:30.000Z",
      sizeBytes: 1000,
      files: 10,
      names: {},
      reused: false,
      ...parts,
    },
  });
}

/** What a mover says that failed, `parts` beside class and message. */
export function aFailedResult(
  failureClass: string,
  message: string,
  operation = "Backup",
  parts: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    version: 1,
    operation,
    durationSeconds: 3,
    failure: { class: failureClass, message, tail: `before\n${message}`, ...parts },
  });
}

/** What a mover says that failed before it let kopia save anything. */
export function aRefusedResult(failureClass: string, message: string): string {
  return aFailedResult(failureClass, message, "Backup", { nothingSaved: true });
}

/** What a mover says that deleted snapshots. */
export function aDeletedResult(
  deleted: number,
  alreadyGone = 0,
  parts: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    version: 1,
    operation: "SnapshotDelete",
    durationSeconds: 2,
    snapshotDelete: { deleted, alreadyGone, ...parts },
  });
}

/** A Backup of `recipe` that succeeded in another year, with one snapshot `k-<name>`. */
export function anEndedBackup(name: string, parts: Parts = {}): KubeObject {
  const times = { startTime: "2025-01-02T03:05:00Z", endTime: "2025-01-02T03:06:30Z", durationSeconds: 90 };
  const message = 'Backed up "data"';
  const uid = parts.namespace === undefined ? `uid-backup-${name}` : `uid-${parts.namespace}-${name}`;
  const madeBy = parts.metadata?.uid ?? uid;
  return aBackup({
    name,
    ...parts,
    metadata: {
      uid,
      finalizers: [FINALIZER],
      annotations: { [ANNOTATION.ranAs]: uid },
      ...parts.metadata,
    },
    status: {
      observedGeneration: 1,
      phase: "Succeeded",
      origin: "manual",
      message,
      resolved: {
        repository: { kind: "Repository", name: "repo", uniqueId: "0123abcd" },
        config: "recipe",
        identity: { username: "recipe", hostname: "apps" },
        deletionPolicy: "Delete",
      },
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Succeeded",
        kopiaSnapshotID: `k-${name}`,
        job: {
          name: moverJobName({ name, uid: madeBy }, { kind: "backup", source: "data" }, 1),
          attempts: 1,
        },
        ...times,
        sizeBytes: 1000,
        files: 10,
      }],
      timing: times,
      stats: { sizeBytes: 1000, files: 10 },
      conditions: ["Ready", "SnapshotCreated"].map((type) => ({
        ...aCondition(type, "True", "BackupSucceeded"),
        message,
      })),
      ...parts.status,
    },
  });
}

/** What a stage begins with. */
export interface StageParts {
  /** Names of the claims that exist and are the config's sources. */
  readonly sources?: readonly string[];
  readonly backup?: Parts;
  readonly config?: Parts;
  /** Spec of the Repository; its breaker keeps no last snapshots where this does not say otherwise. */
  readonly repository?: NonNullable<Parts["spec"]>;
  /** Sees the caches instead of the cluster itself, for tests in which they lag. */
  readonly reader?: (kube: FakeKube) => Reader;
  /** Stands before the cluster's writes, for tests in which the controller dies. */
  readonly writer?: (kube: FakeKube) => Writer;
  /** Movers that may work at a time; 20 when it is not given. */
  readonly maxMovers?: number;
}

/**
 * The Backup `run` of `recipe` in a cluster where nothing is missing: the real kind in the real engine over an
 * API server in memory. Passes are made one by one; Jobs end when the test says so.
 */
export class BackupStage {
  readonly clock = new FakeClock();
  readonly kube: FakeKube = new FakeKube(() => this.clock.now());
  readonly deletions: DeletionListings = new DeletionListings();
  readonly #parts: StageParts;
  #controller = this.#start();

  constructor(parts: StageParts = {}) {
    const repository = { deletionBreaker: { threshold: 10, window: "10m", keepLast: false } };
    this.#parts = { repository, ...parts };
    if (parts.maxMovers !== undefined) this.restart();
    const { sources = ["data"] } = parts;
    const spec = { sources: sources.map((name) => ({ pvc: { name } })), ...parts.config?.spec };
    this.kube.put(
      aNamespace(),
      aSecret(),
      aClaim({ name: "repo-data" }),
      ...sources.map((name) => aClaim({ name })),
      aBackupConfig({ ...parts.config, spec }),
      aBackup(parts.backup ?? {}),
    );
    this.openRepository();
  }

  /** Puts another namespace beside the stage's own, with the same recipe and a Repository that opens the same repository. */
  addNamespace(namespace: string): void {
    this.kube.put(
      aNamespace({ name: namespace }),
      aSecret({ namespace }),
      aClaim({ namespace, name: "repo-data" }),
      aClaim({ namespace }),
      aBackupConfig({ namespace }),
    );
    this.openRepository("0123abcd", {}, namespace);
  }

  /** Makes the Repository one that was opened with what is there now. */
  openRepository(uniqueId = "0123abcd", spec: NonNullable<Parts["spec"]> = {}, namespace = "apps"): void {
    const named = namespace === "apps" ? {} : { uid: `uid-repository-${namespace}` };
    const repository = aReadyRepository({ namespace, metadata: named });
    const needs = repositoryNeeds(repositorySpec.parse(repository.spec));
    const kinds = { secret: "Secret", configMap: "ConfigMap", volumeClaim: "PersistentVolumeClaim" } as const;
    const found = needs.map((need) =>
      foundOf(need, this.kube.find("v1", kinds[need.kind], this.#key(need.name, namespace)))
    );
    const before = this.kube.find(API_VERSION, "Repository", this.#key("repo", namespace));
    const uid = before?.metadata.uid ?? repository.metadata.uid ?? "";
    const known = { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, { sinceSecond: 0, past: [] }) };
    const metadata = { ...named, annotations: before?.metadata.annotations ?? known };
    const asked = { ...this.#parts.repository, ...spec };
    const { generation = 1 } = this.kube.put(aReadyRepository({ namespace, spec: asked, metadata })).metadata;
    const bootstrap = {
      forGeneration: generation,
      credentialVersion: credentialVersion(found),
      runs: 1,
      failures: 0,
    };
    const status = { observedGeneration: generation, uniqueId, bootstrap };
    this.kube.put(aReadyRepository({ namespace, spec: asked, status, metadata }));
  }

  /** One pass over the Backup, or over another one. */
  pass(name = "run", namespace = "apps"): Promise<QueueAction> {
    const { kind, deps, signal } = this.#controller;
    return reconcile({ kind, key: this.#key(name, namespace) }, "owned", deps, signal);
  }

  /** Passes until one writes nothing; fails when that never comes. */
  async settle(name = "run", namespace = "apps"): Promise<QueueAction> {
    for (let turn = 0; turn < 20; turn++) {
      const before = this.kube.writes.length;
      const action = await this.pass(name, namespace);
      if (this.kube.writes.length === before) return action;
    }
    return assert.fail(`the Backup never settles:\n${this.kube.writes.join("\n")}`);
  }

  /** Lets a deletion begin: settles, lets the settling time of the breaker go by, and settles again. */
  async settleDeletion(): Promise<QueueAction> {
    await this.settle();
    await this.clock.advance(SETTLE_SECONDS * 1000);
    return await this.settle();
  }

  /** Settles every Backup, one after the other. */
  async settleAll(): Promise<void> {
    for (const { metadata } of this.backups) await this.settle(metadata.name, metadata.namespace);
  }

  /** Puts Backups that ended long ago, each with one snapshot, beside the stage's own. */
  addEnded(names: readonly string[], parts: Parts = {}): void {
    for (const name of names) this.kube.put(anEndedBackup(name, parts));
  }

  /** Every Backup. */
  get backups(): readonly KubeObject[] {
    return this.kube.list(resourceOf(backupKind));
  }

  /** A Backup by its name, as `Phase Reason`; "gone" when it is. */
  phaseAndReason(name: string, namespace = "apps"): string {
    const backup = this.kube.find(API_VERSION, "Backup", this.#key(name, namespace));
    if (backup === undefined) return "gone";
    const { phase, conditions } = backupStatus.parse(backup.status ?? {});
    return `${phase} ${findCondition(conditions, "Ready")?.reason}`;
  }

  /** What the status of a Backup says in one sentence. */
  messageOf(name: string, namespace = "apps"): string {
    const backup = this.kube.find(API_VERSION, "Backup", this.#key(name, namespace));
    return backupStatus.parse(backup?.status ?? {}).message ?? "";
  }

  /** A controller that has just started: it counts from 0 and remembers nothing. */
  restart(): void {
    this.#controller.forget();
    this.#controller = this.#start(this.#parts.maxMovers);
  }

  /** The Backup; undefined when it is gone. */
  get backup(): KubeObject | undefined {
    return this.kube.find(API_VERSION, "Backup", this.#key("run"));
  }

  /** Its status. */
  get status(): BackupStatus {
    return backupStatus.parse(this.backup?.status ?? {});
  }

  /** Whether it holds its finalizer. */
  get isHeld(): boolean {
    return this.backup?.metadata.finalizers?.includes(FINALIZER) === true;
  }

  /** Conditions as `Type=Status Reason`. */
  get conditions(): readonly string[] {
    return this.status.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
      .toSorted() ?? [];
  }

  /** Events as `Type Reason on Kind`. */
  get events(): readonly string[] {
    return this.kube.events.map(({ type, reason, regarding }) => `${type} ${reason} on ${regarding.kind}`);
  }

  /** Jobs that exist, oldest first. */
  get jobs(): readonly KubeObject[] {
    return this.kube.list({ group: "batch", version: "v1", kind: "Job", plural: "jobs", namespaced: true });
  }

  /** Names of all Jobs ever made. */
  get made(): readonly string[] {
    return this.kube.writes.filter((write) => write.startsWith("create Job ")).map((write) =>
      write.slice("create Job ".length)
    );
  }

  /** The newest Job, of a source if one is named. */
  job(source?: string): KubeObject {
    const found = this.jobs.findLast(({ metadata }) =>
      source === undefined || metadata.annotations?.["kopiur.home-operations.com/source"] === source
    );
    return found ?? assert.fail(`there is no Job of "${source ?? "anything"}"`);
  }

  /** Ends a Job: its pod leaves a message, the Job is called complete or failed. */
  end(job: KubeObject, exitCode: number, message: string): void {
    const finishedAt = "2026-01-02T03:06:31Z";
    const type = exitCode === 0 ? "Complete" : "Failed";
    const reason = exitCode === 0
      ? "CompletionsReached"
      : exitCode === 2
      ? "PodFailurePolicy"
      : "BackoffLimitExceeded";
    const condition = { type, status: "True", reason, message: "", lastTransitionTime: finishedAt };
    this.kube.put(
      aPodOf(job, { status: endedPodStatus(exitCode, message, exitCode === 137 ? "Error" : undefined) }),
      { ...job, status: { ...(exitCode === 0 ? { succeeded: 1 } : { failed: 1 }), conditions: [condition] } },
    );
  }

  /** A pod of a Job, made now unless it is there already, stands as `status` says. */
  pod(job: KubeObject, status: Readonly<Record<string, unknown>>, suffix = "x"): KubeObject {
    const name = `${job.metadata.name}-${suffix}`;
    const known = this.kube.find("v1", "Pod", this.#key(name))?.metadata.creationTimestamp;
    const creationTimestamp = known ?? isoSeconds(this.clock.now());
    return this.kube.put(aPodOf(job, { name, metadata: { creationTimestamp }, status }));
  }

  /** Deletes an object of the namespace as a person would. */
  delete(apiVersion: string, kind: string, name: string): void {
    const object = this.kube.find(apiVersion, kind, this.#key(name));
    this.kube.delete(object ?? assert.fail(`there is no ${kind} "${name}"`));
  }

  /** Deletes Backups as a person would; the stage's own one when none is named. */
  deleteBackup(...names: readonly string[]): void {
    for (const name of names.length === 0 ? ["run"] : names) this.delete(API_VERSION, "Backup", name);
  }

  /** Deletes Backups of another namespace as a person would. */
  deleteIn(namespace: string, ...names: readonly string[]): void {
    for (const name of names) {
      const backup = this.kube.find(API_VERSION, "Backup", this.#key(name, namespace));
      this.kube.delete(backup ?? assert.fail(`there is no Backup "${namespace}/${name}"`));
    }
  }

  /** Changes the Backup as a person would. */
  edit(change: (backup: KubeObject) => KubeObject): void {
    this.kube.put(change(this.backup ?? assert.fail("the Backup is gone")));
  }

  /** Annotates Backups as a person would; null takes an annotation away. */
  annotate(annotations: Readonly<Record<string, string | null>>, ...names: readonly string[]): void {
    for (const name of names.length === 0 ? ["run"] : names) {
      const backup = this.kube.find(API_VERSION, "Backup", this.#key(name)) ??
        assert.fail(`there is no Backup "${name}"`);
      const merged = Object.entries({ ...backup.metadata.annotations, ...annotations })
        .filter((entry): entry is [string, string] => entry[1] !== null);
      const metadata = { ...backup.metadata, annotations: Object.fromEntries(merged) };
      this.kube.put({ ...backup, metadata });
    }
  }

  /** Spans of the controller that runs now, in the order they ended. */
  spans(): readonly ReadableSpan[] {
    return this.#controller.spans();
  }

  /** The ledger of slots of the controller that runs now. */
  get slots(): MoverSlots {
    return this.#controller.slots;
  }

  /** Names of the Backups a change of that object has reconciled. */
  wokenBy(object: KubeObject): readonly string[] {
    const watches = this.#controller.kind.watches.filter(({ resource }) => resource.kind === object.kind);
    const keys = watches.flatMap((watch) => watch.keys?.(object, this.kube) ?? []);
    return [...new Set(keys.map(({ name }) => name))].toSorted();
  }

  /** Gauges whose name begins so, as `name value by label value`. */
  gauges(prefix: string): readonly string[] {
    return [...this.#controller.kind.samples(this.kube, this.clock.now())]
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ name, labels, value }) => `${name} ${value} ${Object.values(labels).join("/")}`);
  }

  /** Lines of /metrics that begin so. */
  series(prefix: string): Promise<readonly string[]> {
    return this.#controller.series(prefix);
  }

  #key(name: string, namespace = "apps"): { readonly namespace: string; readonly name: string } {
    return { namespace, name };
  }

  #start(maxMovers = anyOptions.maxMovers) {
    const { clock, kube } = this;
    const probe = startTelemetryProbe(clock);
    const slots = new MoverSlots(maxMovers, () => clock.monotonicMs());
    const progress = new ProgressReader({ clock, log: probe.telemetry.log });
    const kind = withPlansProven(
      backupReconciler(anyOptions, slots, { deletions: this.deletions, progress }),
    );
    kube.declare(kind);
    slots.begin(workingMovers(kube.list(JOB)));
    // Passes are made one by one, so nobody is woken; but the ledger has to hear of what happens to movers.
    const forget = kube.subscribe((change) => {
      const object = change.new ?? change.old;
      for (const { resource, keys } of kind.watches) {
        if (object !== undefined && resource.kind === object.kind) keys?.(object, kube);
      }
    });
    let passes = 0;
    const deps = {
      get reader() {
        return reader();
      },
      get writer() {
        return writer();
      },
      events: kube,
      telemetry: probe.telemetry,
      clock,
      random: () => 0.5,
      newId: () => `pass-${++passes}`,
    };
    const reader = () => this.#parts.reader?.(kube) ?? kube;
    const writer = () => this.#parts.writer?.(kube) ?? kube;
    const { signal } = new AbortController();
    return { kind, deps, slots, forget, signal, series: probe.series, spans: probe.spans };
  }
}

/** The kind as it is; a plan it kept from asking for slots must be the one it would make with their answer. */
function withPlansProven(kind: Kind<BackupWorld>): Kind<BackupWorld> {
  return {
    ...kind,
    plan: (world, now) => {
      const { planned: _planned, ...seen } = world;
      const plan = kind.plan(world, now);
      assert.deepEqual(plan, planBackup(seen, now));
      return plan;
    },
  };
}
