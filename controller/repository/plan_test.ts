import assert from "node:assert/strict";
import type { KubeObject } from "../../kube/types.ts";
import { aClaim, aNamespace, aPodOf, aRepository, aSecret, type FakeKube } from "../../tests/support/mod.ts";
import { workTrace } from "../movers/mod.ts";
import { CONFIG_MAP, JOB, POD, SECRET } from "../shared/mod.ts";
import {
  aCreatingRepository,
  aNamespaceInMemory,
  bootstrapEnds,
  carryOut,
  type End,
  endJob,
  failedMessage,
  jobIn,
  NOW,
  openedMessage,
  planIn,
  startsWithCreate,
  statusIn,
  storedRepository,
} from "./stage_test.ts";
import type { RepositoryPlan } from "./plan.ts";

const s3Spec = {
  backend: {
    s3: {
      bucket: "bucket",
      endpoint: "s3.lan",
      auth: { secretRef: { name: "keys" } },
      tls: { caBundleRef: { configMapName: "ca" } },
    },
  },
};

function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

function conditionIn(plan: RepositoryPlan, type: string): string | undefined {
  const change = plan.conditions.find((each) => each.kind === "set" && each.value.type === type);
  return change?.kind === "set" ? `${change.value.status} ${change.value.reason}` : undefined;
}

/** A repository that was opened once; nothing is left of the Job. */
async function anOpenRepository(repository: KubeObject = aCreatingRepository()): Promise<FakeKube> {
  const kube = aNamespaceInMemory(repository);
  await bootstrapEnds(kube, { exitCode: 0, message: openedMessage({ created: true }) });
  await carryOut(kube, await planIn(kube));
  await carryOut(kube, await planIn(kube));
  assert.deepEqual([statusIn(kube).phase, kube.list(JOB).length, kube.list(CONFIG_MAP).length], [
    "Ready",
    0,
    0,
  ]);
  return kube;
}

Deno.test("planRepository() starts a bootstrap for a new Repository", async () => {
  const plan = await planIn(aNamespaceInMemory(aRepository()));
  assert.deepEqual(plan.create.map(({ kind }) => kind), ["Job"]);
  assert.match(plan.create[0]?.metadata.name ?? "", /^repo-bootstrap-1-[0-9a-f]{8}$/);
  assert.equal(plan.status.phase, "Initializing");
  assert.equal(plan.status.backend, "Filesystem");
  assert.equal(plan.outcome.kind, "waiting");
  assert.equal(plan.outcome.reason, "Initializing");
  assert.equal(conditionIn(plan, "CredentialsAvailable"), "True Available");
});

Deno.test("planRepository() lets a bootstrap create only when asked to", async () => {
  assert.equal(startsWithCreate((await planIn(aNamespaceInMemory(aRepository()))).create), false);
  assert.equal(startsWithCreate((await planIn(aNamespaceInMemory(aCreatingRepository()))).create), true);
});

Deno.test("planRepository() plans no second Job while there is one", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  const plan = await planIn(kube);
  assert.deepEqual([plan.create, plan.remove], [[], []]);
  assert.equal(plan.status.phase, "Initializing");
});

