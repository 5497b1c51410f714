import assert from "node:assert/strict";
import {
  ANNOTATION,
  FIELD_MANAGER,
  type KopiaPolicy,
  kopiaPolicy,
  MOVER_PATH,
  type MoverSpec,
} from "../../../api/mod.ts";
import type { DesiredObject, KubeObject } from "../../../kube/types.ts";
import { type ApiServer, ApiStatusError, startApiserver, waitUntil } from "../../../tests/cluster/mod.ts";
import { FakeKube } from "../../../tests/support/mod.ts";
import { WATCHED } from "../../shared/objects/watched.ts";
import { jobState } from "../state/job_state.ts";
import { observeRefusals } from "../task/observe_movers.ts";
import { moverJob } from "./mover_job.ts";
import { workSpecFor } from "./work_spec.ts";
import { workTrace } from "../trace.ts";

const spec = {
  backend: {
    s3: {
      bucket: "bucket",
      endpoint: "s3.lan",
      auth: { secretRef: { name: "keys" } },
      tls: {
        caBundleRef: { configMapName: "ca", key: "ca.crt" },
        insecureSkipVerify: false,
        disableTls: false,
      },
    },
  },
  encryption: { passwordSecretRef: { name: "password", key: "pw" } },
};
const everyChoice: MoverSpec = {
  runAsUser: 568,
  supplementalGroups: [1],
  nodeSelector: { disk: "fast" },
  tolerations: [{ key: "backup", operator: "Exists", effect: "NoSchedule" }],
  resources: { requests: { cpu: "100m" }, limits: { memory: "1.5Gi" } },
  cache: { capacity: "2Gi" },
};

const longestPolicy = kopiaPolicy.parse({
  compression: { neverCompress: Array.from({ length: 128 }, () => "字".repeat(64)) },
  ignore: { paths: Array.from({ length: 100 }, () => "字".repeat(256)) },
});

interface Choices {
  readonly activeDeadlineSeconds?: number;
  readonly hostname?: string;
  readonly policy?: KopiaPolicy;
}

/** A mover Job called so, as the kinds make it. */
function aMoverJob(
  namespace: string,
  name: string,
  mover: MoverSpec,
  { activeDeadlineSeconds = 3600, hostname = namespace, policy = {} }: Choices = {},
): DesiredObject {
  return moverJob({
    name,
    namespace,
    owner: { apiVersion: "v1", kind: "Namespace", name: namespace, uid: "none" },
    annotations: { note: "x" },
    trace: workTrace("uid", "run"),
    workSpec: workSpecFor({
      operation: { backup: { mountPath: "/pvc/data", sourcePath: "/data", runId: "r", tags: {}, policy } },
      identity: { username: "kopiur", hostname },
      repositorySpec: spec,
      target: { kind: "Repository", namespace, name },
      mover,
      timeoutSeconds: 120,
    }),
    repositorySpec: spec,
    mover,
    limits: { backoffLimit: 0, activeDeadlineSeconds, podActiveDeadlineSeconds: 600 },
    sources: [{ pvc: "data" }],
    options: { moverImage: "kopiur:1", moverImagePullPolicy: "IfNotPresent", moverEnvPassthrough: [] },
  });
}

function workSpecIn(job: DesiredObject): string {
  const { template } = job.spec as { template: { metadata: { annotations: Record<string, string> } } };
  return template.metadata.annotations[ANNOTATION.workSpec] ?? "";
}

async function make(server: ApiServer, body: DesiredObject): Promise<KubeObject> {
  const query = `fieldManager=${encodeURIComponent(FIELD_MANAGER)}&fieldValidation=Strict`;
  const path = `/apis/batch/v1/namespaces/${body.metadata.namespace}/jobs?${query}`;
  return await server.request("POST", path, { body }) as KubeObject;
}

async function makeNamespace(
  server: ApiServer,
  name: string,
  level: "restricted" | "privileged",
): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": level };
  await server.request("POST", "/api/v1/namespaces", { body: { metadata: { name, labels } } });
  await waitUntil(() => server.request("GET", `/api/v1/namespaces/${name}/serviceaccounts/default`), {
    what: "the default service account",
    limitSeconds: 20,
    everyMs: 100,
  });
}

async function podsOf(server: ApiServer, job: KubeObject): Promise<readonly KubeObject[]> {
  const { namespace, name } = job.metadata;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${name}`);
  const list = await server.request("GET", `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  // Those of a list do not say what they are.
  return (list as { items: readonly KubeObject[] }).items.map((pod) => ({ ...pod, kind: "Pod" }));
}

async function onePodOf(server: ApiServer, job: KubeObject): Promise<KubeObject> {
  return await waitUntil(async () => (await podsOf(server, job))[0], {
    what: "the pod of the Job",
    limitSeconds: 20,
    everyMs: 100,
  });
}

/** What a kubelet would report. */
async function reportStatus(
  server: ApiServer,
  pod: KubeObject,
  status: Record<string, unknown>,
): Promise<void> {
  const { namespace, name } = pod.metadata;
  await server.request("PATCH", `/api/v1/namespaces/${namespace}/pods/${name}/status`, {
    body: { status },
    contentType: "application/merge-patch+json",
  });
}

