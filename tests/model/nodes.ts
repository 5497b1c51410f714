import { jobHasEnded, podMayRun } from "../../controller/movers/mod.ts";
import { JOB, POD, valueAt } from "../../controller/shared/mod.ts";
import { keyOf, type KubeObject, type ObjectKey, type Removal, type Writer } from "../../kube/types.ts";
import { aPodOf, type FakeClock, type FakeKube } from "../support/mod.ts";

/** What becomes of the pod of a mover. */
export type Fate =
  /** It does its work, so long. */
  | { readonly kind: "works"; readonly seconds: number; readonly node: string }
  /** It does nothing, and says after so long that it failed; without that only a limit ends it. */
  | { readonly kind: "hangs"; readonly failsAfterSeconds?: number; readonly node: string }
  /** No node takes it. */
  | { readonly kind: "unschedulable" }
  /** A quota lets no pod be made. */
  | { readonly kind: "refused" };

/** How a mover ended. */
export interface MoverSays {
  readonly exitCode: number;
  readonly message: string;
  readonly log?: string;
}

/** What decides over pods, and what their movers do. */
export interface Movers {
  /** Asked for each pod, and again for one that no node took. */
  readonly fateOf: (job: KubeObject) => Fate;
  readonly work: (job: KubeObject) => MoverSays;
  readonly fail: (job: KubeObject) => MoverSays;
}

/** The part of a Job that is not over. */
interface Life {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly cancels: Set<() => void>;
  podsMade: number;
  failed: number;
}

const FOREGROUND = "foregroundDeletion";
/** Keeps a pod that is being deleted: the node that would end it is not heard of. */
const UNHEARD = "test/unheard-of";
const POD_AFTER_SECONDS = 1;
const START_AFTER_SECONDS = 2;
/** So long a node may be silent before its pods are told to go. */
const TOLERATION_SECONDS = 300;
const NEXT_POD_SECONDS = 10;

/**
 * The Job controller, the scheduler, the kubelets and the garbage collector of a cluster in memory, as far as movers
 * notice them: back-off and deadlines of Jobs, limits of pods, nodes that are lost and come back, removal in the
 * foreground and in the background.
 */
export class Nodes {
  readonly #kube: FakeKube;
  readonly #clock: FakeClock;
  readonly #movers: Movers;
  readonly #lives = new Map<string, Life>();
  readonly #lost = new Set<string>();
  readonly #propagation = new Map<string, Removal["propagation"]>();

  constructor(kube: FakeKube, clock: FakeClock, movers: Movers) {
    this.#kube = kube;
    this.#clock = clock;
    this.#movers = movers;
    kube.subscribe(({ old, new: current }) => {
      const kind = (current ?? old)?.kind;
      // Not before everybody has heard of the change itself.
      queueMicrotask(() => {
        if (kind === JOB.kind) this.#onJob(old, current);
        else if (kind !== POD.kind && current === undefined && old !== undefined) this.#collect(old);
        else if (kind === POD.kind && current === undefined && old !== undefined) this.#onPodGone(old);
      });
    });
  }

  /** The writer of the controller: how a Job is removed decides over its pods. */
  writer(): Writer {
    const kube = this.#kube;
    return {
      create: (object, signal) => kube.create(object, signal),
      annotate: (annotating, signal) => kube.annotate(annotating, signal),
      replaceStatus: (object, status, signal) => kube.replaceStatus(object, status, signal),
      setFinalizer: (object, finalizer, wanted, signal) =>
        kube.setFinalizer(object, finalizer, wanted, signal),
      remove: (removal, signal) => {
        this.#propagation.set(`${removal.key.namespace}/${removal.key.name}`, removal.propagation);
        return kube.remove(removal, signal);
      },
    };
  }

  /** A node is not heard of any more: what runs there goes on as far as anybody knows, and is being deleted later. */
  lose(node: string): void {
    this.#lost.add(node);
    for (const pod of this.#podsOn(node)) {
      if (podMayRun(pod)) this.#put(pod, { finalizers: [UNHEARD] });
    }
    this.#clock.setTimer(TOLERATION_SECONDS * 1000, () => {
      if (!this.#lost.has(node)) return;
      for (const pod of this.#podsOn(node)) this.#kube.delete(pod);
    });
  }

  /** It is back: what is being deleted goes. */
  return(node: string): void {
    this.#lost.delete(node);
    for (const pod of this.#podsOn(node)) {
      if (pod.metadata.finalizers?.includes(UNHEARD) !== true) continue;
      const released = this.#put(pod, { finalizers: [] });
      if (released.metadata.deletionTimestamp !== undefined) this.#kube.delete(released);
    }
  }