Deno.test("planRepository() takes a success: unique id, numbers, Event and measures, once", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await bootstrapEnds(kube, { exitCode: 0, message: openedMessage({ created: true }) });
  const job = jobIn(kube).metadata.name;
  const plan = await planIn(kube);
  const { uid } = storedRepository(kube).metadata;
  const { conditions: _conditions, ...status } = plan.status;
  assert.deepEqual(status, {
    observedGeneration: 1,
    phase: "Ready",
    backend: "Filesystem",
    uniqueId: "0123abcd",
    storageStats: {
      ...{ snapshotCount: 3, totalSizeBytes: 4096, lastObservedAt: "2026-01-02T03:04:00Z" },
      listing: { observedAt: "2026-01-02T03:04:00Z", snapshotCount: 3, totalSizeBytes: 4096 },
    },
    lastInit: {
      status: "Succeeded",
      time: "2026-01-02T03:04:00Z",
      message: "The repository was created",
      created: true,
    },
    bootstrap: { ...status.bootstrap, forGeneration: 1, runs: 1, failures: 0 },
  });
  assert.equal(conditionIn(plan, "Bootstrapped"), "True Bootstrapped");
  assert.deepEqual(plan.outcome.kind === "settled" && plan.outcome.ready, "True");
  assert.deepEqual(plan.events.map(({ type, reason, note }) => [type, reason, note]), [
    [
      "Normal",
      "InitSucceeded",
      'Repository at "/repository" on PersistentVolumeClaim "repo-data" was created; its unique id is ' +
      '"0123abcd", it holds 3 snapshots',
    ],
  ]);
  const labels = { operation: "BootstrapRepository", result: "succeeded" };
  assert.deepEqual(plan.measures, [
    { kind: "add", metric: "kopiur_mover_operations_total", labels, value: 1 },
    { kind: "record", metric: "kopiur_mover_operation_duration_seconds", labels, value: 2.5 },
    {
      kind: "span",
      span: {
        name: "repository bootstrap",
        traceparent: workTrace(uid ?? "", job).traceparent,
        startMs: Date.parse("2026-01-02T03:03:57.500Z"),
        endMs: Date.parse("2026-01-02T03:04:00Z"),
        attributes: { kind: "Repository", namespace: "apps", name: "repo" },
      },
    },
  ]);
  await carryOut(kube, plan);
  const next = await planIn(kube);
  assert.deepEqual([next.events, next.measures], [[], []]);
  assert.deepEqual(next.remove.map(({ resource }) => resource.kind), ["Job"]);
});

Deno.test("planRepository() rests while an open repository has nothing new", async () => {
  const kube = await anOpenRepository();
  const plan = await planIn(kube);
  assert.deepEqual([plan.create, plan.remove, plan.events, plan.measures], [[], [], [], []]);
  const { conditions: _planned, ...planned } = plan.status;
  const { conditions: _stored, ...stored } = statusIn(kube);
  assert.deepEqual(planned, stored);
  assert.equal(plan.outcome.kind === "settled" && plan.outcome.recheckAfterSeconds, 3540);
});

Deno.test("planRepository() opens a ready repository again after its interval, never creates, and stays ready", async () => {
  const kube = await anOpenRepository();
  const plan = await planIn(kube, later(3600));
  assert.equal(plan.create.length, 1);
  assert.equal(startsWithCreate(plan.create), false);
  assert.match(plan.create[0]?.metadata.name ?? "", /^repo-bootstrap-2-/);
  assert.equal(plan.status.phase, "Ready");
  await carryOut(kube, plan);
  assert.equal((await planIn(kube, later(3601))).status.phase, "Ready");
});

Deno.test("planRepository() tells why a ready repository is not read again", async () => {
  const kube = await anOpenRepository();
  await carryOut(kube, await planIn(kube, later(3600)));
  kube.put(aPodOf(jobIn(kube), { status: unschedulable }));
  const { outcome } = await planIn(kube, later(3700));
  assert.equal(outcome.kind === "settled" && outcome.ready, "True");
  assert.match(outcome.message, /cannot be read again yet: .*Insufficient memory/);
});

Deno.test("planRepository() opens a repository again for a changed spec, and it is not ready meanwhile", async () => {
  const kube = await anOpenRepository();
  const repository = storedRepository(kube);
  kube.put({ ...repository, spec: { ...repository.spec as object, mover: { runAsUser: 568 } } });
  const plan = await planIn(kube);
  assert.equal(plan.create.length, 1);
  assert.equal(startsWithCreate(plan.create), false);
  assert.equal(plan.status.phase, "Initializing");
  assert.equal(plan.status.uniqueId, "0123abcd");
});

Deno.test("planRepository() tries changed credentials of a ready repository while it stays ready", async () => {
  const kube = await anOpenRepository();
  kube.put(aSecret({ data: { KOPIA_PASSWORD: "another" } }));
  const plan = await planIn(kube);
  assert.equal(plan.create.length, 1);
  assert.equal(plan.status.phase, "Ready");
});

interface FailureCase {
  readonly end: End;
  readonly phase: "Degraded" | "Failed";
  readonly reason: string;
  readonly action: string;
  readonly says: RegExp;
  readonly note: RegExp;
}