async function stateNow(server: ApiServer, job: KubeObject, aheadMs = 0) {
  const { namespace, name } = job.metadata;
  const live = await server.request(
    "GET",
    `/apis/batch/v1/namespaces/${namespace}/jobs/${name}`,
  ) as KubeObject;
  return jobState({
    job: live,
    pods: await podsOf(server, job),
    operation: "bootstrap",
    now: new Date(Date.now() + aheadMs),
  });
}

/** `aheadMs` skips the time in which a pod's message may still be on its way. */
async function endedState(server: ApiServer, job: KubeObject, aheadMs = 0) {
  const ended = async () => {
    const state = await stateNow(server, job, aheadMs);
    return state.kind === "failed" || state.kind === "succeeded" ? state : undefined;
  };
  return await waitUntil(ended, { what: "the end of the Job", limitSeconds: 30, everyMs: 200 });
}

function ended(
  exitCode: number,
  message: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  const terminated = {
    exitCode,
    message,
    reason: exitCode === 0 ? "Completed" : "Error",
    finishedAt: "2026-01-01T00:00:00Z",
  };
  const state = {
    name: "mover",
    image: "x",
    imageID: "x",
    ready: false,
    restartCount: 0,
    state: { terminated },
  };
  return { phase: exitCode === 0 ? "Succeeded" : "Failed", containerStatuses: [state], ...more };
}

const result = JSON.stringify({
  version: 1,
  operation: "BootstrapRepository",
  durationSeconds: 1,
  bootstrap: { uniqueId: "a", created: true, snapshotCount: 0, totalSizeBytes: 0 },
});
const refused = JSON.stringify({
  version: 1,
  operation: "BootstrapRepository",
  durationSeconds: 1,
  failure: { class: "AuthFailure", message: "invalid repository password", tail: "" },
});

/** As on OpenShift: no pod names a user or a group outside the range of its namespace. */
const rangePolicy = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicy",
  metadata: { name: "ranges" },
  spec: {
    failurePolicy: "Fail",
    matchConstraints: {
      resourceRules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
    },
    validations: ["runAsUser", "fsGroup"].map((field) => ({
      expression: `!has(object.spec.securityContext) || !has(object.spec.securityContext.${field}) || ` +
        `object.spec.securityContext.${field} >= 1000680000`,
      message: `${field}: Invalid value: must be in the ranges: [1000680000, 1000689999]`,
    })),
  },
};
const rangeBinding = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingAdmissionPolicyBinding",
  metadata: { name: "ranges" },
  spec: {
    policyName: "ranges",
    validationActions: ["Deny"],
    matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "ranges" } } },
  },
};

Deno.test("a mover where the namespace chooses the ids: refused in words with our own, and made without them", async () => {
  await using server = await startApiserver({ controllers: ["job-controller", "serviceaccount-controller"] });
  await makeNamespace(server, "ranges", "privileged");
  const admission = "/apis/admissionregistration.k8s.io/v1";
  await server.request("POST", `${admission}/validatingadmissionpolicies`, { body: rangePolicy });
  await server.request("POST", `${admission}/validatingadmissionpolicybindings`, { body: rangeBinding });
  const probe = {
    metadata: { generateName: "probe-" },
    spec: {
      securityContext: { runAsUser: 1 },
      containers: [{ name: "x", image: "x" }],
    },
  };
  await waitUntil(
    () =>
      server.request("POST", "/api/v1/namespaces/ranges/pods?dryRun=All", { body: probe }).then(
        () => undefined,
        (error: Error) => /must be in the ranges/.test(error.message) ? true : undefined,
      ),
    { what: "the policy to be in force", limitSeconds: 30, everyMs: 200 },
  );

  const refused = await make(server, aMoverJob("ranges", "fixed", {}));
  const { resource, fieldSelector } = WATCHED.refusal;
  const path = `/api/v1/namespaces/ranges/${resource.plural}?fieldSelector=${
    encodeURIComponent(fieldSelector)
  }`;
  const refusal = await waitUntil(async () => {
    const { items } = await server.request("GET", path) as { items: readonly KubeObject[] };
    const kube = new FakeKube();
    kube.declare({ resource, watches: [WATCHED.refusal] });
    kube.put(...items.map((each) => ({ ...each, apiVersion: "v1", kind: "Event" })));
    return observeRefusals([refused], kube).get(refused.metadata.uid ?? "");
  }, { what: "the Job controller's word", limitSeconds: 30, everyMs: 200 });
  assert.match(
    refusal,
    /ValidatingAdmissionPolicy 'ranges'.*runAsUser: Invalid value: must be in the ranges/,
  );
  const state = jobState({ job: refused, pods: [], operation: "backup", now: new Date(), refusal });
  assert.ok(state.kind === "waiting" && state.text.includes("must be in the ranges"));

  await onePodOf(
    server,
    await make(server, aMoverJob("ranges", "namespace", { securityContext: "Namespace" })),
  );
});

