import assert from "node:assert/strict";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aJob, aPodOf } from "../../../tests/support/mod.ts";
import { moversAtWork } from "./at_work.ts";

const running = {
  phase: "Running",
  containerStatuses: [{ name: "mover", state: { running: { startedAt: "2026-01-02T03:04:05Z" } } }],
};
const job = aJob({ name: "job", metadata: { annotations: { [ANNOTATION.source]: "data" } } });

function found(pod: KubeObject, jobs: readonly KubeObject[] = [job]): readonly string[] {
  return moversAtWork(jobs, [pod]).map(({ source, pod: { namespace, name } }) =>
    `${source} ${namespace}/${name}`
  );
}

Deno.test("moversAtWork() finds the pod of a Job whose mover runs", () => {
  assert.deepEqual(moversAtWork([job], [aPodOf(job, { status: running })]), [{
    source: "data",
    pod: { namespace: "apps", name: "job-x" },
    podUid: "uid-pod-job-x",
    startedAt: "2026-01-02T03:04:05Z",
  }]);
});

Deno.test("moversAtWork() believes no pod that is not of one of the Jobs, or does not work", () => {
  const pod = (parts: Parameters<typeof aPodOf>[1]) => aPodOf(job, { status: running, ...parts });
  const [owner] = pod({}).metadata.ownerReferences ?? [];
  const owned = (change: Readonly<Record<string, unknown>>) =>
    pod({ metadata: { ownerReferences: [{ ...owner ?? assert.fail(), ...change }] } });
  const state = (status: Readonly<Record<string, unknown>>) => pod({ status });
  const cases: Readonly<Record<string, KubeObject>> = {
    "of a Job of that name before": owned({ uid: "uid-of-another" }),
    "of which the Job is not the controller": owned({ controller: false }),
    "without an owner": pod({ metadata: { ownerReferences: [] } }),
    "that is to go": pod({ metadata: { deletionTimestamp: "2026-01-02T03:05:00Z" } }),
    "that waits": state({ phase: "Pending" }),
    "whose mover ended, though another container runs": state({
      phase: "Running",
      containerStatuses: [
        { name: "mover", state: { terminated: { exitCode: 0 } } },
        { name: "beside", state: { running: {} } },
      ],
    }),
    "of nonsense": state({ containerStatuses: "none" }),
  };
  for (const [name, each] of Object.entries(cases)) assert.deepEqual(found(each), [], name);
  assert.deepEqual(found(pod({}), [aJob({ name: "job" })]), [], "a Job that works on no source");
  assert.deepEqual(found(pod({})), ["data apps/job-x"]);
});