const failures: Readonly<Record<string, FailureCase>> = {
  "a wrong password": {
    end: { exitCode: 2, message: failedMessage("AuthFailure", "invalid repository password") },
    phase: "Failed",
    reason: "AuthFailure",
    action: "CheckCredentials",
    says: /password is wrong, expected .* Secret "repo-password" under the key "KOPIA_PASSWORD"/,
    note: /invalid repository password/,
  },
  "refused keys": {
    end: { exitCode: 2, message: failedMessage("AccessDenied", "Access Denied.") },
    phase: "Failed",
    reason: "AccessDenied",
    action: "CheckPermissions",
    says: /refused the credentials/,
    note: /Access Denied\./,
  },
  "a folder it may not write": {
    end: { exitCode: 2, message: failedMessage("PermissionDenied") },
    phase: "Failed",
    reason: "PermissionDenied",
    action: "CheckPermissions",
    says: /PersistentVolumeClaim "repo-data" to be writable/,
    note: /PermissionDenied/,
  },
  "an empty storage, or a missing bucket": {
    end: {
      exitCode: 2,
      message: failedMessage("NotInitialized", "repository not initialized in the provided storage"),
    },
    phase: "Failed",
    reason: "NotInitialized",
    action: "CheckBackend",
    says: /holds no repository, expected one, or create.enabled: true/,
    note: /not initialized in the provided storage/,
  },
  "an endpoint nobody answers at": {
    end: { exitCode: 1, message: failedMessage("RepositoryUnavailable", "dial tcp: connection refused") },
    phase: "Degraded",
    reason: "RepositoryUnavailable",
    action: "CheckBackend",
    says: /^The storage cannot be reached$/,
    note: /connection refused/,
  },
  "a lock": {
    end: { exitCode: 1, message: failedMessage("Locked") },
    phase: "Degraded",
    reason: "Locked",
    action: "CheckBackend",
    says: /locked/,
    note: /Locked/,
  },
  "a truncated termination message": {
    end: { exitCode: 1, message: openedMessage().slice(0, 40) },
    phase: "Degraded",
    reason: "BootstrapJobFailed",
    action: "CheckBackend",
    says: /ended without a result/,
    note: /not JSON/,
  },
  "a success of another operation": {
    end: { exitCode: 1, message: openedMessage().replace('"bootstrap"', '"restore"') },
    phase: "Degraded",
    reason: "BootstrapJobFailed",
    action: "CheckBackend",
    says: /ended without a result/,
    note: /not a mover result/,
  },
  "a SIGKILL": {
    end: { exitCode: 137, message: "" },
    phase: "Degraded",
    reason: "Interrupted",
    action: "CheckBackend",
    says: /stopped before it finished/,
    note: /137/,
  },
  "too little memory": {
    end: { exitCode: 137, message: "", reason: "OOMKilled" },
    phase: "Degraded",
    reason: "OutOfMemory",
    action: "CheckBackend",
    says: /ran out of memory/,
    note: /memory/,
  },
};

for (const [what, given] of Object.entries(failures)) {
  Deno.test(`planRepository() ends ${what} as ${given.phase}, says so once and tries again later`, async () => {
    const kube = aNamespaceInMemory(aRepository());
    await bootstrapEnds(kube, given.end);
    const plan = await planIn(kube);
    assert.equal(plan.status.phase, given.phase);
    assert.equal(conditionIn(plan, "Bootstrapped"), `False ${given.reason}`);
    assert.equal(plan.outcome.kind, given.phase === "Failed" ? "stalled" : "settled");
    assert.equal(plan.outcome.reason, given.reason);
    assert.match(plan.outcome.message, given.says);
    assert.equal(plan.status.lastInit?.status, "Failed");
    assert.equal(plan.status.uniqueId, undefined);
    const [event] = plan.events;
    assert.deepEqual([event?.type, event?.reason, event?.action], ["Warning", given.reason, given.action]);
    assert.match(event?.note ?? "", given.note);
    const [count] = plan.measures;
    const labels = { operation: "BootstrapRepository", result: "failed" };
    assert.deepEqual(count?.kind === "add" && count.labels, labels);
    assert.equal(plan.status.bootstrap?.failures, 1);
    const retry = given.phase === "Failed" ? "2026-01-02T03:34:00.000Z" : "2026-01-02T03:05:00.000Z";
    assert.equal(plan.status.bootstrap?.retryAt, retry);
    assert.doesNotMatch(JSON.stringify(plan.status), /last line|connection refused|Access Denied\./);
  });
}

