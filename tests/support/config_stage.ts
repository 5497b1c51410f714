import { API_VERSION, type BackupConfigStatus, backupConfigStatus } from "../../api/mod.ts";
import { backupConfigReconciler } from "../../controller/backup_config/mod.ts";
import { reconcile } from "../../controller/runtime/pass/reconcile.ts";
import type { QueueAction } from "../../controller/runtime/pass/report.ts";
import type { KubeObject, ObjectKey, Reader } from "../../kube/types.ts";
import { anyOptions } from "./backup_stage.ts";
import { aBackup, aBackupConfig, aClaim, aReadyRepository, type Parts } from "./builders.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeKube } from "./fake_kube.ts";
import { startTelemetryProbe } from "./telemetry_probe.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The BackupConfig `recipe` with its repository and its volume, where nothing is missing: the real kind in the real
 * engine over an API server in memory. Passes are made one by one.
 */
export class ConfigStage {
  readonly clock = new FakeClock();
  readonly kube: FakeKube;
  readonly probe = startTelemetryProbe(this.clock);
  readonly kind = backupConfigReconciler(anyOptions);
  /** Sees the caches in place of the cluster itself, for tests in which they lag. */
  reader: Reader;

  constructor(...objects: readonly KubeObject[]) {
    this.kube = new FakeKube(() => this.clock.now()).declare(this.kind);
    this.reader = this.kube;
    this.kube.put(aReadyRepository(), aClaim(), aBackupConfig(), ...objects);
  }

  /** One pass over a BackupConfig. */
  pass(key: ObjectKey = { namespace: "apps", name: "recipe" }): Promise<QueueAction> {
    const deps = {
      reader: this.reader,
      writer: this.kube,
      events: this.kube,
      telemetry: this.probe.telemetry,
      clock: this.clock,
      random: () => 0.5,
      newId: () => "pass",
    };
    return reconcile({ kind: this.kind, key }, "owned", deps, new AbortController().signal);
  }

  /** Status of `recipe` in `apps`. */
  get status(): BackupConfigStatus {
    const config = this.kube.find(API_VERSION, "BackupConfig", { namespace: "apps", name: "recipe" });
    return backupConfigStatus.parse(config?.status ?? {});
  }

  /** A condition of it as `Status Reason: message`; undefined when there is none. */
  condition(type: string): string | undefined {
    const found = this.status.conditions?.find((each) => each.type === type);
    return found === undefined ? undefined : `${found.status} ${found.reason}: ${found.message}`;
  }

  /** Gauges of all BackupConfigs, as `name labels value`. */
  gauges(prefix: string): readonly string[] {
    return [...this.kind.samples(this.kube, this.clock.now())]
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ name, labels, value }) => `${name} ${Object.values(labels).join("/")} ${value}`);
  }
}

/** A Backup of `recipe` that ended. */
export function anEndedRun(name: string, phase: string, endTime: string, status: Fields = {}): KubeObject {
  return aBackup({ name, status: { ...ended(phase, endTime), ...status } });
}

/** A Backup of `recipe` that saved its volume, made a minute before it ended. */
export function aSavedRun(name: string, endTime: string, parts: Parts = {}): KubeObject {
  const creationTimestamp = new Date(Date.parse(endTime) - 60_000).toISOString();
  const resolved = {
    repository: { kind: "Repository", name: "repo", uniqueId: "0123abcd" },
    config: "recipe",
    identity: { username: "recipe", hostname: "apps" },
    deletionPolicy: "Delete",
  };
  return aBackup({
    ...parts,
    name,
    metadata: { creationTimestamp, ...parts.metadata },
    status: {
      ...ended("Succeeded", endTime),
      resolved,
      snapshots: [aSavedSource("data", `k-${name}`)],
      stats: { sizeBytes: 100, files: 3 },
      ...parts.status,
    },
  });
}

/** How a source stands that was saved. */
export function aSavedSource(source: string, kopiaSnapshotID: string): Fields {
  return { source, sourcePath: `/pvc/${source}`, phase: "Succeeded", kopiaSnapshotID, sizeBytes: 100 };
}

/** How a source stands in which nothing had changed. */
export function anUnchangedSource(source: string): Fields {
  return { source, sourcePath: `/pvc/${source}`, phase: "Succeeded", unchanged: true };
}

function ended(phase: string, endTime: string): Fields {
  return { phase, timing: { startTime: endTime, endTime, durationSeconds: 20 }, message: `It ${phase}` };
}
