/** What the tests of catalogs share: the real engine over real caches, and a bootstrap that lists. Holds no test itself. */
import { createHash } from "node:crypto";
import {
  type BootstrapResult,
  type CatalogEntry,
  encodeCatalog,
  MOVER_EXIT,
  type RepositoryStatus,
} from "../../../api/mod.ts";
import { keyOf, type KubeObject } from "../../../kube/types.ts";
import {
  aBackup,
  aRepository,
  FakeClock,
  FakeCluster,
  type FakeKube,
  type Parts,
  startTelemetryProbe,
} from "../../../tests/support/mod.ts";
import { KindReader } from "../../runtime/watches/kind_reader.ts";
import { reconcile } from "../../runtime/pass/reconcile.ts";
import type { QueueAction } from "../../runtime/pass/report.ts";
import { mergeWatches } from "../../runtime/watches/merge.ts";
import { JOB, POD } from "../../shared/mod.ts";
import { BACKUP } from "./backups_seen.ts";
import {
  aKind,
  aNamespaceInMemory,
  endJob,
  KEY,
  openedMessage,
  setServerTime,
  statusIn,
} from "../stage_test.ts";

/** Unique id of the repository of every test. */
export const UNIQUE_ID = "0123abcd";

/** A snapshot that began so many minutes after the year 2026 did; its id is made of its number. */
export function anEntry(number: number, parts: Partial<CatalogEntry> = {}): CatalogEntry {
  const at = new Date(Date.UTC(2026, 0, 1) + (number % 1440) * 60_000);
  return {
    id: idOf(number),
    username: "nas",
    hostname: "home",
    path: "/data",
    startTime: at.toISOString(),
    endTime: new Date(at.getTime() + 5000).toISOString(),
    sizeBytes: 1000 + number,
    files: number,
    ...parts,
  };
}

/** Id of the snapshot of a number. */
export function idOf(number: number): string {
  return createHash("sha256").update(`snapshot ${number}`).digest("hex").slice(0, 32);
}

/** Snapshots of the numbers from one to another. */
export function entries(
  from: number,
  to: number,
  parts: Partial<CatalogEntry> = {},
): readonly CatalogEntry[] {
  return Array.from({ length: to - from }, (_, index) => anEntry(from + index, parts));
}

/** A Succeeded run of this cluster that made the snapshots of those numbers. */
export function aRun(name: string, numbers: readonly number[], parts: Parts = {}): KubeObject {
  const status = {
    phase: "Succeeded",
    resolved: { repository: { kind: "Repository", name: "repo", uniqueId: UNIQUE_ID } },
    snapshots: numbers.map((number) => ({ kopiaSnapshotID: idOf(number), phase: "Succeeded" })),
    timing: { startTime: "2026-01-01T12:00:00Z", endTime: "2026-01-01T12:05:00Z" },
    ...parts.status,
  };
  return aBackup({ name, ...parts, status });
}

/** What a bootstrap is to list, and how its log fares. */
export interface Listed {
  readonly isWhole?: boolean;
  readonly uniqueId?: string;
  /** What killed uploads left. */
  readonly unfinished?: BootstrapResult["unfinished"];
  /** What the log holds in place of the listing's lines. */
  readonly log?: (lines: readonly string[]) => string | Error;
}

/** A Repository in the real engine, with caches of the real sort between it and the cluster. */
export class CatalogStage {
  readonly clock = new FakeClock("2026-01-02T03:05:00Z");
  readonly kube: FakeKube;
  readonly probe = startTelemetryProbe(this.clock);
  #controller;

  constructor(spec: Readonly<Record<string, unknown>> = {}) {
    this.kube = aNamespaceInMemory(aRepository({ spec }));
    this.#controller = this.#start();
  }

  get status(): RepositoryStatus {
    return statusIn(this.kube);
  }

  /** Another process takes over: what was only in memory is gone. */
  restart(): void {
    this.#controller = this.#start();
  }