Deno.test("planRepository() names bucket and Secret when S3 refuses the keys", async () => {
  const keys = aSecret({ name: "keys", data: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" } });
  const kube = aNamespaceInMemory(aRepository({ spec: s3Spec }), keys);
  kube.put({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "ca", namespace: "apps" },
    data: { "ca.crt": "p" },
  });
  await bootstrapEnds(kube, { exitCode: 2, message: failedMessage("AccessDenied") });
  const { outcome, status } = await planIn(kube);
  assert.match(outcome.message, /keys in Secret "keys" .* in bucket "bucket"/);
  assert.equal(status.backend, "S3");
});

Deno.test("planRepository() backs off from one minute to fifteen", async () => {
  const kube = aNamespaceInMemory(aRepository());
  const seconds: number[] = [];
  let now = NOW;
  for (let failure = 0; failure < 7; failure++) {
    for (let pass = 0; pass < 2; pass++) await carryOut(kube, await planIn(kube, now));
    kube.list(POD).forEach((pod) => kube.delete(pod));
    endJob(kube, jobIn(kube), { exitCode: 1, message: failedMessage("Locked") });
    await carryOut(kube, await planIn(kube, now));
    const retryAt = new Date(statusIn(kube).bootstrap?.retryAt ?? "");
    seconds.push((retryAt.getTime() - Date.parse(statusIn(kube).lastInit?.time ?? "")) / 1000);
    now = new Date(Math.max(retryAt.getTime(), now.getTime()));
  }
  assert.deepEqual(seconds, [60, 120, 240, 480, 900, 900, 900]);
});

Deno.test("planRepository() calls for a person after ten failures of which nobody knows the reason, and goes on trying", async () => {
  const kube = aNamespaceInMemory(aRepository());
  const phases: unknown[] = [];
  let now = NOW;
  for (let failure = 0; failure < 11; failure++) {
    for (let pass = 0; pass < 2; pass++) await carryOut(kube, await planIn(kube, now));
    kube.list(POD).forEach((pod) => kube.delete(pod));
    endJob(kube, jobIn(kube), { exitCode: 1, message: failedMessage("Unknown") });
    await carryOut(kube, await planIn(kube, now));
    phases.push(statusIn(kube).phase);
    now = new Date(Math.max(Date.parse(statusIn(kube).bootstrap?.retryAt ?? ""), now.getTime()));
  }
  assert.deepEqual(phases, [...Array(9).fill("Degraded"), "Failed", "Failed"]);
  assert.equal(statusIn(kube).bootstrap?.failures, 11, "half an hour later");
});

Deno.test("planRepository() tells a failure that lasts no second time", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await bootstrapEnds(kube, { exitCode: 1, message: failedMessage("Locked") });
  await carryOut(kube, await planIn(kube));
  await carryOut(kube, await planIn(kube, later(-1)));
  await carryOut(kube, await planIn(kube, later(60)));
  endJob(kube, jobIn(kube), { exitCode: 1, message: failedMessage("Locked", "in other words") });
  const plan = await planIn(kube, later(120));
  assert.deepEqual(plan.events, []);
  assert.deepEqual(plan.measures.map(({ kind }) => kind), ["add", "record", "span"]);
  assert.equal(plan.status.bootstrap?.failures, 2);
});

Deno.test("planRepository() keeps unique id and numbers of a ready repository that degrades", async () => {
  const kube = await anOpenRepository();
  await carryOut(kube, await planIn(kube, later(3600)));
  endJob(kube, jobIn(kube), { exitCode: 1, message: failedMessage("RepositoryUnavailable") });
  const { status } = await planIn(kube, later(3660));
  assert.equal(status.phase, "Degraded");
  assert.equal(status.uniqueId, "0123abcd");
  assert.equal(status.storageStats?.snapshotCount, 3);
});

