/** What the tests of this folder share: a namespace in memory in which a BackupSchedule lives. Holds no test itself. */
import assert from "node:assert/strict";
import {
  ANNOTATION,
  API_VERSION,
  backupKind,
  type BackupScheduleStatus,
  backupScheduleStatus,
} from "../../api/mod.ts";
import type { KubeObject, Reader, Writer } from "../../kube/types.ts";
import {
  aBackup,
  aBackupConfig,
  anObject,
  FakeClock,
  FakeKube,
  startTelemetryProbe,
} from "../../tests/support/mod.ts";
import type { ControllerOptions } from "../options.ts";
import { reconcile } from "../runtime/pass/reconcile.ts";
import type { QueueAction } from "../runtime/pass/report.ts";
import { resourceOf } from "../shared/mod.ts";
import { backupScheduleReconciler } from "./mod.ts";

export const OPTIONS: ControllerOptions = {
  moverImage: "kopiur:test",
  moverImagePullPolicy: "Never",
  moverEnvPassthrough: [],
  maxMovers: 20,
  operatorNamespace: "kopiur-system",
  instance: "kopiur-0",
};
/** The schedule of every test, made a second after midnight. */
export const KEY = { namespace: "apps", name: "nightly" };
export const CREATED = "2026-01-01T00:00:01Z";
const BACKUP = resourceOf(backupKind);

type Fields = Readonly<Record<string, unknown>>;

/** What a stage begins with. */
export interface StageParts {
  /** Beside cron `0 3 * * *`. */
  readonly schedule?: Fields;
  readonly spec?: Fields;
  readonly name?: string;
  readonly uid?: string;
  readonly status?: Fields;
  readonly start?: string;
  readonly withoutConfig?: true;
  readonly reader?: (kube: FakeKube) => Reader;
  readonly writer?: (kube: FakeKube) => Writer;
}

/** A BackupSchedule: the spec as the API server would default it. */
export function aBackupSchedule(
  { schedule, spec, name = KEY.name, uid, status }: StageParts = {},
): KubeObject {
  return anObject(API_VERSION, "BackupSchedule", {
    name,
    metadata: { creationTimestamp: CREATED, uid: uid ?? `uid-backupschedule-${name}` },
    spec: {
      configRef: { name: "recipe" },
      ...spec,
      schedule: { cron: "0 3 * * *", ...schedule },
    },
    ...(status === undefined ? {} : { status }),
  });
}

/** A BackupSchedule with its BackupConfig in a cluster in memory, under the real engine. */
export class ScheduleStage {
  clock: FakeClock;
  readonly kube: FakeKube;
  readonly kind = backupScheduleReconciler(OPTIONS);
  probe: ReturnType<typeof startTelemetryProbe>;
  readonly key: { readonly namespace: string; readonly name: string };
  readonly #reader: Reader;
  readonly #writer: Writer;

  constructor(parts: StageParts = {}) {
    this.clock = new FakeClock(parts.start ?? "2026-01-01T00:00:02Z");
    this.kube = new FakeKube(() => this.clock.now()).declare(this.kind);
    this.kube.put(aBackupSchedule(parts));
    this.key = { namespace: KEY.namespace, name: parts.name ?? KEY.name };
    if (parts.withoutConfig === undefined) this.kube.put(aBackupConfig());
    this.probe = startTelemetryProbe(this.clock);
    this.#reader = parts.reader?.(this.kube) ?? this.kube;
    this.#writer = parts.writer?.(this.kube) ?? this.kube;
  }

  /** One pass of the controller. */
  pass(writer: Writer = this.#writer): Promise<QueueAction> {
    const { probe: { telemetry }, clock, kube, kind, key } = this;
    const deps = {
      reader: this.#reader,
      writer,
      events: kube,
      telemetry,
      clock,
      random: () => 0.99,
      newId: () => "pass",
    };
    return reconcile({ kind, key }, "requeue", deps, new AbortController().signal);
  }