  /** What waits for a node or a quota is looked at again, and what hung goes on. */
  mend(): void {
    for (const life of [...this.#lives.values()]) {
      const job = this.#jobOf(life);
      if (job === undefined) continue;
      const [pod] = this.#podsOf(job).filter(podMayRun);
      if (pod === undefined) this.#makePod(life);
      else if (valueAt(pod, "spec", "nodeName") === undefined) this.#schedule(life, pod);
      else this.#endPod(life, keyOf(pod), (each) => this.#movers.work(each));
    }
  }

  #onJob(old: KubeObject | undefined, job: KubeObject | undefined): void {
    if (job === undefined) {
      if (old !== undefined) this.#endLife(old, "gone");
    } else if (old === undefined) this.#begin(job);
    else if (job.metadata.deletionTimestamp !== undefined) this.#remove(job);
    else if (jobHasEnded(job)) this.#endLife(job, "ended");
  }

  /** A Job that is over goes some time later, whoever has looked at it by then. */
  #expire(job: KubeObject): void {
    const { uid } = job.metadata;
    const ttl = valueAt(job, "spec", "ttlSecondsAfterFinished");
    if (typeof ttl !== "number") return;
    this.#clock.setTimer(ttl * 1000, () => {
      const current = this.#kube.get(JOB, keyOf(job));
      if (current !== undefined && current.metadata.uid === uid) this.#kube.delete(current);
    });
  }

  /** What an object owned goes with it. */
  #collect({ metadata: { uid } }: KubeObject): void {
    for (const job of this.#kube.list(JOB)) {
      if (job.metadata.ownerReferences?.[0]?.uid === uid) this.#kube.delete(job);
    }
  }

  #begin(job: KubeObject): void {
    const uid = job.metadata.uid ?? "";
    const life: Life = { key: keyOf(job), uid, cancels: new Set(), podsMade: 0, failed: 0 };
    this.#lives.set(uid, life);
    this.#patchJob(life, { startTime: this.#time() });
    const limit = valueAt(job, "spec", "activeDeadlineSeconds");
    if (typeof limit === "number") {
      this.#later(life, limit, () => this.#endJob(life, "Failed", "DeadlineExceeded"));
    }
    this.#later(life, POD_AFTER_SECONDS, () => this.#makePod(life));
  }

  /** Nothing more is done for a Job that is over; its pods go with it. */
  #endLife(job: KubeObject, how: "ended" | "gone"): void {
    const life = this.#lives.get(job.metadata.uid ?? "");
    for (const cancel of life?.cancels ?? []) cancel();
    if (how === "ended" && life !== undefined) this.#expire(job);
    this.#lives.delete(job.metadata.uid ?? "");
    for (const pod of this.#podsOf(job)) if (how === "gone" || podMayRun(pod)) this.#kube.delete(pod);
  }

  #remove(job: KubeObject): void {
    const { namespace = "", name } = job.metadata;
    const isForeground = this.#propagation.get(`${namespace}/${name}`) === "Foreground";
    if (isForeground) { for (const pod of this.#podsOf(job)) this.#kube.delete(pod); }
    if (isForeground && this.#podsOf(job).length > 0) return;
    const current = this.#kube.get(JOB, { namespace, name });
    if (current?.metadata.uid !== job.metadata.uid || current === undefined) return;
    this.#propagation.delete(`${namespace}/${name}`);
    this.#kube.delete(this.#put(current, { finalizers: [] }));
  }

  /** A pod that is gone before it ended is made anew, unless its Job goes or is over. */
  #onPodGone(pod: KubeObject): void {
    const owner = pod.metadata.ownerReferences?.[0];
    const key = { namespace: pod.metadata.namespace ?? "", name: owner?.name ?? "" };
    const job = this.#kube.get(JOB, key);
    if (job === undefined || job.metadata.uid !== owner?.uid) return;
    if (job.metadata.deletionTimestamp !== undefined) return this.#remove(job);
    const life = this.#lives.get(owner?.uid ?? "");
    if (life !== undefined && podMayRun(pod)) this.#later(life, NEXT_POD_SECONDS, () => this.#makePod(life));
  }

  #makePod(life: Life): void {
    const job = this.#jobOf(life);
    if (job === undefined || this.#movers.fateOf(job).kind === "refused") return;
    const name = `${life.key.name}-${++life.podsMade}`;
    const pod = aPodOf(job, {
      name,
      metadata: { uid: `uid-pod-${name}-${life.uid}`, creationTimestamp: this.#time() },
      status: { phase: "Pending" },
    });
    this.#put(job, { finalizers: [FOREGROUND] }, { ...Object(job.status), active: 1 });
    this.#schedule(life, this.#kube.put(pod));
  }

  #schedule(life: Life, pod: KubeObject): void {
    const job = this.#jobOf(life);
    if (job === undefined) return;
    const fate = this.#movers.fateOf(job);
    const lastTransitionTime = this.#time();
    if (fate.kind === "refused" || fate.kind === "unschedulable" || this.#lost.has(fate.node)) {
      const message = "0/3 nodes are available: 3 Insufficient memory";
      const reason = "Unschedulable";
      const conditions = [{ type: "PodScheduled", status: "False", reason, message, lastTransitionTime }];
      this.#put(pod, {}, { phase: "Pending", conditions });
      return;
    }
    const conditions = [{ type: "PodScheduled", status: "True", lastTransitionTime }];
    this.#kube.put({ ...pod, spec: { nodeName: fate.node }, status: { phase: "Pending", conditions } });
    this.#later(life, START_AFTER_SECONDS, () => this.#startPod(life, keyOf(pod), fate));
  }

  #startPod(life: Life, key: ObjectKey, fate: Extract<Fate, { readonly node: string }>): void {
    const pod = this.#kube.get(POD, key);
    const job = this.#jobOf(life);
    if (pod === undefined || job === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const state = { running: { startedAt: this.#time() } };
    this.#put(pod, {}, {
      ...Object(pod.status),
      phase: "Running",
      containerStatuses: [{ name: "mover", state }],
    });
    const limit = valueAt(job, "spec", "template", "spec", "activeDeadlineSeconds");
    const failsAfter = fate.kind === "hangs" ? fate.failsAfterSeconds : undefined;
    if (typeof limit === "number") this.#later(life, limit, () => this.#killPod(life, key));
    if (fate.kind === "works") {
      this.#later(life, fate.seconds, () => this.#endPod(life, key, (each) => this.#movers.work(each)));
    } else if (failsAfter !== undefined) {
      this.#later(life, failsAfter, () => this.#endPod(life, key, (each) => this.#movers.fail(each)));
    }
  }

  #killPod(life: Life, key: ObjectKey): void {
    this.#endPod(life, key, () => ({ exitCode: 137, message: "" }), "DeadlineExceeded");
  }

  /** Of a pod whose node is not heard of nobody hears that it ends. */
  #endPod(life: Life, key: ObjectKey, does: (job: KubeObject) => MoverSays, reason?: string): void {
    const pod = this.#kube.get(POD, key);
    const job = this.#jobOf(life);
    const isUnheard = pod?.metadata.finalizers?.includes(UNHEARD) === true;
    if (pod === undefined || job === undefined || isUnheard || !podMayRun(pod)) return;
    const { exitCode, message, log } = does(job);
    const finishedAt = this.#time();
    const terminated = { exitCode, message, reason: exitCode === 0 ? "Completed" : "Error", finishedAt };
    const phase = exitCode === 0 ? "Succeeded" : "Failed";
    if (log !== undefined) this.#kube.setLog(key, "mover", log);
    this.#put(pod, {}, {
      phase,
      ...(reason === undefined ? {} : { reason }),
      containerStatuses: [{ name: "mover", state: { terminated } }],
    });
    if (exitCode === 0) return this.#endJob(life, "Complete", "CompletionsReached");
    if (exitCode === 2) return this.#endJob(life, "Failed", "PodFailurePolicy");
    life.failed += 1;
    const backoffLimit = valueAt(job, "spec", "backoffLimit");
    if (life.failed > (typeof backoffLimit === "number" ? backoffLimit : 6)) {
      return this.#endJob(life, "Failed", "BackoffLimitExceeded");
    }
    this.#patchJob(life, { failed: life.failed, active: 0 });
    this.#later(life, NEXT_POD_SECONDS * 2 ** (life.failed - 1), () => this.#makePod(life));
  }

  #endJob(life: Life, type: "Complete" | "Failed", reason: string): void {
    const lastTransitionTime = this.#time();
    const conditions = [{ type, status: "True", reason, message: "", lastTransitionTime }];
    const counts = type === "Complete" ? { succeeded: 1 } : { failed: life.failed };
    this.#patchJob(life, { ...counts, active: 0, conditions });
  }

  #patchJob(life: Life, status: Readonly<Record<string, unknown>>): void {
    const job = this.#jobOf(life);
    if (job !== undefined) this.#put(job, {}, { ...Object(job.status), ...status });
  }

  #put(
    object: KubeObject,
    metadata: { readonly finalizers?: readonly string[] },
    status?: Readonly<Record<string, unknown>>,
  ): KubeObject {
    const changed = { ...object, metadata: { ...object.metadata, ...metadata } };
    return this.#kube.put(status === undefined ? changed : { ...changed, status });
  }

  #later(life: Life, seconds: number, what: () => void): void {
    const cancel = this.#clock.setTimer(seconds * 1000, () => {
      life.cancels.delete(cancel);
      what();
    });
    life.cancels.add(cancel);
  }

  #jobOf({ key, uid }: Life): KubeObject | undefined {
    const job = this.#kube.get(JOB, key);
    return job?.metadata.uid === uid && job.metadata.deletionTimestamp === undefined ? job : undefined;
  }

  #podsOf({ metadata: { uid } }: KubeObject): readonly KubeObject[] {
    return this.#kube.list(POD).filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === uid);
  }

  #podsOn(node: string): readonly KubeObject[] {
    return this.#kube.list(POD).filter((pod) => valueAt(pod, "spec", "nodeName") === node);
  }

  #time(): string {
    return this.#clock.now().toISOString().replace(/\.[0-9]+Z$/, "Z");
  }
}