Deno.test("planRepository() stays as it is while it tries a degraded repository again", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await bootstrapEnds(kube, { exitCode: 1, message: failedMessage("Locked") });
  await carryOut(kube, await planIn(kube));
  await carryOut(kube, await planIn(kube, later(-1)));
  await carryOut(kube, await planIn(kube, later(60)));
  const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
  kube.put(aPodOf(jobIn(kube), { status: running }));
  const plan = await planIn(kube, later(61));
  assert.equal(plan.status.phase, "Degraded");
  assert.equal(plan.outcome.reason, "Locked");
});

Deno.test("planRepository() stops when the storage holds another repository than before", async () => {
  const kube = await anOpenRepository();
  await carryOut(kube, await planIn(kube, later(3600)));
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage({ uniqueId: "ffff", snapshotCount: 0 }) });
  const plan = await planIn(kube, later(3660));
  assert.equal(plan.status.phase, "Failed");
  assert.equal(plan.outcome.kind, "stalled");
  assert.equal(plan.outcome.reason, "RepositoryReplaced");
  assert.match(plan.outcome.message, /"ffff", expected "0123abcd"/);
  assert.equal(plan.status.uniqueId, "0123abcd");
  assert.equal(plan.status.storageStats?.snapshotCount, 3);
  assert.equal(plan.events[0]?.reason, "RepositoryReplaced");
});

Deno.test("planRepository() says that a vanished repository is not created a second time", async () => {
  const kube = await anOpenRepository();
  await carryOut(kube, await planIn(kube, later(3600)));
  endJob(kube, jobIn(kube), { exitCode: 2, message: failedMessage("NotInitialized") });
  const plan = await planIn(kube, later(3660));
  assert.match(plan.outcome.message, /unique id "0123abcd" .* never created again/);
  await carryOut(kube, plan);
  await carryOut(kube, await planIn(kube, later(3661)));
  const again = await planIn(kube, later(3 * 3600));
  assert.equal(again.create.length, 1);
  assert.equal(startsWithCreate(again.create), false);
});

for (const change of ["spec", "Secret"] as const) {
  Deno.test(`planRepository() wakes a failed repository when its ${change} changes`, async () => {
    const kube = aNamespaceInMemory(aRepository());
    await bootstrapEnds(kube, { exitCode: 2, message: failedMessage("AuthFailure") });
    await carryOut(kube, await planIn(kube));
    await carryOut(kube, await planIn(kube));
    assert.deepEqual((await planIn(kube)).create, []);
    if (change === "Secret") kube.put(aSecret({ data: { KOPIA_PASSWORD: "right" } }));
    else kube.put(aCreatingRepository({ status: storedRepository(kube).status as Record<string, unknown> }));
    const plan = await planIn(kube);
    assert.equal(plan.create.length, 1);
    assert.equal(plan.status.phase, "Initializing");
  });
}

Deno.test("planRepository() looks at a failed repository again after half an hour", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await bootstrapEnds(kube, { exitCode: 2, message: failedMessage("AuthFailure") });
  await carryOut(kube, await planIn(kube));
  const { outcome } = await planIn(kube);
  assert.equal(outcome.kind === "stalled" && outcome.recheckAfterSeconds, 1740);
  await carryOut(kube, await planIn(kube));
  assert.equal((await planIn(kube, later(1800))).create.length, 1);
});

const unschedulable = {
  phase: "Pending",
  conditions: [{
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/1 nodes are available: 1 Insufficient memory.",
    lastTransitionTime: "2026-01-02T03:04:00Z",
  }],
};

Deno.test("planRepository() waits in the scheduler's words", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  kube.put(aPodOf(jobIn(kube), { status: unschedulable }));
  for (const now of [NOW, later(299)]) {
    const { outcome, status } = await planIn(kube, now);
    assert.equal(outcome.kind, "waiting");
    assert.equal(outcome.reason, "Unschedulable");
    assert.match(outcome.message, /Insufficient memory/);
    assert.equal(status.phase, "Initializing");
  }
});

Deno.test("planRepository() gives a pod half a minute to start before it says that it does not", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  const waiting = { reason: "ImagePullBackOff", message: "Back-off pulling image" };
  const status = { phase: "Pending", containerStatuses: [{ name: "mover", state: { waiting } }] };
  kube.put(aPodOf(jobIn(kube), { status, metadata: { creationTimestamp: "2026-01-02T03:04:50Z" } }));
  assert.equal((await planIn(kube)).outcome.reason, "Initializing");
  const { outcome } = await planIn(kube, later(30));
  assert.equal(outcome.reason, "PodNotStarted");
  assert.match(outcome.message, /ImagePullBackOff/);
});

