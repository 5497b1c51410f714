import { ANNOTATION, API_VERSION, LABEL, MANAGED_BY } from "../../api/mod.ts";
import type { DesiredObject, KubeObject, ObjectMeta } from "../../kube/types.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a test may say of an object; all the rest is a sensible default. */
export interface Parts {
  readonly name?: string;
  readonly namespace?: string;
  readonly metadata?: Partial<ObjectMeta>;
  /** Merged over the default spec, field by field. */
  readonly spec?: Fields;
  readonly status?: Fields;
}

/** Any object: `metadata` is filled with uid, generation, resourceVersion and creationTimestamp. */
export function anObject(apiVersion: string, kind: string, parts: Parts, rest: Fields = {}): KubeObject {
  const name = parts.name ?? kind.toLowerCase();
  const metadata: ObjectMeta = {
    name,
    namespace: parts.namespace ?? "apps",
    uid: `uid-${kind.toLowerCase()}-${name}`,
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    ...parts.metadata,
  };
  return {
    apiVersion,
    kind,
    metadata,
    ...rest,
    ...(parts.spec === undefined ? {} : { spec: parts.spec }),
    ...(parts.status === undefined ? {} : { status: parts.status }),
  };
}

/** A filesystem Repository `repo` on the claim `repo-data`. */
export function aRepository(parts: Parts = {}): KubeObject {
  const spec = {
    backend: { filesystem: { path: "/repository", volume: { pvc: { name: "repo-data" } } } },
    encryption: { passwordSecretRef: { name: "repo-password", key: "KOPIA_PASSWORD" } },
    ...parts.spec,
  };
  return anObject(API_VERSION, "Repository", { name: "repo", ...parts, spec });
}

/** A Repository that movers may use. */
export function aReadyRepository(parts: Parts = {}): KubeObject {
  const ready = aCondition("Ready", "True", "Ready");
  const status = {
    observedGeneration: 1,
    phase: "Ready",
    uniqueId: "0123abcd",
    conditions: [ready],
    ...parts.status,
  };
  return aRepository({ ...parts, status });
}

/** A BackupConfig `recipe` of the claim `data` into `repo`. */
export function aBackupConfig(parts: Parts = {}): KubeObject {
  const spec = {
    repository: { kind: "Repository", name: "repo" },
    sources: [{ pvc: { name: "data" } }],
    ...parts.spec,
  };
  return anObject(API_VERSION, "BackupConfig", { name: "recipe", ...parts, spec });
}

/** A Backup `run` of `recipe`. */
export function aBackup(parts: Parts = {}): KubeObject {
  const spec = { configRef: { name: "recipe" }, ...parts.spec };
  return anObject(API_VERSION, "Backup", { name: "run", ...parts, spec });
}

/** A Secret; `data` as text, kept in base64 as on the wire. */
export function aSecret(
  parts: Parts & { readonly data?: Readonly<Record<string, string>> } = {},
): KubeObject {
  const { data = { KOPIA_PASSWORD: "correct horse" }, ...rest } = parts;
  const encoded = Object.entries(data).map(([key, value]) => [key, btoa(value)]);
  return anObject("v1", "Secret", { name: "repo-password", ...rest }, { data: Object.fromEntries(encoded) });
}

/** A ConfigMap. */
export function aConfigMap(
  parts: Parts & { readonly data?: Readonly<Record<string, string>> } = {},
): KubeObject {
  const { data = {}, ...rest } = parts;
  return anObject("v1", "ConfigMap", rest, { data });
}

/** A bound claim `data`, writable from one node. */
export function aClaim(parts: Parts = {}): KubeObject {
  const spec = { accessModes: ["ReadWriteOnce"], volumeName: "pv-data", ...parts.spec };
  return anObject("v1", "PersistentVolumeClaim", {
    name: "data",
    status: { phase: "Bound" },
    ...parts,
    spec,
  });
}

/** A namespace; cluster-scoped. */
export function aNamespace(parts: Parts = {}): KubeObject {
  const { namespace: _none, ...metadata } = anObject("v1", "Namespace", { name: "apps", ...parts }).metadata;
  return { apiVersion: "v1", kind: "Namespace", metadata, status: { phase: "Active", ...parts.status } };
}

/** A mover Job with our labels; `status` says how it stands. */
export function aJob(parts: Parts = {}): KubeObject {
  const labels = { [LABEL.managedBy]: MANAGED_BY, ...parts.metadata?.labels };
  return anObject("batch/v1", "Job", { name: "mover", ...parts, metadata: { ...parts.metadata, labels } });
}

/** What the mover of a Job is told to do. */
export function workSpecOf(job: DesiredObject): Fields {
  const { template } = job.spec as { template: { metadata: { annotations: Record<string, string> } } };
  return JSON.parse(template.metadata.annotations[ANNOTATION.workSpec] ?? "null");
}

/** How a Job that succeeded stands. */
export function succeededJobStatus(): Fields {
  return { succeeded: 1, conditions: [{ type: "Complete", status: "True" }] };
}

/** How a Job that failed stands. */
export function failedJobStatus(reason = "PodFailurePolicy"): Fields {
  return { failed: 1, conditions: [{ type: "Failed", status: "True", reason, message: "The Job failed" }] };
}

/** A pod `mover-x` of a Job, owned and labelled as the Job controller does it. */
export function aPodOf(job: KubeObject, parts: Parts = {}): KubeObject {
  const labels = {
    "batch.kubernetes.io/job-name": job.metadata.name,
    "batch.kubernetes.io/controller-uid": job.metadata.uid ?? "",
    ...job.metadata.labels,
    ...parts.metadata?.labels,
  };
  const ownerReferences = [{
    apiVersion: "batch/v1",
    kind: "Job",
    name: job.metadata.name,
    uid: job.metadata.uid ?? "",
    controller: true,
  }];
  const metadata = { ownerReferences, ...parts.metadata, labels };
  const place = { name: `${job.metadata.name}-x`, namespace: job.metadata.namespace ?? "apps" };
  return anObject("v1", "Pod", { ...place, ...parts, metadata });
}

/** How a pod whose container `mover` ended stands. */
export function endedPodStatus(exitCode: number, message: string, reason?: string): Fields {
  const terminated = {
    exitCode,
    message,
    reason: reason ?? (exitCode === 0 ? "Completed" : "Error"),
    finishedAt: "2026-01-02T03:04:00Z",
  };
  return {
    phase: exitCode === 0 ? "Succeeded" : "Failed",
    containerStatuses: [{ name: "mover", state: { terminated } }],
  };
}

/** A condition as the API server keeps it. */
export function aCondition(type: string, status: "True" | "False" | "Unknown", reason: string): Fields {
  return {
    type,
    status,
    reason,
    message: reason,
    lastTransitionTime: "2026-01-01T00:00:00Z",
    observedGeneration: 1,
  };
}
