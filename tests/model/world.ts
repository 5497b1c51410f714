import { backupConfigKind, backupKind, workSpec } from "../../api/mod.ts";
import { type ControllerEnd, startController } from "../../controller/mod.ts";
import { jobHasEnded } from "../../controller/movers/mod.ts";
import { JOB, POD, resourceOf, textAt } from "../../controller/shared/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey } from "../../kube/types.ts";
import { parseTelemetryConfig, startTelemetry } from "../../telemetry/mod.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aNamespace,
  aPodOf,
  aRepository,
  aSecret,
  FakeClock,
  FakeCluster,
  FakeKube,
  Mortality,
  settle,
  workSpecOf,
} from "../support/mod.ts";
import { anyOptions } from "../support/backup_stage.ts";
import { BrokenLaw, judgeDeletionAsked, judgeRoutineDeletion } from "./laws.ts";
import { moverFailure, moverWork, type WorkDone } from "./mover.ts";
import { ModelRepository, type ModelSnapshot } from "./repository.ts";

const BACKUP = resourceOf(backupKind);
const CONFIG = resourceOf(backupConfigKind);

/** Two tenants that share a repository, each with a recipe of its own. */
export const NAMESPACES = ["apps", "media"] as const;

/** So often what does not work is looked at while time goes by. */
const LOOK_SECONDS = 60;
/** Five minutes of grace, and so long as a pass that looks may take to come. */
const IDLE_LIMIT_SECONDS = 300 + 180;

/** How a mover that backs up ends. */
export type MoverEnd = WorkDone | "failed" | "lost" | "killed after saving";

/** A life of a controller. */
interface Life {
  readonly cluster: FakeCluster;
  readonly mortality: Mortality;
  readonly stop: AbortController;
  readonly run: Promise<ControllerEnd>;
}

/**
 * A cluster in memory with the real controller, a kopia that is a set of snapshots, and movers that do what their work
 * specs say when a history lets them. The laws are looked at with each change.
 */
export class ModelWorld {
  readonly clock = new FakeClock("2026-01-02T03:00:00Z", 1);
  readonly kube = new FakeKube(() => this.clock.now());
  readonly repository = new ModelRepository();
  /** Laws that were broken, first things first. */
  readonly broken: string[] = [];
  /** How far the controller's clock is ahead of the server's, in milliseconds. */
  skewMs = 0;
  /** No node takes a pod. */
  nodesAreFull = false;
  /** Since when a mover has not worked though a controller could see it, by the Job's uid. */
  readonly #idleSince = new Map<string, number>();
  /** Uids of Backups a person has deleted. */
  readonly #deletedByPerson = new Set<string>();
  #life: Life | undefined;
  #isDisturbed = false;
  #made = 0;

  constructor() {
    this.kube.subscribe(({ old, new: current }) => {
      if (current === undefined && old !== undefined) {
        // A Job of the same name has the same uid here.
        this.#idleSince.delete(old.metadata.uid ?? "");
        this.#collect(old);
      }
      if (old === undefined && current?.kind === "Job") this.#arrive(current);
      if (current !== undefined && isNowDeleted(old, current)) this.#judgeDeleted(current);
    });
    for (const namespace of NAMESPACES) {
      this.kube.put(
        aNamespace({ name: namespace }),
        aSecret({ namespace }),
        aClaim({ namespace, name: "repo-data" }),
        aClaim({ namespace }),
        aRepository({ namespace, spec: { create: { enabled: true } } }),
        aBackupConfig({ namespace, spec: { retention: { keepLatest: 3 } } }),
      );
    }
  }

  /** Opens both repositories, so that histories begin where backups do. */
  async open(): Promise<void> {
    await this.start();
    for (let turn = 0; turn < 5; turn++) {
      for (const job of this.openJobs) this.endMover(job, "whole");
      await this.clock.advance(2_000);
    }
  }

  /** A controller begins its life, leading after a moment. */
  async start(): Promise<void> {
    const mortality = new Mortality();
    const cluster = new FakeCluster(this.kube, mortality.writer(this.kube));
    const clock = {
      ...this.clock,
      epochMs: () => this.clock.epochMs() + this.skewMs,
      monotonicMs: this.clock.monotonicMs,
      setTimer: this.clock.setTimer,
    };
    const build = { version: "0.0.0", commit: "test", date: "2026-01-01" };
    const config = parseTelemetryConfig({ RUST_LOG: "off" }, { role: "controller", build, terminal: false });
    const telemetry = startTelemetry(config, { sink: () => {}, clock: clock.epochMs });
    const stop = new AbortController();
    const run = startController(
      {
        cluster,
        telemetry,
        clock,
        random: () => 0.5,
        newId: () => `id-${++this.#made}`,
        leadership: "lease",
      },
      anyOptions,
      stop.signal,
    );
    this.#life = { cluster, mortality, stop, run };
    await settle();
    this.#isDisturbed = false;
    this.#idleSince.clear();
    cluster.electors[0]?.elect();
    await settle();
  }

