import assert from "node:assert/strict";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { API_VERSION, type BackupStatus, backupStatus, FINALIZER, isoSeconds } from "../../api/mod.ts";
import { backupReconciler } from "../../controller/backup/mod.ts";
import type { ControllerOptions } from "../../controller/options.ts";
import { reconcile } from "../../controller/runtime/reconcile.ts";
import type { QueueAction } from "../../controller/runtime/report.ts";
import { credentialVersion, foundOf, repositoryNeeds } from "../../controller/shared/mod.ts";
import { repositorySpec } from "../../api/mod.ts";
import type { KubeObject, Reader, Writer } from "../../kube/types.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
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
      reused: false,
      ...parts,
    },
  });
}

/** What a mover says that failed. */
export function aFailedResult(failureClass: string, message: string, operation = "Backup"): string {
  return JSON.stringify({
    version: 1,
    operation,
    durationSeconds: 3,
    failure: { class: failureClass, message, tail: `before\n${message}` },
  });
}

/** What a mover says that deleted snapshots. */
export function aDeletedResult(deleted: number, alreadyGone = 0): string {
  return JSON.stringify({
    version: 1,
    operation: "SnapshotDelete",
    durationSeconds: 2,
    snapshotDelete: { deleted, alreadyGone },
  });
}

/** What a stage begins with. */
export interface StageParts {
  /** Names of the claims that exist and are the config's sources. */
  readonly sources?: readonly string[];
  readonly backup?: Parts;
  readonly config?: Parts;
  /** Sees the caches instead of the cluster itself, for tests in which they lag. */
  readonly reader?: (kube: FakeKube) => Reader;
  /** Stands before the cluster's writes, for tests in which the controller dies. */
  readonly writer?: (kube: FakeKube) => Writer;
}

/**
 * The Backup `run` of `recipe` in a cluster where nothing is missing: the real kind in the real engine over an
 * API server in memory. Passes are made one by one; Jobs end when the test says so.
 */
export class BackupStage {
  readonly clock = new FakeClock();
  readonly kube: FakeKube = new FakeKube(() => this.clock.now());
  readonly #parts: StageParts;
  #controller = this.#start();

  constructor(parts: StageParts = {}) {
    this.#parts = parts;
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

  /** Makes the Repository one that was opened with what is there now. */
  openRepository(uniqueId = "0123abcd"): void {
    const repository = aReadyRepository();
    const needs = repositoryNeeds(repositorySpec.parse(repository.spec));
    const kinds = { secret: "Secret", configMap: "ConfigMap", volumeClaim: "PersistentVolumeClaim" } as const;
    const found = needs.map((need) =>
      foundOf(need, this.kube.find("v1", kinds[need.kind], this.#key(need.name)))
    );
    const bootstrap = { forGeneration: 1, credentialVersion: credentialVersion(found), runs: 1, failures: 0 };
    this.kube.put(aReadyRepository({ status: { uniqueId, bootstrap } }));
  }

  /** One pass over the Backup. */
  pass(): Promise<QueueAction> {
    const { kind, deps, signal } = this.#controller;
    return reconcile({ kind, key: this.#key("run") }, "owned", deps, signal);
  }

  /** Passes until one writes nothing; fails when that never comes. */
  async settle(): Promise<QueueAction> {
    for (let turn = 0; turn < 20; turn++) {
      const before = this.kube.writes.length;
      const action = await this.pass();
      if (this.kube.writes.length === before) return action;
    }
    return assert.fail(`the Backup never settles:\n${this.kube.writes.join("\n")}`);
  }

  /** A controller that has just started: it counts from 0 and remembers nothing. */
  restart(): void {
    this.#controller = this.#start();
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
    return this.kube.writes.filter((write) => write.startsWith("apply Job ")).map((write) => write.slice(10));
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

  /** Deletes the Backup as a person would. */
  deleteBackup(): void {
    this.delete(API_VERSION, "Backup", "run");
  }

  /** Changes the Backup as a person would. */
  edit(change: (backup: KubeObject) => KubeObject): void {
    this.kube.put(change(this.backup ?? assert.fail("the Backup is gone")));
  }

  /** Spans of the controller that runs now, in the order they ended. */
  spans(): readonly ReadableSpan[] {
    return this.#controller.spans();
  }

  /** Lines of /metrics that begin so. */
  series(prefix: string): Promise<readonly string[]> {
    return this.#controller.series(prefix);
  }

  #key(name: string): { readonly namespace: string; readonly name: string } {
    return { namespace: "apps", name };
  }

  #start() {
    const { clock, kube } = this;
    const probe = startTelemetryProbe(clock);
    const kind = backupReconciler(anyOptions);
    kube.declare(kind);
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
    return { kind, deps, signal: new AbortController().signal, series: probe.series, spans: probe.spans };
  }
}
