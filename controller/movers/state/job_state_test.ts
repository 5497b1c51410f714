import assert from "node:assert/strict";
import fc from "fast-check";
import { CONTRACT_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  aJob,
  aPodOf,
  endedPodStatus,
  failedJobStatus,
  succeededJobStatus,
} from "../../../tests/support/mod.ts";
import { type JobState, jobState } from "./job_state.ts";

const now = new Date("2026-01-02T03:05:00Z");
const bootstrap = { uniqueId: "abc", created: true, snapshotCount: 0, totalSizeBytes: 0 };
const success = JSON.stringify({
  version: CONTRACT_VERSION,
  operation: "BootstrapRepository",
  durationSeconds: 1.5,
  bootstrap,
});
const succeeded = aJob({ status: succeededJobStatus() });
const failed = aJob({ status: failedJobStatus("BackoffLimitExceeded") });

function failure(failureClass: string): string {
  const words = { class: failureClass, message: `kopia said ${failureClass}`, tail: "line 1\nline 2" };
  return JSON.stringify({
    version: CONTRACT_VERSION,
    operation: "BootstrapRepository",
    durationSeconds: 2,
    failure: words,
  });
}

function stateOf(job: KubeObject | undefined, ...pods: readonly KubeObject[]): JobState<"bootstrap"> {
  return jobState({ job, pods, operation: "bootstrap", now });
}

function classOf(job: KubeObject, status: Readonly<Record<string, unknown>>): string {
  const state = stateOf(job, aPodOf(job, { status }));
  return state.kind === "failed" ? state.class : state.kind;
}

Deno.test("jobState() is absent without a Job", () =>
  assert.deepEqual(stateOf(undefined), { kind: "absent" }));

Deno.test("jobState() succeeds with the result of the Job's own pod", () => {
  const state = stateOf(succeeded, aPodOf(succeeded, { status: endedPodStatus(0, success) }));
  assert.deepEqual(state, {
    kind: "succeeded",
    result: { version: 1, operation: "BootstrapRepository", durationSeconds: 1.5, bootstrap },
    finishedAt: "2026-01-02T03:04:00Z",
    attempts: 1,
  });
});

Deno.test("jobState() does not believe a pod of another Job of that name", () => {
  const former = aJob({ metadata: { uid: "former" } });
  const state = stateOf(succeeded, aPodOf(former, { status: endedPodStatus(0, success) }));
  assert.equal(state.kind === "failed" && state.class, "ResultMissing");
});

Deno.test("jobState() does not believe a pod without an owner that only carries the labels", () => {
  const pod = aPodOf(succeeded, { status: endedPodStatus(0, success), metadata: { ownerReferences: [] } });
  assert.equal(stateOf(succeeded, pod).kind, "failed");
});

Deno.test("jobState() does not take the result of another operation", () => {
  const pod = aPodOf(succeeded, { status: endedPodStatus(0, success) });
  const state = jobState({ job: succeeded, pods: [pod], operation: "snapshotDelete", now });
  assert.ok(state.kind === "failed" && state.class === "ResultMissing");
  assert.match(state.message, /another operation/);
});

Deno.test("jobState() counts a success a pod reported before the cluster ended it", () => {
  const job = aJob({ status: failedJobStatus("DeadlineExceeded") });
  const state = stateOf(job, aPodOf(job, { status: endedPodStatus(137, success) }));
  assert.equal(state.kind, "succeeded");
});

Deno.test("jobState() judges nothing while the Job has not ended", () => {
  const job = aJob({ status: { active: 0, failed: 1 } });
  const state = stateOf(job, aPodOf(job, { status: endedPodStatus(1, failure("Locked")) }));
  assert.deepEqual(state, {
    kind: "running",
    attempts: 1,
    startedAt: "2026-01-01T00:00:00Z",
    noPod: { why: "ended", text: "its pod ended", since: "2026-01-02T03:04:00Z" },
  });
});

Deno.test("jobState() takes a success as soon as its pod has ended well, and not from one that was killed", () => {
  const job = aJob({ status: { active: 1 } });
  const ended = stateOf(job, aPodOf(job, { status: endedPodStatus(0, success) }));
  assert.equal(ended.kind, "succeeded");
  assert.equal(stateOf(job, aPodOf(job, { status: endedPodStatus(137, success) })).kind, "running");
});

Deno.test("jobState() tells class, message, tail and exit code the mover gave", () => {
  const state = stateOf(failed, aPodOf(failed, { status: endedPodStatus(2, failure("AuthFailure")) }));
  assert.ok(state.kind === "failed");
  assert.equal(state.class, "AuthFailure");
  assert.equal(state.message, "kopia said AuthFailure");
  assert.equal(state.tail, "line 1\nline 2");
  assert.equal(state.exitCode, 2);
  assert.equal(state.resultKnown, true);
  assert.equal(state.result?.durationSeconds, 2);
});