  /** The process dies after so many more writes, wherever it is then; another one takes over later. */
  async crash(writesLeft: number): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    life.mortality.writesLeft = writesLeft;
    await this.clock.advance(1_000);
    life.mortality.writesLeft = 0;
    life.cluster.electors[0]?.depose(new Error("The process is dead"));
    life.stop.abort(new Error("The process is dead"));
    this.#life = undefined;
    await this.clock.advance(100);
  }

  /** The lease goes to another process in good order. */
  async failover(): Promise<void> {
    await this.crash(Number.POSITIVE_INFINITY);
    await this.start();
  }

  /** The caches of a kind fall behind, or catch up. */
  lag(kind: string, isBehind: boolean): void {
    for (const informer of this.#life?.cluster.informers ?? []) {
      if (informer.resource.kind !== kind) continue;
      if (isBehind) informer.pause();
      else informer.resume();
    }
  }

  /** Time goes by; what does not work meanwhile is looked at. */
  async wait(seconds: number): Promise<void> {
    for (let left = seconds; left > 0; left -= LOOK_SECONDS) {
      await this.clock.advance(Math.min(left, LOOK_SECONDS) * 1000);
      this.#lookAtIdle();
    }
  }

  /** What a mover that cannot work is forgiven begins anew: the controller was disturbed. */
  disturb(): void {
    this.#idleSince.clear();
    this.#isDisturbed = true;
  }

  /** Nodes take pods again, or no more. */
  fillNodes(isFull: boolean): void {
    this.nodesAreFull = isFull;
    if (!isFull) { for (const job of this.openJobs) this.placePod(job, true); }
  }

  /** A mover that cannot work holds no slot for longer than the grace and a look. */
  #lookAtIdle(): void {
    if (this.#isDisturbed || !this.isAlive) return;
    const now = this.clock.epochMs();
    for (const job of this.openJobs) {
      const uid = job.metadata.uid ?? "";
      const works = this.kube.list(POD).some((pod) =>
        pod.metadata.ownerReferences?.[0]?.uid === uid && textAt(pod, "status", "phase") === "Running"
      );
      const since = works ? undefined : this.#idleSince.get(uid) ?? now;
      if (since === undefined) this.#idleSince.delete(uid);
      else this.#idleSince.set(uid, since);
      if (since !== undefined && now - since > IDLE_LIMIT_SECONDS * 1000) {
        this.broken.push(
          `a mover that cannot work holds its slot for ${(now - since) / 1000} s: ${job.metadata.name}`,
        );
      }
    }
  }

  get isAlive(): boolean {
    return this.#life !== undefined;
  }

  get backups(): readonly KubeObject[] {
    return this.kube.list(BACKUP);
  }

  get configs(): readonly KubeObject[] {
    return this.kube.list(CONFIG);
  }

  /** Movers that have not ended. */
  get openJobs(): readonly KubeObject[] {
    return this.kube.list(JOB).filter((job) => !jobHasEnded(job));
  }

  /** A person makes a Backup. */
  backUp(namespace: string): void {
    const at = this.clock.now().toISOString().replace(/\.[0-9]+Z$/, "Z");
    const name = `run-${++this.#made}`;
    this.kube.put(aBackup({
      namespace,
      name,
      metadata: { uid: `uid-${namespace}-${name}`, creationTimestamp: at },
    }));
  }

  /** A person deletes a Backup. */
  deleteBackup(backup: KubeObject): void {
    if (backup.metadata.deletionTimestamp === undefined) this.#deletedByPerson.add(backup.metadata.uid ?? "");
    this.kube.delete(backup);
  }

  /** A person changes an object. */
  edit(object: KubeObject, change: (object: KubeObject) => KubeObject): void {
    const current = this.kube.find(object.apiVersion, object.kind, keyOf(object));
    if (current !== undefined) this.kube.put(change(current));
  }

  /** A person annotates a Backup. */
  annotate(backup: KubeObject, annotations: Readonly<Record<string, string>>): void {
    this.edit(backup, (current) => ({
      ...current,
      metadata: { ...current.metadata, annotations: { ...current.metadata.annotations, ...annotations } },
    }));
  }

  /** A mover does what it was told, and ends. */
  endMover(job: KubeObject, how: MoverEnd): void {
    if (this.kube.get(JOB, keyOf(job)) === undefined) return;
    const spec = workSpec.parse(workSpecOf(job as Parameters<typeof workSpecOf>[0]));
    if (how === "lost") return this.#finish(job, 137, "");
    if (how === "failed") return this.#finish(job, 1, moverFailure(spec));
    const done = how === "killed after saving" ? "whole" : how;
    const { result, log } = moverWork(spec, done, this.repository, {
      now: this.clock.now(),
      deletes: (snapshot) => this.#lookAtDeleted(snapshot, spec.target),
    });
    if (how === "killed after saving") return this.#finish(job, 137, "");
    this.#finish(job, 0, JSON.stringify(result), log);
  }

  /** A mover's pod runs, or finds no node. */
  placePod(job: KubeObject, isRunning: boolean): void {
    const creationTimestamp = this.clock.now().toISOString().replace(/\.[0-9]+Z$/, "Z");
    const startedAt = creationTimestamp;
    const status = isRunning
      ? { phase: "Running", containerStatuses: [{ name: "mover", state: { running: { startedAt } } }] }
      : {
        phase: "Pending",
        conditions: [{
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/3 nodes are available",
          lastTransitionTime: creationTimestamp,
        }],
      };
    this.kube.put(aPodOf(job, { metadata: { creationTimestamp }, status }));
  }

  /** Ends everything; no timer is left. */
  async end(): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    if (life === undefined) return;
    life.stop.abort(new Error("The history is over"));
    for (let turn = 0; turn < 3; turn++) await this.clock.advance(10_000);
    await life.run;
  }

  /** A Backup that came back to life, or a word that came after the mover was made, is too late: that is looked at then. */
  #lookAtDeleted(snapshot: ModelSnapshot, target: ObjectKey): void {
    const backup = this.kube.get(BACKUP, target);
    const isOfLiving = this.backups.some(({ metadata }) =>
      metadata.uid === snapshot.runId && metadata.deletionTimestamp === undefined
    );
    if (isOfLiving || backup === undefined) {
      this.broken.push(`snapshot ${snapshot.id} is deleted though no Backup of ${keyText(target)} goes`);
    }
  }

  #finish(job: KubeObject, exitCode: number, message: string, log?: string): void {
    const finishedAt = this.clock.now().toISOString();
    const isGood = exitCode === 0;
    const terminated = { exitCode, message, reason: isGood ? "Completed" : "Error", finishedAt };
    const phase = isGood ? "Succeeded" : "Failed";
    const conditions = [{
      type: isGood ? "Complete" : "Failed",
      status: "True",
      reason: isGood ? "CompletionsReached" : "BackoffLimitExceeded",
      message: "",
      lastTransitionTime: finishedAt,
    }];
    const pod = aPodOf(job, {
      status: { phase, containerStatuses: [{ name: "mover", state: { terminated } }] },
    });
    if (log !== undefined) this.kube.setLog(keyOf(pod), "mover", log);
    this.kube.put(pod, { ...job, status: { ...(isGood ? { succeeded: 1 } : { failed: 1 }), conditions } });
  }

  /** The Job controller and the scheduler give a new Job its pod; what a deletion mover is made for is judged. */
  #arrive(job: KubeObject): void {
    this.#look(job);
    queueMicrotask(() => {
      if (this.kube.get(JOB, keyOf(job)) !== undefined) this.placePod(job, !this.nodesAreFull);
    });
  }

  #judgeDeleted(backup: KubeObject): void {
    if (this.#deletedByPerson.has(backup.metadata.uid ?? "")) return;
    const name = configNameOf(backup);
    const { namespace = "" } = backup.metadata;
    const others = this.backups.filter((each) =>
      each.metadata.uid !== backup.metadata.uid && each.metadata.namespace === namespace &&
      configNameOf(each) === name
    );
    this.#judged(() => judgeRoutineDeletion(backup, this.kube.get(CONFIG, { namespace, name }), others));
  }

  #judged(judge: () => void): void {
    try {
      judge();
    } catch (error) {
      if (!(error instanceof BrokenLaw)) throw error;
      this.broken.push(error.message);
    }
  }

  #look(job: KubeObject): void {
    const { operation, identity, target } = workSpec.parse(
      workSpecOf(job as Parameters<typeof workSpecOf>[0]),
    );
    if (!("snapshotDelete" in operation)) return;
    const backup = this.kube.get(BACKUP, target);
    this.#judged(() =>
      judgeDeletionAsked({
        backup,
        config: this.kube.get(CONFIG, { namespace: target.namespace, name: configNameOf(backup) }),
        toDelete: this.repository.ofDeletion({ ...operation.snapshotDelete, ...identity }),
        repository: this.repository,
        deletedByPerson: this.#deletedByPerson,
      })
    );
  }

  /** What an object owned goes with it, as the garbage collector does. */
  #collect(gone: KubeObject): void {
    const { uid } = gone.metadata;
    for (const resource of [JOB, POD]) {
      for (const object of this.kube.list(resource)) {
        if (object.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true) {
          this.kube.delete(object);
        }
      }
    }
  }
}

function isNowDeleted(old: KubeObject | undefined, current: KubeObject): boolean {
  return current.kind === "Backup" && old?.metadata.deletionTimestamp === undefined &&
    current.metadata.deletionTimestamp !== undefined;
}

function configNameOf(backup: KubeObject | undefined): string {
  return textAt(backup, "spec", "configRef", "name") ?? "";
}
