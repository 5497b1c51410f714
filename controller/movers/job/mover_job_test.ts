import assert from "node:assert/strict";
import type { RepositorySpec } from "../../../api/mod.ts";
import { moverJob, type MoverJobRequest } from "./mover_job.ts";
import { moverRemovals } from "../task/stop_movers.ts";
import { workSpecFor } from "./work_spec.ts";
import { workTrace } from "../trace.ts";

const encryption = { passwordSecretRef: { name: "password", key: "repo.pw" } };
const onVolume: RepositorySpec = {
  encryption,
  backend: { filesystem: { path: "/repository", volume: { pvc: { name: "repo-data" } } } },
};
const onS3: RepositorySpec = {
  encryption,
  backend: {
    s3: {
      bucket: "bucket",
      endpoint: "s3.lan",
      auth: { secretRef: { name: "keys" } },
      tls: {
        caBundleRef: { configMapName: "ca", key: "root.pem" },
        insecureSkipVerify: false,
        disableTls: false,
      },
    },
  },
};

function aRequest(parts: Partial<MoverJobRequest> = {}): MoverJobRequest {
  const repositorySpec = parts.repositorySpec ?? onVolume;
  const mover = parts.mover ?? {};
  return {
    name: "main-bootstrap-1-0a1b2c3d",
    namespace: "apps",
    owner: { apiVersion: "kopiur.home-operations.com/v1alpha1", kind: "Repository", name: "main", uid: "r1" },
    workSpec: workSpecFor({
      operation: { bootstrap: {} },
      identity: { username: "kopiur", hostname: "apps" },
      repositorySpec,
      target: { kind: "Repository", namespace: "apps", name: "main" },
      mover,
    }),
    trace: workTrace("r1", "bootstrap-1"),
    limits: { backoffLimit: 0 },
    options: { moverImage: "kopiur:1", moverImagePullPolicy: "IfNotPresent", moverEnvPassthrough: [] },
    ...parts,
    repositorySpec,
    mover,
  };
}

/** The value under a path, for reading deep into what was made. */
function at(object: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | undefined)?.[step],
    object,
  );
}

/** As the API server gets it. */
function podSpecOf(parts: Partial<MoverJobRequest> = {}): unknown {
  return JSON.parse(JSON.stringify(moverJob(aRequest(parts)).spec?.template.spec));
}

function namesOf(list: unknown): readonly string[] {
  return (list as readonly { readonly name: string }[]).map(({ name }) => name);
}

Deno.test("moverJob() keeps the work spec in an annotation of the pod, which the pod mounts as the contract's file", () => {
  const request = aRequest();
  const template = at(moverJob(request), "spec", "template");
  const name = "kopiur.home-operations.com/work-spec";
  assert.deepEqual(JSON.parse(String(at(template, "metadata", "annotations", name))), request.workSpec);
  const fieldRef = { apiVersion: "v1", fieldPath: `metadata.annotations['${name}']` };
  assert.deepEqual(at(template, "spec", "volumes", 0), {
    name: "work-spec",
    downwardAPI: { items: [{ path: "work-spec.json", fieldRef }] },
  });
  assert.deepEqual(at(template, "spec", "containers", 0, "volumeMounts", 0), {
    name: "work-spec",
    mountPath: "/etc/kopiur/work",
    readOnly: true,
  });
});

Deno.test("moverJob() leaves user and groups to the namespace where that is wanted, and nothing else", () => {
  const mover = { securityContext: "Namespace", runAsGroup: 7 } as const;
  assert.deepEqual(at(podSpecOf({ mover }), "securityContext"), {
    runAsNonRoot: true,
    runAsGroup: 7,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  });
  assert.equal(
    at(podSpecOf({ mover: { ...mover, privilegedMode: true } }), "securityContext", "runAsUser"),
    0,
  );
});

