import {
  ANNOTATION,
  API_VERSION,
  backupKind,
  FINALIZER,
  LABEL,
  repositoryKind,
  workSpec,
} from "../../api/mod.ts";
import { type ControllerEnd, startController } from "../../controller/mod.ts";
import { jobHasEnded, SLOT_GRACE_SECONDS } from "../../controller/movers/mod.ts";
import { JOB, POD, resourceOf, textAt } from "../../controller/shared/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { parseTelemetryConfig, startTelemetry, type Telemetry } from "../../telemetry/mod.ts";
import { anEndedBackup, anyOptions } from "../support/backup_stage.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aNamespace,
  anObject,
  aRepository,
  aSecret,
  FakeClock,
  FakeCluster,
  FakeKube,
  workSpecOf,
} from "../support/mod.ts";
import { moverFailure, moverWork } from "./mover.ts";
import { type Fate, type MoverSays, Nodes } from "./nodes.ts";
import { FILES, ModelRepository } from "./repository.ts";

const BACKUP = resourceOf(backupKind);
const REPOSITORY = resourceOf(repositoryKind);
const MINUTE_MS = 60_000;
/** The grace, and so long as the pass that looks may take to come. */
const IDLE_LIMIT_MS = (SLOT_GRACE_SECONDS + 180) * 1000;

/** How much there is in the namespace where nothing works, and how many movers may work in the cluster. */
export interface Sickness {
  readonly repositories: number;
  readonly sources: number;
  readonly deletions: number;
  readonly maxMovers: number;
}

/** What became of a Backup, or of the first opening of a Repository, of the good namespace. */
export interface GoodRun {
  readonly kind: string;
  readonly name: string;
  readonly madeAtMs: number;
  /** From its making to its mover's. */
  startSeconds?: number;
  phase?: string;
}

/** When movers for one thing were made. */
export interface Tries {
  count: number;
  lastMs: number;
  longestPauseMs: number;
}

/**
 * Two tenants for many days: in `sick` storages hang, movers find no node, nodes are lost, quotas are full; in `good` a
 * schedule makes a Backup every hour, whose retention deletes one. The real controller, and time that goes from one
 * event to the next.
 */
export class Days {
  readonly clock = new FakeClock("2026-01-01T00:00:00Z", 1);
  readonly kube = new FakeKube(() => this.clock.now());
  /** What was made in the good namespace, oldest first. */
  readonly runs: GoodRun[] = [];
  /** From the word that a Backup of the good namespace goes until it is gone with its snapshot, in seconds. */
  readonly deletions: number[] = [];
  /** Movers of the sick namespace, by what for. */
  readonly tries = new Map<string, Tries>();
  /** Writes of the controller, by what and which kind. */
  readonly writes = new Map<string, number>();
  /** Laws that were broken, first things first. */
  readonly broken: string[] = [];
  passes = 0;
  readonly #sickness: Sickness;
  readonly #nodes: Nodes;
  readonly #cluster: FakeCluster;
  readonly #telemetry: Telemetry;
  /** By `namespace/name`; the one whose snapshots are to be deleted is there from the beginning. */
  readonly #repositories = new Map([["sick/repo", new ModelRepository()]]);
  readonly #idleSince = new Map<string, number>();
  readonly #stop = new AbortController();
  #run: Promise<ControllerEnd> | undefined;
  #isSick = true;
  #wide = 0;
  #hours = 0;