  async pass(key = KEY): Promise<QueueAction> {
    const { kind, reader } = this.#controller;
    setServerTime(this.kube, this.clock.now());
    const deps = {
      reader,
      writer: this.kube,
      events: this.kube,
      telemetry: this.probe.telemetry,
      clock: this.clock,
      random: () => 0.5,
      newId: () => "pass",
    };
    return await reconcile({ kind, key }, "spec", deps, new AbortController().signal);
  }

  /** Lets a bootstrap list that; its result is taken by the next pass. */
  async bootstraps(snapshots: readonly CatalogEntry[], listed: Listed = {}): Promise<void> {
    this.#collectPods();
    for (let turn = 0; turn < 5 && this.kube.list(JOB).length === 0; turn++) await this.pass();
    const [job] = this.kube.list(JOB);
    if (job === undefined) throw new TypeError("Cannot end the bootstrap: there is no Job");
    const { isWhole = true, uniqueId = UNIQUE_ID, log = (lines) => lines.join("\n"), unfinished } = listed;
    const { lines, digest } = encodeCatalog(snapshots, { isWhole });
    const message = openedMessage({ uniqueId, snapshotCount: snapshots.length, catalog: digest, unfinished });
    endJob(this.kube, job, { exitCode: MOVER_EXIT.ok, message, at: this.clock.now() });
    const [pod] = this.kube.list(POD);
    if (pod !== undefined) this.kube.setLog(keyOf(pod), "mover", log(lines));
  }

  /** Passes until the Repository rests, as the queue would make them; true when it comes to rest. */
  async settles(most = 300): Promise<boolean> {
    for (let turn = 0; turn < most; turn++) {
      const action = await this.pass();
      if (action.kind !== "after" || action.seconds > 60) return true;
      await this.clock.advance(action.seconds * 1000);
      this.#collectPods();
    }
    return false;
  }

  /** A bootstrap that lists that, an hour after the one before, and everything that follows from it. */
  async lists(snapshots: readonly CatalogEntry[], listed: Listed = {}): Promise<boolean> {
    if (this.status.bootstrap !== undefined) await this.clock.advance(3_700_000);
    await this.bootstraps(snapshots, listed);
    return await this.settles();
  }

  /** Names of the discovered Backups. */
  discovered(): readonly string[] {
    return this.kube.list(BACKUP).filter(({ spec }) => Reflect.has(Object(spec), "discovered"))
      .map(({ metadata }) => metadata.name).toSorted();
  }

  /** True when a change of an object wakes the Repository. */
  wakes(object: KubeObject): boolean {
    const { kind, reader } = this.#controller;
    const watch = kind.watches.find(({ resource }) => resource.kind === object.kind);
    return watch?.keys?.(object, reader).some(({ name }) => name === KEY.name) === true;
  }

  /** Status, reason and message of a condition. */
  condition(type: string): string | undefined {
    const found = this.status.conditions?.find((condition) => condition.type === type);
    return found === undefined ? undefined : `${found.status} ${found.reason}: ${found.message}`;
  }

  /** Writes to Backups since the last call. */
  writesToBackups(): readonly string[] {
    return this.kube.writes.splice(0).filter((write) => write.includes(" Backup "));
  }

  #start() {
    const kind = aKind();
    const cluster = new FakeCluster(this.kube);
    const { watches, namesOf } = mergeWatches([kind]);
    for (const watch of watches) cluster.createInformer(watch).start(new AbortController().signal);
    return { kind, reader: new KindReader(kind.name, namesOf.get(kind) ?? new Map(), cluster.reader) };
  }

  /** Pods go with their Job. */
  #collectPods(): void {
    const uids = new Set(this.kube.list(JOB).map(({ metadata }) => metadata.uid));
    for (const pod of this.kube.list(POD)) {
      if (!uids.has(pod.metadata.ownerReferences?.[0]?.uid)) this.kube.delete(pod);
    }
  }
}

/** Names of the discovered Backups of those numbers, sorted. */
export function namesOf(...numbers: readonly number[]): readonly string[] {
  return numbers.map((number) => `repo-disc-${idOf(number).slice(0, 16)}`).toSorted();
}