interface ObstacleCase {
  readonly without: (kube: FakeKube) => void;
  readonly reason: string;
  readonly says: RegExp;
  readonly condition: string;
}

const obstacles: Readonly<Record<string, ObstacleCase>> = {
  "a Secret": {
    without: (kube) => kube.delete(aSecret()),
    reason: "MissingCredentialsSecret",
    says: /Secret "repo-password" in namespace "apps" does not exist, expected .* key "KOPIA_PASSWORD"/,
    condition: "False MissingCredentialsSecret",
  },
  "a key": {
    without: (kube) => kube.put(aSecret({ data: { password: "x" } })),
    reason: "MissingCredentialsSecret",
    says: /Secret "repo-password" .* is there, expected .* under the key "KOPIA_PASSWORD"/,
    condition: "False MissingCredentialsSecret",
  },
  "the volume": {
    without: (kube) => kube.delete(aClaim({ name: "repo-data" })),
    reason: "VolumeNotFound",
    says: /PersistentVolumeClaim "repo-data" does not exist in namespace "apps"/,
    condition: "True Available",
  },
};

for (const [what, { without, reason, says, condition }] of Object.entries(obstacles)) {
  Deno.test(`planRepository() waits for ${what} that is missing and says which, once`, async () => {
    const kube = aNamespaceInMemory(aRepository());
    without(kube);
    const plan = await planIn(kube);
    assert.deepEqual(plan.create, []);
    assert.equal(plan.status.phase, "Pending");
    assert.equal(plan.outcome.kind, "waiting");
    assert.equal(plan.outcome.reason, reason);
    assert.match(plan.outcome.message, says);
    assert.equal(conditionIn(plan, "CredentialsAvailable"), condition);
    assert.deepEqual(plan.events.map((event) => [event.type, event.reason]), [["Warning", reason]]);
    const { outcome } = plan;
    const reported = { type: "Ready", status: "Unknown", reason: outcome.reason, message: outcome.message };
    const conditions = [{ ...reported, lastTransitionTime: "2026-01-01T00:00:00Z" }];
    kube.put({ ...storedRepository(kube), status: { ...plan.status, conditions } });
    assert.deepEqual((await planIn(kube)).events, []);
  });
}

Deno.test("planRepository() is ready at once when what an open repository missed is back unchanged", async () => {
  const kube = await anOpenRepository();
  const claim = kube.find("v1", "PersistentVolumeClaim", { namespace: "apps", name: "repo-data" });
  assert.ok(claim !== undefined);
  kube.delete(claim);
  await carryOut(kube, await planIn(kube));
  assert.equal(statusIn(kube).phase, "Pending");
  kube.put(claim);
  const plan = await planIn(kube);
  assert.deepEqual([plan.create, plan.status.phase], [[], "Ready"]);
});

Deno.test("planRepository() runs a privileged mover only where the namespace permits it", async () => {
  const kube = aNamespaceInMemory(aRepository({ spec: { mover: { privilegedMode: true } } }));
  const plan = await planIn(kube);
  assert.deepEqual([plan.create, plan.status.phase], [[], "Pending"]);
  assert.equal(conditionIn(plan, "MoverPermitted"), "False PrivilegedMoverNotPermitted");
  assert.equal(plan.events[0]?.action, "AnnotateNamespaceForPrivilegedMovers");
  const annotations = { "kopiur.home-operations.com/privileged-movers": "true" };
  kube.put(aNamespace({ metadata: { annotations } }));
  const permitted = await planIn(kube);
  assert.equal(permitted.create.length, 1);
  assert.equal(conditionIn(permitted, "MoverPermitted"), "True Permitted");
});

const senseless: Readonly<
  Record<string, { readonly spec: Readonly<Record<string, unknown>>; readonly says: RegExp }>