  /** Sets the clock, forward or back, while nobody works. */
  setTime(time: string): void {
    this.clock = new FakeClock(time);
  }

  /** The controller works as its queue would let it, until then. */
  async liveUntil(time: string): Promise<void> {
    const endMs = Date.parse(time);
    while (true) {
      const action = await this.pass();
      const seconds = action.kind === "after" ? action.seconds : Number.POSITIVE_INFINITY;
      const nextMs = this.clock.epochMs() + seconds * 1000;
      if (nextMs > endMs) break;
      await this.clock.advance(seconds * 1000);
    }
    await this.clock.advance(endMs - this.clock.epochMs());
  }

  /** A person edits the spec. */
  edit(parts: StageParts): void {
    const current = this.object;
    const spec = current["spec"] as { readonly schedule: Fields };
    const schedule = { ...spec.schedule, ...parts.schedule };
    this.kube.put({ ...current, spec: { ...spec, ...parts.spec, schedule } });
  }

  get object(): KubeObject {
    return this.kube.find(API_VERSION, "BackupSchedule", this.key) ?? assert.fail("the schedule is gone");
  }

  get status(): BackupScheduleStatus {
    return backupScheduleStatus.parse(this.object["status"] ?? {});
  }

  get ready(): string {
    const ready = this.status.conditions?.find(({ type }) => type === "Ready");
    return `${ready?.status} ${ready?.reason}: ${ready?.message}`;
  }

  /** Names of the Backups there are and nobody deleted, oldest first. */
  get backups(): readonly string[] {
    const backups = this.kube.list(BACKUP).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return backups.map(({ metadata }) => metadata.name).toSorted();
  }

  /** Names of the Backups the controller made, in order, each as often as it was written. */
  get made(): readonly string[] {
    return this.kube.writes.flatMap((write) => /^create Backup apps\/(.*)$/.exec(write)?.[1] ?? []);
  }

  backup(name: string): KubeObject {
    return this.kube.get(BACKUP, { namespace: "apps", name }) ?? assert.fail(`Backup "${name}" is gone`);
  }

  /** A run gets on. */
  setPhase(name: string, phase: string, parts: Fields = {}): void {
    this.kube.put({ ...this.backup(name), status: { phase, ...parts } });
  }

  /** A run of this schedule that is there already. */
  putRun(
    slot: string,
    phase: string,
    parts: Fields = {},
    metadata: KubeObject["metadata"] | Fields = {},
  ): string {
    const name = `${this.key.name}-${slot}`;
    this.kube.put(aBackup({
      name,
      metadata: { labels: { "kopiur.home-operations.com/schedule": this.key.name }, ...metadata },
      status: { phase, ...parts },
    }));
    return name;
  }

  isCancelled(name: string): boolean {
    return this.backup(name).metadata.annotations?.[ANNOTATION.cancelRun] === "Replaced";
  }

  /** Events as `Type Reason: note`. */
  get events(): readonly string[] {
    return this.kube.events.map(({ type, reason, note }) => `${type} ${reason}: ${note}`);
  }

  eventsOf(reason: string): readonly string[] {
    return this.events.filter((event) => event.includes(` ${reason}: `));
  }

  /** The value of a counter of this schedule; `labels` as in the text. */
  async counter(metric: string, labels = ""): Promise<number | undefined> {
    const series = await this.probe.series(`${metric}{namespace="apps",name="${this.key.name}"${labels}}`);
    const [, value] = /} (\S+)$/.exec(series[0] ?? "") ?? [];
    return value === undefined ? undefined : Number(value);
  }
}

/** A snapshot of its own. */
export const SAVED = { snapshots: [{ source: "data", kopiaSnapshotID: "k1", phase: "Succeeded" }] };
/** Nothing had changed. */
export const UNCHANGED = { snapshots: [{ source: "data", phase: "Succeeded", unchanged: true }] };