Deno.test("jobState() takes the newest pod of several", () => {
  const first = aPodOf(failed, { name: "a", status: endedPodStatus(1, failure("Locked")) });
  const second = aPodOf(failed, {
    name: "b",
    metadata: { creationTimestamp: "2026-01-01T00:00:10Z" },
    status: endedPodStatus(1, failure("RepositoryUnavailable")),
  });
  for (const pods of [[first, second], [second, first]]) {
    const state = stateOf(failed, ...pods);
    assert.equal(state.kind === "failed" && state.class, "RepositoryUnavailable");
    assert.equal(state.kind === "failed" && state.attempts, 2);
  }
});

const deadline = aJob({ status: failedJobStatus("DeadlineExceeded") });
const disruption = {
  type: "DisruptionTarget",
  status: "True",
  reason: "DeletionByTaintManager",
  message: "tainted",
};
const ends: Readonly<
  Record<string, { job: KubeObject; status: Readonly<Record<string, unknown>>; want: string }>
> = {
  "an empty termination message": { job: failed, status: endedPodStatus(1, ""), want: "ResultMissing" },
  "a truncated result": {
    job: failed,
    status: endedPodStatus(1, success.slice(0, 60)),
    want: "ResultMissing",
  },
  "an exit 0 without a result": { job: succeeded, status: endedPodStatus(0, "done"), want: "ResultMissing" },
  "an exit 0 with a failure": {
    job: succeeded,
    status: endedPodStatus(0, failure("Unknown")),
    want: "Unknown",
  },
  "a future contract": {
    job: succeeded,
    status: endedPodStatus(0, success.replace('"version":1', '"version":2')),
    want: "ResultMissing",
  },
  "a kill for memory": { job: failed, status: endedPodStatus(137, "", "OOMKilled"), want: "OutOfMemory" },
  "a SIGKILL": { job: failed, status: endedPodStatus(137, "log line"), want: "Interrupted" },
  "a SIGTERM": { job: failed, status: endedPodStatus(143, ""), want: "Interrupted" },
  "a crash": { job: failed, status: endedPodStatus(139, ""), want: "ResultMissing" },
  "a runtime that cannot start it": {
    job: failed,
    status: endedPodStatus(128, "exec: not found", "StartError"),
    want: "ResultMissing",
  },
  "a deadline with its own words": {
    job: deadline,
    status: endedPodStatus(1, failure("Interrupted")),
    want: "DeadlineExceeded",
  },
  "a deadline after another failure": {
    job: deadline,
    status: endedPodStatus(1, failure("AccessDenied")),
    want: "AccessDenied",
  },
  "a deadline without words": { job: deadline, status: endedPodStatus(137, ""), want: "DeadlineExceeded" },
  "a pod deadline": {
    job: failed,
    status: { ...endedPodStatus(137, ""), reason: "DeadlineExceeded", message: "Pod was active too long" },
    want: "DeadlineExceeded",
  },
  "a pod deadline before the start": {
    job: failed,
    status: {
      phase: "Failed",
      reason: "DeadlineExceeded",
      containerStatuses: [{ name: "mover", state: { waiting: { reason: "ImagePullBackOff" } } }],
    },
    want: "StartDeadlineExceeded",
  },
  "an eviction for node pressure": {
    job: failed,
    status: { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." },
    want: "Interrupted",
  },
  "a full cache": {
    job: failed,
    status: {
      phase: "Failed",
      reason: "Evicted",
      message: 'Usage of EmptyDir volume "cache" exceeds the limit "1Gi".',
    },
    want: "StorageFull",
  },
  "a disruption": { job: failed, status: { phase: "Failed", conditions: [disruption] }, want: "Interrupted" },
};
for (const [what, { job, status, want }] of Object.entries(ends)) {
  Deno.test(`jobState() calls ${what} ${want}`, () => assert.equal(classOf(job, status), want));
}

Deno.test("jobState() keeps the end of the log of a mover that died without a result", () => {
  const status = endedPodStatus(139, "first\n\u001b[31mlast\u0000 words");
  const state = stateOf(failed, aPodOf(failed, { status }));
  assert.ok(state.kind === "failed");
  assert.equal(state.tail, "first\n[31mlast words");
  assert.equal(state.resultKnown, false);
});

Deno.test("jobState() says that no pod is left to ask, in the words of the Job", () => {
  const state = stateOf(failed);
  assert.ok(state.kind === "failed" && state.class === "ResultMissing");
  assert.match(state.message, /No pod .* BackoffLimitExceeded: The Job failed/);
});

function endedAt(status: string, time: string): KubeObject {
  const conditions = [{ type: status, status: "True", lastTransitionTime: time }];
  return aJob({ status: { conditions } });
}

for (const end of ["Complete", "Failed"]) {
  Deno.test(`jobState() waits some seconds for the pod of a Job that is ${end}`, () => {
    const job = endedAt(end, "2026-01-02T03:04:50Z");
    assert.equal(stateOf(job).kind, "running");
    assert.equal(stateOf(job, aPodOf(job, { status: { phase: "Running" } })).kind, "running");
    assert.equal(stateOf(endedAt(end, "2026-01-02T03:04:00Z")).kind, "failed");
  });
}

Deno.test("jobState() does not wait for ever when the clocks disagree", () => {
  assert.equal(stateOf(endedAt("Failed", "2026-01-02T09:00:00Z")).kind, "failed");
});

const starting: Readonly<
  Record<string, { status: Readonly<Record<string, unknown>>; why: string; text: RegExp }>
> = {
  "the scheduler's words": {
    status: {
      phase: "Pending",
      conditions: [{
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/3 nodes are available: 3 Insufficient memory.",
        lastTransitionTime: "2026-01-01T00:00:05Z",
      }],
    },
    why: "Unschedulable",
    text: /^0\/3 nodes are available/,
  },
  "an image that cannot be pulled": {
    status: {
      phase: "Pending",
      containerStatuses: [{
        name: "mover",
        state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
      }],
    },
    why: "PodNotStarted",
    text: /^ImagePullBackOff: Back-off pulling image$/,
  },
  "a Secret the kubelet misses": {
    status: {
      phase: "Pending",
      containerStatuses: [{
        name: "mover",
        state: { waiting: { reason: "CreateContainerConfigError", message: 'secret "x" not found' } },
      }],
    },
    why: "PodNotStarted",
    text: /secret "x" not found/,
  },
  "a pod nobody has looked at": { status: {}, why: "PodNotStarted", text: /waits for its node/ },
};
for (const [what, { status, why, text }] of Object.entries(starting)) {
  Deno.test(`jobState() waits and tells ${what}`, () => {
    const job = aJob({ status: { active: 1 } });
    const state = stateOf(job, aPodOf(job, { status }));
    assert.ok(state.kind === "waiting");
    assert.equal(state.why, why);
    assert.match(state.text, text);
    assert.ok(!Number.isNaN(Date.parse(state.since)));
  });
}

Deno.test("jobState() waits for a Job that gets no pod, and says when it is suspended", () => {
  const state = stateOf(aJob());
  assert.ok(state.kind === "waiting" && state.why === "PodNotStarted" && state.attempts === 0);
  assert.match(state.text, /kubectl describe/);
  const suspended = stateOf(aJob({ status: { conditions: [{ type: "Suspended", status: "True" }] } }));
  assert.ok(suspended.kind === "waiting" && suspended.text === "the Job is suspended");
});

Deno.test("jobState() runs while a pod runs, and between two pods", () => {
  const job = aJob({ status: { active: 1, failed: 1 } });
  const runningSince = (startedAt: string) =>
    aPodOf(job, {
      status: {
        phase: "Running",
        containerStatuses: [{ name: "mover", state: { running: { startedAt } } }],
      },
    });
  assert.deepEqual(stateOf(job, runningSince("2026-01-02T03:04:05Z")), {
    kind: "running",
    attempts: 2,
    startedAt: "2026-01-02T03:04:05Z",
  });
  assert.deepEqual(stateOf(job, runningSince("soon")), {
    kind: "running",
    attempts: 2,
    startedAt: "2026-01-01T00:00:00Z",
  });
  assert.deepEqual(stateOf(aJob({ status: { failed: 1 } })), {
    kind: "running",
    attempts: 1,
    noPod: { why: "gone", text: "its pod is gone" },
  });
});

Deno.test("jobState() says of a pod that was told to go that none works, for its node may never say that it went", () => {
  const job = aJob({ status: { active: 1 } });
  const running = { state: { running: { startedAt: "2026-01-02T03:04:05Z" } } };
  const pod = aPodOf(job, {
    metadata: { deletionTimestamp: "2026-01-02T03:10:00Z", finalizers: ["x"] },
    status: { phase: "Running", containerStatuses: [{ name: "mover", ...running }] },
  });
  assert.deepEqual(stateOf(job, pod), {
    kind: "running",
    attempts: 1,
    startedAt: "2026-01-02T03:04:05Z",
    noPod: {
      why: "lost",
      text: "its pod is to go, but its node does not say that it went",
      since: "2026-01-02T03:10:00Z",
    },
  });
});

Deno.test("jobState() survives whatever a Job and its pods hold", () => {
  fc.assert(
    fc.property(fc.object({ maxDepth: 4 }), fc.object({ maxDepth: 4 }), fc.string(), (one, two, text) => {
      const job = aJob({ status: { ...one, ...failedJobStatus() } });
      const pods = [
        aPodOf(job, { status: two }),
        aPodOf(job, { name: "b", status: endedPodStatus(1, text) }),
      ];
      const state = stateOf(job, ...pods);
      assert.ok(state.kind === "failed");
      assert.ok((state.tail ?? "").length <= 4096);
      assert.ok(stateOf(aJob({ status: one }), ...pods).kind !== "absent");
    }),
  );
});