> = {
  "two backends": {
    spec: { backend: { ...s3Spec.backend, filesystem: { volume: { pvc: { name: "repo-data" } } } } },
    says: /2 backends/,
  },
  "a path the mover needs": {
    spec: { backend: { filesystem: { path: "/pvc/x", volume: { pvc: { name: "repo-data" } } } } },
    says: /"\/pvc"/,
  },
  "an interval without pause": { spec: { catalog: { refreshInterval: "0h1s" } }, says: /at least 30s/ },
};
for (const [what, { spec, says }] of Object.entries(senseless)) {
  Deno.test(`planRepository() refuses a schema-valid spec with ${what}`, async () => {
    const plan = await planIn(aNamespaceInMemory(aRepository({ spec }), aSecret({ name: "keys" })));
    assert.deepEqual([plan.create, plan.status.phase], [[], "Failed"]);
    assert.deepEqual([plan.outcome.kind, plan.outcome.reason], ["stalled", "InvalidSpec"]);
    assert.match(plan.outcome.message, says);
  });
}

Deno.test("planRepository() replaces a bootstrap of a spec that has changed, and discards what it found", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await carryOut(kube, await planIn(kube));
  const job = jobIn(kube);
  const other = { filesystem: { path: "/other", volume: { pvc: { name: "repo-data" } } } };
  kube.put(aCreatingRepository({ spec: { backend: other } }));
  endJob(kube, job, { exitCode: 0, message: openedMessage({ uniqueId: "of-the-former-spec" }) });
  await carryOut(kube, await planIn(kube));
  const plan = await planIn(kube);
  assert.equal(plan.status.uniqueId, undefined);
  assert.deepEqual([plan.create, plan.events, plan.outcome.reason], [[], [], "Initializing"]);
  assert.deepEqual(plan.remove.map(({ key, propagation }) => [key.name, propagation]), [
    [job.metadata.name, "Foreground"],
  ]);
  await carryOut(kube, plan);
  const next = await planIn(kube);
  assert.match(JSON.stringify(next.create[0]), /\/other/);
  assert.notEqual(next.create[0]?.metadata.name, kube.list(CONFIG_MAP)[0]?.metadata.name);
});

Deno.test("planRepository() never lets two bootstraps that may create meet", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await carryOut(kube, await planIn(kube));
  const job = jobIn(kube);
  kube.put(aPodOf(job, { status: { phase: "Running" } }));
  kube.delete(job);
  assert.deepEqual((await planIn(kube)).create, []);
  kube.list(POD).forEach((pod) => kube.delete(pod));
  assert.equal((await planIn(kube)).create.length, 1);
});

Deno.test("planRepository() waits for a Job that is being deleted", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  const job = jobIn(kube);
  kube.put({ ...job, metadata: { ...job.metadata, deletionTimestamp: "2026-01-02T03:04:00Z" } });
  const plan = await planIn(kube);
  assert.deepEqual([plan.create, plan.remove], [[], []]);
});

Deno.test("planRepository() starts anew when its Job vanished", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  kube.delete(jobIn(kube));
  assert.equal((await planIn(kube)).create.length, 1);
});

Deno.test("planRepository() does not take a result from a Job whose annotation was removed", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await carryOut(kube, await planIn(kube));
  kube.put(JSON.parse(JSON.stringify(jobIn(kube)).replaceAll("/bootstrap-for", "/lost")));
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage() });
  await carryOut(kube, await planIn(kube));
  const plan = await planIn(kube);
  assert.equal(plan.status.uniqueId, undefined);
  assert.equal(plan.remove.length, 1);
});

Deno.test("planRepository() touches nothing of a Repository that is being deleted", async () => {
  const repository = aRepository({
    metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x"] },
  });
  const plan = await planIn(aNamespaceInMemory(repository));
  assert.deepEqual([plan.create, plan.remove], [[], []]);
});

Deno.test("planRepository() plans nothing with a secret value in it", async () => {
  const kube = aNamespaceInMemory(aRepository());
  kube.put(aSecret({ data: { KOPIA_PASSWORD: "correct horse" } }));
  const stored = kube.find("v1", "Secret", { namespace: "apps", name: "repo-password" });
  assert.equal(stored?.kind, SECRET.kind);
  assert.doesNotMatch(JSON.stringify(await planIn(kube)), /correct horse|Y29ycmVjdCBob3JzZQ/);
});