Deno.test("moverJob() and jobState() agree with a real API server and its Job controller", async (t) => {
  await using server = await startApiserver({ controllers: ["job-controller", "serviceaccount-controller"] });
  await makeNamespace(server, "apps", "restricted");
  await makeNamespace(server, "trusted", "privileged");

  async function started(name: string): Promise<KubeObject> {
    return await make(server, aMoverJob("apps", name, everyChoice));
  }

  await t.step("strict validation accepts it, and no second one of its name", async () => {
    await started("main-bootstrap-1");
    await assert.rejects(
      started("main-bootstrap-1"),
      (error) => error instanceof ApiStatusError && error.status === 409,
    );
  });
  await t.step("the pod carries the work spec, to the last character", async () => {
    const job = aMoverJob("apps", "hostile", everyChoice, { hostname: `'"\\\n{{}}$(HOME)é\u{1F4BE}` });
    const pod = await onePodOf(server, await make(server, job));
    assert.equal(pod.metadata.annotations?.[ANNOTATION.workSpec], workSpecIn(job));
  });
  await t.step("the longest work spec has room beside everything else", async () => {
    const job = aMoverJob("apps", "long", everyChoice, { policy: longestPolicy });
    assert.ok(new TextEncoder().encode(workSpecIn(job)).length > 100_000);
    await make(server, job);
  });
  await t.step("a namespace that enforces restricted lets the pod in", async () => {
    const job = await started("restricted");
    const pod = await onePodOf(server, job);
    assert.equal((pod.spec as { automountServiceAccountToken: boolean }).automountServiceAccountToken, false);
    const state = await stateNow(server, job);
    assert.ok(state.kind === "waiting" && state.why === "PodNotStarted");
  });
  await t.step(
    "a namespace that enforces restricted keeps a privileged mover out, which shows as waiting",
    async () => {
      const job = aMoverJob("apps", "privileged", { privilegedMode: true });
      const stored = await make(server, job);
      const body = {
        metadata: { generateName: "p-" },
        spec: (job.spec as { template: { spec: unknown } }).template.spec,
      };
      await assert.rejects(
        server.request("POST", "/api/v1/namespaces/apps/pods", { body }),
        /violates PodSecurity/,
      );
      assert.equal((await stateNow(server, stored)).kind, "waiting");
    },
  );
  await t.step("a privileged namespace lets it in", async () => {
    const job = aMoverJob("trusted", "privileged", { privilegedMode: true });
    await onePodOf(server, await make(server, job));
  });
  await t.step("success: the result is that of the pod", async () => {
    const job = await started("works");
    await reportStatus(server, await onePodOf(server, job), ended(0, result));
    const state = await endedState(server, job);
    assert.ok(state.kind === "succeeded" && state.result.bootstrap.uniqueId === "a");
    assert.equal(state.attempts, 1);
  });
  await t.step("a terminal exit fails the Job at once", async () => {
    const job = await started("refused");
    await reportStatus(server, await onePodOf(server, job), ended(2, refused));
    const state = await endedState(server, job);
    assert.ok(state.kind === "failed" && state.class === "AuthFailure" && state.exitCode === 2);
  });
  await t.step("a retryable exit fails it when no retry is left", async () => {
    const job = await started("garbage");
    await reportStatus(server, await onePodOf(server, job), ended(1, '{"version":1,'));
    const state = await endedState(server, job);
    assert.ok(state.kind === "failed" && state.class === "ResultMissing" && !state.resultKnown);
  });
  await t.step("a disruption is not counted: another pod is made", async () => {
    const job = await started("disrupted");
    const pod = await onePodOf(server, job);
    const conditions = [{ type: "DisruptionTarget", status: "True", reason: "EvictionByEvictionAPI" }];
    await reportStatus(server, pod, ended(137, "", { conditions }));
    const second = async () =>
      (await podsOf(server, job)).find(({ metadata }) => metadata.name !== pod.metadata.name);
    const next = await waitUntil(second, { what: "the other pod", limitSeconds: 40, everyMs: 200 });
    await reportStatus(server, next, ended(0, result));
    assert.equal((await endedState(server, job)).kind, "succeeded");
  });
  await t.step("past the Job's deadline the pods are gone, and the Job says why", async () => {
    const job = aMoverJob("apps", "too-slow", {}, { activeDeadlineSeconds: 1 });
    const state = await endedState(server, await make(server, job), 60_000);
    assert.ok(state.kind === "failed" && state.class === "DeadlineExceeded" && !state.resultKnown);
  });
  await t.step("no secret is anywhere in what was applied", async () => {
    const stored = JSON.stringify(await server.request("GET", "/apis/batch/v1/namespaces/apps/jobs"));
    assert.ok(stored.includes(MOVER_PATH.workSpecFolder));
    assert.doesNotMatch(stored, /"name":"(KOPIA_PASSWORD|AWS_SECRET_ACCESS_KEY)","value":/);
  });
});
