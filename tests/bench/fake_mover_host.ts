import * as z from "zod";
import { LABEL, type MoverResult } from "../../api/mod.ts";
import { MOVER_CONTAINER } from "../../controller/movers/state/pod_facts.ts";
import type { Found } from "../../kube/builtins.ts";
import { type ApiServer, pause } from "../cluster/mod.ts";
import { watchEvents } from "./watch_events.ts";

/** A mover Job as the host sees it come. */
export interface StartedJob {
  readonly namespace: string;
  readonly name: string;
  /** `backup`, `bootstrap`, … */
  readonly operation: string;
  /** As a stored object. */
  readonly object: unknown;
}

/** What the host is to do. */
export interface MoverHostOptions {
  readonly server: ApiServer;
  /** How long the mover of a Job works before it succeeds. */
  readonly lifeMs: (job: StartedJob) => number;
  /** Resolves when a Job may have its pod; at once unless given. */
  readonly mayStart?: (job: StartedJob) => Promise<void>;
  readonly onStart?: (job: StartedJob) => void;
  /** Called when its mover has ended and the API server is about to be told. */
  readonly onEnd?: (job: StartedJob) => void;
}

const jobEvent = z.object({
  type: z.string(),
  object: z.looseObject({
    metadata: z.looseObject({
      name: z.string(),
      namespace: z.string(),
      uid: z.string(),
      labels: z.record(z.string(), z.string()).default({}),
    }),
    spec: z.looseObject({ template: z.looseObject({ spec: z.record(z.string(), z.unknown()) }) }),
    status: z.looseObject({ completionTime: z.string().optional() }).optional(),
  }),
});
type JobObject = z.infer<typeof jobEvent>["object"];

const jobsPath = "/apis/batch/v1/jobs?watch=true";

/**
 * Job controller, scheduler and kubelet at once, for an API server that has none: each mover Job gets a pod that
 * leaves a result, and is called complete. Runs no mover.
 */
export class FakeMoverHost {
  readonly #options: MoverHostOptions;
  readonly #stop = new AbortController();
  readonly #working = new Set<Promise<void>>();
  readonly #seen = new Set<string>();
  readonly #watching: Promise<void>;
  #failure: Error | undefined;

  constructor(options: MoverHostOptions) {
    this.#options = options;
    this.#watching = watchEvents(options.server, jobsPath, (event) => this.#see(event), this.#stop.signal)
      .catch((error) => this.#fail(error));
  }

  /** Throws what went wrong, if something did. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Movers that were seen and of whose end the API server does not know yet. */
  get working(): number {
    return this.#working.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error("The mover host is stopped"));
    await Promise.allSettled([this.#watching, ...this.#working]);
  }

  #see(event: unknown): void {
    const { type, object } = jobEvent.parse(event);
    if (type === "DELETED" || this.#seen.has(object.metadata.uid)) return;
    this.#seen.add(object.metadata.uid);
    if (object.status?.completionTime !== undefined) return;
    const { namespace, name, labels } = object.metadata;
    const job = { namespace, name, operation: labels[LABEL.operation] ?? "", object };
    this.#options.onStart?.(job);
    const work = this.#host(job, object).catch((error) => this.#fail(error))
      .finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  async #host(job: StartedJob, object: JobObject): Promise<void> {
    const { signal } = this.#stop;
    const { server, lifeMs, mayStart, onEnd } = this.#options;
    await mayStart?.(job);
    const pod = podOf(object);
    const pods = `/api/v1/namespaces/${job.namespace}/pods`;
    await server.request("POST", pods, { body: pod, signal });
    await pause(lifeMs(job), signal);
    onEnd?.(job);
    const at = new Date().toISOString().replace(/\.[0-9]+Z$/, "Z");
    const contentType = "application/merge-patch+json";
    const podStatus = { body: { status: endedPod(job, at) }, contentType, signal };
    await server.request("PATCH", `${pods}/${pod.metadata.name}/status`, podStatus);
    const path = `/apis/batch/v1/namespaces/${job.namespace}/jobs/${job.name}/status`;
    await server.request("PATCH", path, { body: { status: endedJob(at) }, contentType, signal });
  }

  #fail(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#stop.abort(this.#failure);
  }
}

function podOf({ metadata, spec }: JobObject) {
  const { name, namespace, uid, labels } = metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: `${name}-pod`,
      namespace,
      labels: { ...labels, "batch.kubernetes.io/job-name": name, "batch.kubernetes.io/controller-uid": uid },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name, uid, controller: true }],
    },
    spec: spec.template.spec,
  };
}

function endedPod(job: StartedJob, at: string): Found<"Pod">["status"] {
  const message = JSON.stringify(resultOf(job, at));
  return {
    phase: "Succeeded",
    startTime: at,
    containerStatuses: [{
      name: MOVER_CONTAINER,
      image: "bench",
      imageID: "bench",
      ready: false,
      restartCount: 0,
      state: { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at, message } },
    }],
  };
}

function endedJob(at: string): Found<"Job">["status"] {
  const condition = {
    status: "True",
    reason: "CompletionsReached",
    lastTransitionTime: at,
    lastProbeTime: at,
  };
  return {
    startTime: at,
    completionTime: at,
    succeeded: 1,
    conditions: ["SuccessCriteriaMet", "Complete"].map((type) => ({ type, ...condition })),
  };
}

function resultOf({ name, operation }: StartedJob, at: string): MoverResult {
  if (operation === "bootstrap") {
    return {
      version: 1,
      operation: "BootstrapRepository",
      durationSeconds: 1,
      bootstrap: { uniqueId: "3b5cb2f5f2f64f2e", created: false, snapshotCount: 0, totalSizeBytes: 0 },
    };
  }
  if (operation !== "backup") {
    throw new Error(
      `Cannot end the Job ${name}: its operation is "${operation}", expected backup or bootstrap`,
    );
  }
  return {
    version: 1,
    operation: "Backup",
    durationSeconds: 1,
    backup: {
      snapshotId: `k${name}`,
      startTime: at,
      endTime: at,
      sizeBytes: 1000,
      files: 10,
      names: {},
      reused: false,
    },
  };
}