  constructor(sickness: Sickness) {
    const { clock, kube } = this;
    this.#sickness = sickness;
    this.#nodes = new Nodes(kube, clock, {
      fateOf: (job) => this.#fateOf(job),
      work: (job) => this.#work(job),
      fail: (job) => this.#fail(job),
    });
    kube.subscribe(({ old, new: current }) => this.#note(old, current));
    this.#cluster = new FakeCluster(kube, this.#nodes.writer());
    const build = { version: "0.0.0", commit: "test", date: "2026-01-01" };
    const config = parseTelemetryConfig({ RUST_LOG: "off" }, { role: "controller", build, terminal: false });
    this.#telemetry = startTelemetry(config, { sink: () => {}, clock: clock.epochMs });
    this.#furnish();
  }

  /** The controller begins its work. */
  async begin(): Promise<void> {
    const { clock } = this;
    this.#run = startController(
      {
        cluster: this.#cluster,
        telemetry: this.#telemetry,
        clock,
        random: () => 0.5,
        newId: () => `pass-${++this.passes}`,
        leadership: "single",
      },
      { ...anyOptions, maxMovers: this.#sickness.maxMovers },
      this.#stop.signal,
    );
    await this.clock.advance(MINUTE_MS);
    this.#backUpWide();
  }

  /**
   * An hour goes by, with all that happens in it: somebody of the good namespace opens a Repository and deletes it again.
   * What holds a slot is looked at every minute.
   */
  async passHour(): Promise<void> {
    const opened = { namespace: "good", name: `new-${++this.#hours}` };
    this.kube.put(aRepository(opened));
    for (let minute = 0; minute < 60; minute++) {
      await this.clock.advance(MINUTE_MS);
      this.#look();
      this.#count();
    }
    this.kube.delete(aRepository(opened));
    await this.#lookAtGauges();
  }

  /** A node is not heard of any more. */
  loseNode(node: string): void {
    this.#nodes.lose(node);
  }

  /** It is back. */
  returnNode(node: string): void {
    this.#nodes.return(node);
  }

  /** Whatever was sick is mended. */
  mend(): void {
    this.#isSick = false;
    for (const node of ["b", "c"]) this.#nodes.return(node);
    this.#nodes.mend();
  }

  /**
   * The longest time in hours between two movers for the same Repository of the sick namespace. Deletions stand behind
   * sources, of which some hold their slots for a day there.
   */
  get longestPauseHours(): number {
    const nowMs = this.clock.epochMs();
    const pauses = [...this.tries].flatMap(([what, { lastMs, longestPauseMs }]) =>
      /^hangs-/.test(what) ? [Math.max(longestPauseMs, nowMs - lastMs)] : []
    );
    return Math.max(0, ...pauses) / 3_600_000;
  }

  /** What of the sick namespace is not as it should be, once all is mended. */
  get unmended(): readonly string[] {
    const repositories = this.kube.list(REPOSITORY).filter((each) =>
      textAt(each, "status", "phase") !== "Ready"
    );
    const leaving = this.kube.list(BACKUP, { namespace: "sick" }).filter(({ metadata }) =>
      metadata.deletionTimestamp !== undefined
    );
    return [...repositories, ...leaving].map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  }

  /** What happened so far, in one line. */
  figures(): string {
    const slowest = Math.max(...this.runs.map(({ startSeconds = Infinity }) => startSeconds));
    const pauses = [...this.tries.entries()].toSorted(([, a], [, b]) => b.longestPauseMs - a.longestPauseMs);
    const [what = "", longest] = pauses[0] ?? [];
    const writes = [...this.writes.values()].reduce((sum, each) => sum + each, 0);
    return [
      this.clock.now().toISOString(),
      `${this.runs.length} made in the good namespace, slowest start ${slowest} s`,
      `${this.deletions.length} deletions, slowest ${Math.max(0, ...this.deletions)} s`,
      `${[...this.tries.values()].reduce((sum, { count }) => sum + count, 0)} tries in the sick one`,
      `longest pause ${Math.round((longest?.longestPauseMs ?? 0) / 3_600_000)} h (${what})`,
      `${this.passes} passes, ${writes} writes`,
      `${Math.round(Deno.memoryUsage().heapUsed / 1e6)} MB`,
      `${this.broken.length} broken`,
    ].join("; ");
  }

  /** Ends everything; no timer is left. */
  async end(): Promise<void> {
    this.#stop.abort(new Error("The days are over"));
    for (let turn = 0; turn < 3; turn++) await this.clock.advance(10_000);
    await this.#run;
  }

  #furnish(): void {
    const { repositories, sources, deletions } = this.#sickness;
    const names = Array.from({ length: sources }, (_, index) => `data-${index}`);
    for (const [namespace, claims] of [["sick", names], ["good", ["data"]]] as const) {
      this.kube.put(
        aNamespace({ name: namespace }),
        aSecret({ namespace }),
        aClaim({ namespace, name: "repo-data" }),
        ...claims.map((name) => aClaim({ namespace, name })),
        aRepository({
          namespace,
          metadata: { uid: `uid-repository-${namespace}` },
          spec: { create: { enabled: true } },
        }),
        aBackupConfig({
          namespace,
          metadata: { uid: `uid-recipe-${namespace}` },
          spec: { sources: claims.map((name) => ({ pvc: { name } })), retention: { keepLatest: 5 } },
        }),
      );
    }
    this.kube.put(anObject(API_VERSION, "BackupSchedule", {
      namespace: "good",
      name: "hourly",
      spec: { configRef: { name: "recipe" }, schedule: { cron: "30 * * * *" } },
    }));
    for (let index = 0; index < repositories; index++) {
      this.kube.put(aRepository({ namespace: "sick", name: `hangs-${index}` }));
    }
    for (let index = 0; index < deletions; index++) {
      const name = `old-${index}`;
      const annotations = { [ANNOTATION.confirmDeletion]: "true", [ANNOTATION.ranAs]: `uid-sick-${name}` };
      const ended = anEndedBackup(name, {
        namespace: "sick",
        metadata: { finalizers: [FINALIZER], annotations },
      });
      const time = "2025-01-02T03:05:00Z";
      this.#repositoryOf("sick/repo").save({
        runId: `uid-backup-${name}`,
        recipe: "sick/recipe",
        username: "recipe",
        hostname: "sick",
        path: "/pvc/data",
        startTime: time,
        endTime: time,
        files: FILES,
        unreadable: 0,
      });
      this.kube.put(ended);
      this.kube.delete(ended);
    }
  }

  /** Keeps account of what is made and what goes. */
  #note(old: KubeObject | undefined, current: KubeObject | undefined): void {
    const object = current ?? old;
    if (object === undefined) return;
    const { kind, metadata: { namespace, name } } = object;
    if (kind === JOB.kind && old === undefined) this.#noteMover(object);
    if (kind !== BACKUP.kind && kind !== REPOSITORY.kind) return;
    if (namespace === "sick") {
      const isOver = this.#isSick && name === `wide-${this.#wide}` && hasEnded(current);
      if (isOver) queueMicrotask(() => this.#backUpWide());
    } else if (old === undefined) {
      this.runs.push({ kind, name, madeAtMs: this.clock.epochMs() });
    } else if (current === undefined) {
      const since = Date.parse(old.metadata.deletionTimestamp ?? "");
      if (kind === BACKUP.kind) this.deletions.push((this.clock.epochMs() - since) / 1000);
    } else {
      const run = this.runs.findLast((each) => each.name === name);
      const phase = textAt(current, "status", "phase");
      const isTerminating = current.metadata.deletionTimestamp !== undefined;
      if (run !== undefined && phase !== undefined && !isTerminating) run.phase = phase;
    }
  }

  #noteMover({ metadata }: KubeObject): void {
    const nowMs = this.clock.epochMs();
    const owner = metadata.ownerReferences?.[0]?.name ?? "";
    if (metadata.namespace === "good") {
      const run = this.runs.findLast(({ name }) => name === owner);
      if (run !== undefined) run.startSeconds ??= (nowMs - run.madeAtMs) / 1000;
      return;
    }
    const source = metadata.annotations?.[ANNOTATION.source];
    const what = source === undefined ? owner : `source ${source}`;
    const { count, lastMs, longestPauseMs } = this.tries.get(what) ??
      { count: 0, lastMs: nowMs, longestPauseMs: 0 };
    const longest = Math.max(longestPauseMs, nowMs - lastMs);
    this.tries.set(what, { count: count + 1, lastMs: nowMs, longestPauseMs: longest });
  }

  /** Somebody starts the run of all sources again as soon as the one before is over. */
  #backUpWide(): void {
    const name = `wide-${++this.#wide}`;
    this.kube.put(aBackup({
      namespace: "sick",
      name,
      metadata: { creationTimestamp: this.clock.now().toISOString().replace(/\.[0-9]+Z$/, "Z") },
    }));
  }

  /** By what a mover is for, the same for each of its tries. */
  #fateOf(job: KubeObject): Fate {
    const { namespace, annotations = {} } = job.metadata;
    const owner = job.metadata.ownerReferences?.[0]?.name ?? "";
    if (namespace === "good") return { kind: "works", seconds: 20, node: "a" };
    if (!this.#isSick || owner === "repo") return { kind: "works", seconds: 20, node: "a" };
    const source = annotations[ANNOTATION.source];
    const number = Number(/\d+$/.exec(source ?? owner)?.[0] ?? 0);
    if (source === undefined && owner.startsWith("old-")) {
      return number % 10 === 9 ? { kind: "hangs", node: "b" } : { kind: "unschedulable" };
    }
    const isBootstrap = source === undefined;
    switch (number % 6) {
      case 0:
        return { kind: "hangs", node: "a", ...(isBootstrap ? {} : { failsAfterSeconds: 86_400 }) };
      case 1:
        return { kind: "hangs", node: "a", failsAfterSeconds: 120 };
      case 2:
        return { kind: "unschedulable" };
      case 3:
        return { kind: "refused" };
      case 4:
        return { kind: "hangs", node: "b", failsAfterSeconds: isBootstrap ? 120 : 43_200 };
      default:
        return { kind: "hangs", node: "c" };
    }
  }

  #work(job: KubeObject): MoverSays {
    const spec = workSpec.parse(workSpecOf(job as Parameters<typeof workSpecOf>[0]));
    const { namespace, annotations = {}, labels = {} } = job.metadata;
    const name = annotations[ANNOTATION.repository] ?? labels[LABEL.repository];
    const repository = this.#repositoryOf(`${namespace}/${name}`);
    const { result, log } = moverWork(spec, "whole", repository, { now: this.clock.now() });
    return { exitCode: 0, message: JSON.stringify(result), ...(log === undefined ? {} : { log }) };
  }

  #repositoryOf(name: string): ModelRepository {
    const uniqueId = this.#repositories.size.toString(16).padStart(8, "0");
    const repository = this.#repositories.get(name) ?? new ModelRepository(uniqueId);
    this.#repositories.set(name, repository);
    return repository;
  }

  #fail(job: KubeObject): MoverSays {
    const spec = workSpec.parse(workSpecOf(job as Parameters<typeof workSpecOf>[0]));
    return {
      exitCode: 1,
      message: moverFailure(spec, "RepositoryUnavailable", "the storage does not answer"),
    };
  }

  /** A mover that cannot work holds no slot for longer than the grace; nor are there more movers than slots. */
  #look(): void {
    const nowMs = this.clock.epochMs();
    const pods = this.kube.list(POD);
    const open = this.kube.list(JOB).filter((job) => !jobHasEnded(job));
    const seen = new Set<string>();
    for (const { metadata: { uid = "", name, deletionTimestamp } } of open) {
      const works = pods.some((pod) =>
        pod.metadata.ownerReferences?.[0]?.uid === uid && pod.metadata.deletionTimestamp === undefined &&
        textAt(pod, "status", "phase") === "Running"
      );
      // One that is being deleted is not counted by the ledger once the grace is over.
      if (works || deletionTimestamp !== undefined) continue;
      seen.add(uid);
      const since = this.#idleSince.get(uid) ?? nowMs;
      this.#idleSince.set(uid, since);
      if (nowMs - since > IDLE_LIMIT_MS) {
        this.broken.push(`${name} does not work and holds its slot for ${(nowMs - since) / 1000} s`);
      }
    }
    for (const uid of this.#idleSince.keys()) if (!seen.has(uid)) this.#idleSince.delete(uid);
  }

  #count(): void {
    for (const write of this.kube.writes.splice(0)) {
      const [verb = "", second = "", third = ""] = write.split(" ");
      const what = verb === "finalizer" ? `${verb} ${second} ${third}` : `${verb} ${second}`;
      this.writes.set(what, (this.writes.get(what) ?? 0) + 1);
    }
    this.kube.events.splice(0);
  }

  async #lookAtGauges(): Promise<void> {
    const text = await this.#telemetry.renderMetrics();
    for (const pool of ["mover", "bootstrap"]) {
      const [used = NaN, limit = NaN] = [`kopiur_${pool}_slots_used`, `kopiur_${pool}_slots`].map((name) =>
        Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, "m").exec(text)?.[1])
      );
      if (!(used <= limit)) this.broken.push(`${used} of ${limit} ${pool} slots are taken`);
    }
  }
}

function hasEnded(backup: KubeObject | undefined): boolean {
  const phase = textAt(backup, "status", "phase");
  return phase === "Succeeded" || phase === "Failed";
}