Deno.test("moverJob() is restricted when nobody asks for more", () => {
  const spec = podSpecOf();
  assert.deepEqual(at(spec, "securityContext"), {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  });
  assert.deepEqual(at(spec, "containers", 0, "securityContext"), {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  assert.equal(at(spec, "automountServiceAccountToken"), false);
  assert.equal(at(spec, "shareProcessNamespace"), true);
  assert.equal(at(spec, "enableServiceLinks"), false);
});

Deno.test("moverJob() runs as the user, groups and on the nodes the spec names", () => {
  const tolerations = [{ key: "backup", operator: "Exists" as const }];
  const spec = podSpecOf({
    mover: {
      runAsUser: 568,
      runAsGroup: 569,
      fsGroup: 570,
      supplementalGroups: [571],
      nodeSelector: { disk: "fast" },
      tolerations,
      resources: { limits: { memory: "1Gi" } },
    },
  });
  assert.equal(at(spec, "securityContext", "runAsUser"), 568);
  assert.equal(at(spec, "securityContext", "runAsGroup"), 569);
  assert.equal(at(spec, "securityContext", "fsGroup"), 570);
  assert.deepEqual(at(spec, "securityContext", "supplementalGroups"), [571]);
  assert.deepEqual(at(spec, "nodeSelector"), { disk: "fast" });
  assert.deepEqual(at(spec, "tolerations"), tolerations);
  assert.deepEqual(at(spec, "containers", 0, "resources"), { limits: { memory: "1Gi" } });
});

Deno.test("moverJob() gives a privileged mover root and one capability, nothing else", () => {
  const spec = podSpecOf({ mover: { privilegedMode: true, runAsUser: 568 } });
  assert.equal(at(spec, "securityContext", "runAsUser"), 0);
  assert.equal(at(spec, "securityContext", "runAsNonRoot"), false);
  assert.deepEqual(at(spec, "containers", 0, "securityContext"), {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"], add: ["DAC_READ_SEARCH"] },
  });
});

Deno.test("moverJob() mounts sources read-only at volume and mount, so that no kubelet changes their owners", () => {
  const spec = podSpecOf({ sources: [{ pvc: "data" }, { pvc: "media" }] });
  const volumes = at(spec, "volumes") as readonly unknown[];
  assert.deepEqual(volumes.slice(-2), [
    { name: "source-0", persistentVolumeClaim: { claimName: "data", readOnly: true } },
    { name: "source-1", persistentVolumeClaim: { claimName: "media", readOnly: true } },
  ]);
  const mounts = at(spec, "containers", 0, "volumeMounts") as readonly unknown[];
  assert.deepEqual(mounts.slice(-2), [
    { name: "source-0", mountPath: "/pvc/data", readOnly: true },
    { name: "source-1", mountPath: "/pvc/media", readOnly: true },
  ]);
});

Deno.test("moverJob() mounts a filesystem repository writable at its path", () => {
  const spec = podSpecOf();
  const claim = { name: "repository", persistentVolumeClaim: { claimName: "repo-data" } };
  assert.deepEqual((at(spec, "volumes") as readonly unknown[]).at(-1), claim);
  const mount = { name: "repository", mountPath: "/repository" };
  assert.deepEqual((at(spec, "containers", 0, "volumeMounts") as readonly unknown[]).at(-1), mount);
});

Deno.test("moverJob() has writable folders for cache and temporary files only", () => {
  const spec = podSpecOf({ repositorySpec: onS3, mover: { cache: { capacity: "2Gi" } } });
  const writable =
    (at(spec, "containers", 0, "volumeMounts") as readonly { name: string; readOnly?: boolean }[])
      .filter(({ readOnly }) => readOnly !== true);
  assert.deepEqual(namesOf(writable), ["cache", "tmp"]);
  assert.deepEqual(at(spec, "volumes", 1), { name: "cache", emptyDir: { sizeLimit: "2Gi" } });
});

Deno.test("moverJob() stages a private CA where the contract says", () => {
  const spec = podSpecOf({ repositorySpec: onS3 });
  const volume = {
    name: "ca-bundle",
    configMap: { name: "ca", items: [{ key: "root.pem", path: "ca.crt" }] },
  };
  assert.deepEqual((at(spec, "volumes") as readonly unknown[]).at(-1), volume);
});

Deno.test("moverJob() gives secrets by reference, whatever their key is called", () => {
  const env = at(podSpecOf({ repositorySpec: onS3 }), "containers", 0, "env") as readonly { name: string }[];
  const byName = Object.fromEntries(env.map(({ name, ...rest }) => [name, rest]));
  assert.deepEqual(byName.KOPIA_PASSWORD, {
    valueFrom: { secretKeyRef: { name: "password", key: "repo.pw" } },
  });
  assert.deepEqual(byName.AWS_ACCESS_KEY_ID, {
    valueFrom: { secretKeyRef: { name: "keys", key: "AWS_ACCESS_KEY_ID" } },
  });
  assert.deepEqual(byName.AWS_SESSION_TOKEN, {
    valueFrom: { secretKeyRef: { name: "keys", key: "AWS_SESSION_TOKEN", optional: true } },
  });
});

/** The environment of a mover by name: the value, or where it comes from. */
function environmentOf(parts: Partial<MoverJobRequest>): Readonly<Record<string, unknown>> {
  const env = at(podSpecOf(parts), "containers", 0, "env") as readonly {
    name: string;
    value?: string;
    valueFrom?: unknown;
  }[];
  return Object.fromEntries(env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}

function throughProxy(proxy: NonNullable<RepositorySpec["backend"]["s3"]>["proxy"]): RepositorySpec {
  const { s3 } = onS3.backend;
  assert.ok(s3);
  return { ...onS3, backend: { s3: { ...s3, proxy } } };
}

Deno.test("moverJob() gives the proxies of the Repository, else those of the controller, and never of both", () => {
  const options = {
    ...aRequest().options,
    moverEnvPassthrough: [
      { name: "HTTPS_PROXY", value: "http://theirs" },
      { name: "NO_PROXY", value: ".svc" },
    ],
  };
  const proxies = (repositorySpec: RepositorySpec) => {
    const { HTTPS_PROXY, HTTP_PROXY, NO_PROXY } = environmentOf({ options, repositorySpec });
    return [HTTPS_PROXY, HTTP_PROXY, NO_PROXY];
  };
  assert.deepEqual(proxies(onS3), ["http://theirs", undefined, ".svc"]);
  assert.deepEqual(proxies(throughProxy({})), [undefined, undefined, undefined]);
  assert.deepEqual(proxies(throughProxy({ httpProxy: "http://own/$(X)" })), [
    undefined,
    "http://own/$$(X)",
    undefined,
  ]);
  const secret = (key: string, more = {}) => ({ secretKeyRef: { name: "proxy", key, ...more } });
  assert.deepEqual(proxies(throughProxy({ secretRef: { name: "proxy" } })), [
    secret("HTTPS_PROXY"),
    secret("HTTP_PROXY", { optional: true }),
    secret("NO_PROXY", { optional: true }),
  ]);
});

Deno.test("moverJob() pulls with the secrets of the controller, and names none where it has none", () => {
  const pullSecrets = (moverPullSecrets?: readonly string[]) =>
    at(podSpecOf({ options: { ...aRequest().options, moverPullSecrets } }), "imagePullSecrets");
  assert.deepEqual(pullSecrets(["registry", "mirror"]), [{ name: "registry" }, { name: "mirror" }]);
  assert.deepEqual([pullSecrets([]), pullSecrets()], [undefined, undefined]);
});

Deno.test("moverJob() stages authorities for every mover, where its namespace has them", () => {
  const options = { ...aRequest().options, moverCaConfigMap: { name: "trusted", key: "bundle.pem" } };
  const spec = podSpecOf({ options });
  const volumes = at(spec, "volumes") as readonly { name: string; configMap?: unknown }[];
  assert.deepEqual(volumes.find(({ name }) => name === "trust")?.configMap, {
    name: "trusted",
    items: [{ key: "bundle.pem", path: "ca.crt" }],
    optional: true,
  });
  const mounts = at(spec, "containers", 0, "volumeMounts") as readonly { name: string; mountPath: string }[];
  const { SSL_CERT_DIR } = environmentOf({ options });
  assert.equal(mounts.find(({ name }) => name === "trust")?.mountPath, SSL_CERT_DIR);
  assert.equal(environmentOf({}).SSL_CERT_DIR, undefined);
});

Deno.test("moverJob() passes the controller's settings on, but none that the contract sets, and none twice", () => {
  const options = {
    moverImage: "kopiur:1",
    moverImagePullPolicy: "Never",
    moverEnvPassthrough: [
      { name: "RUST_LOG", value: "debug" },
      { name: "RUST_LOG", value: "info" },
      { name: "OTEL_RESOURCE_ATTRIBUTES", value: "a=$(POD_NAME),b=$$" },
      { name: "POD_NAME", value: "controller-0" },
      { name: "KOPIA_PASSWORD", value: "mine" },
      { name: "KOPIUR_WORK_SPEC_PATH", value: "/elsewhere" },
      { name: "OTEL_EXPORTER_OTLP_HEADERS", secretKeyRef: { name: "otel", key: "headers" } },
    ],
  } as const;
  const env = at(podSpecOf({ options }), "containers", 0, "env") as readonly {
    name: string;
    value?: string;
    valueFrom?: unknown;
  }[];
  assert.equal(new Set(namesOf(env)).size, env.length);
  assert.deepEqual(env.find(({ name }) => name === "OTEL_EXPORTER_OTLP_HEADERS")?.valueFrom, {
    secretKeyRef: { name: "otel", key: "headers", optional: true },
  });
  assert.equal(env.find(({ name }) => name === "RUST_LOG")?.value, "debug");
  assert.equal(
    env.find(({ name }) => name === "KOPIUR_WORK_SPEC_PATH")?.value,
    "/etc/kopiur/work/work-spec.json",
  );
  assert.equal(
    env.find(({ name }) => name === "OTEL_RESOURCE_ATTRIBUTES")?.value,
    "a=$$(POD_NAME),b=$$$$",
    "a kubelet would put the mover's name there",
  );
  assert.ok(!env.some(({ value }) => value === "mine" || value === "controller-0"));
});

Deno.test("moverJob() tells each mover which pod it is, for what it exports", () => {
  const env = at(podSpecOf(), "containers", 0, "env") as readonly { name: string; valueFrom?: unknown }[];
  const byName = Object.fromEntries(env.map(({ name, valueFrom }) => [name, valueFrom]));
  assert.deepEqual(byName.POD_NAME, { fieldRef: { fieldPath: "metadata.name" } });
  assert.deepEqual(byName.KOPIUR_NAMESPACE, { fieldRef: { fieldPath: "metadata.namespace" } });
});

Deno.test("moverJob() stops at once on a terminal exit and does not count disruptions", () => {
  const job = moverJob(aRequest({ limits: { backoffLimit: 2, activeDeadlineSeconds: 60 } }));
  assert.deepEqual(at(job, "spec", "podFailurePolicy", "rules"), [
    { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
    { action: "FailJob", onExitCodes: { containerName: "mover", operator: "In", values: [2] } },
  ]);
  assert.equal(at(job, "spec", "backoffLimit"), 2);
  assert.equal(at(job, "spec", "activeDeadlineSeconds"), 60);
  assert.equal(at(job, "spec", "template", "spec", "activeDeadlineSeconds"), undefined);
  assert.equal(
    at(podSpecOf({ limits: { backoffLimit: 0, podActiveDeadlineSeconds: 9 } }), "activeDeadlineSeconds"),
    9,
  );
});

Deno.test("moverJob() labels Job and pod so that the label-scoped watches see them", () => {
  const labels = { "app.kubernetes.io/managed-by": "somebody", team: "a" };
  const job = moverJob(aRequest({ labels, annotations: { note: "x" } }));
  const expected = {
    team: "a",
    "app.kubernetes.io/name": "kopiur",
    "app.kubernetes.io/managed-by": "kopiur",
    "app.kubernetes.io/component": "mover",
    "kopiur.home-operations.com/operation": "bootstrap",
  };
  assert.deepEqual(job.metadata.labels, expected);
  assert.deepEqual(at(job, "spec", "template", "metadata", "labels"), {
    ...expected,
    "sidecar.istio.io/inject": "false",
  });
  assert.equal(job.metadata.annotations?.note, "x");
  assert.equal(at(job, "spec", "template", "metadata", "annotations", "karpenter.sh/do-not-disrupt"), "true");
});

Deno.test("moverRemovals() removes this Job and no other of its name, and none that is going", () => {
  const job = moverJob(aRequest());
  const stored = { ...job, metadata: { ...job.metadata, uid: "j1" } };
  const going = { ...job, metadata: { ...stored.metadata, deletionTimestamp: "2026-01-02T03:04:05Z" } };
  const removals = moverRemovals([stored, going]);
  assert.deepEqual(removals.map(({ resource, ...rest }) => [resource.kind, rest]), [["Job", {
    key: { namespace: "apps", name: job.metadata.name },
    uid: "j1",
    propagation: "Foreground",
    isSpent: false,
  }]]);
  const ended = { ...stored, status: { conditions: [{ type: "Complete", status: "True" }] } };
  assert.deepEqual(moverRemovals([ended]).map(({ isSpent }) => isSpent), [true]);
});
