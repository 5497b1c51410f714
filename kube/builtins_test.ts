import { deepEqual, equal, throws } from "node:assert/strict";
import { builtin, type Made, type PodSpec } from "./builtins.ts";
import type { DesiredObject, KubeObject } from "./types.ts";

const metadata = { name: "a", namespace: "apps" };

/** Does nothing: what is asked is whether it compiles. */
function made(...objects: readonly DesiredObject[]): readonly DesiredObject[] {
  return objects;
}

function job(spec: Made<"Job">["spec"]): Made<"Job"> {
  return { apiVersion: "batch/v1", kind: "Job", metadata, spec };
}

function pod(spec: PodSpec): Made<"Job"> {
  return job({ template: { spec } });
}

Deno.test("Made has the fields Kubernetes has, at any depth: others do not compile", () => {
  const containers = [{ name: "a", image: "b" }];
  const objects = made(
    job({ template: { spec: { containers } }, backoffLimit: 1, activeDeadlineSeconds: undefined }),
    // @ts-expect-error: it is backoffLimit
    job({ template: { spec: { containers } }, backofLimit: 1 }),
    // @ts-expect-error: it is a number
    job({ template: { spec: { containers } }, backoffLimit: "1" }),
    // @ts-expect-error: a Job needs a template
    job({ backoffLimit: 1 }),
    // @ts-expect-error: a container needs a name
    pod({ containers: [{ image: "b" }] }),
    // @ts-expect-error: it is claimName
    pod({ containers, volumes: [{ name: "a", persistentVolumeClaim: { claim: "a", claimName: "a" } }] }),
    // @ts-expect-error: it is fsGroupChangePolicy
    pod({ containers, securityContext: { fsGroup: 1, fsGroupPolicy: "Always" } }),
  );
  equal(objects.length, 7);
  deepEqual(JSON.parse(JSON.stringify(objects[0])).spec, {
    template: { spec: { containers } },
    backoffLimit: 1,
  });
});

Deno.test("Made knows the group of each kind", () => {
  // @ts-expect-error: Jobs are of batch/v1
  const wrong: Made<"Job"> = { apiVersion: "v1", kind: "Job", metadata };
  equal(made(wrong).length, 1);
});

Deno.test("Made takes dates as texts", () => {
  const lease: Made<"Lease"> = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata,
    spec: {
      renewTime: "2026-01-01T00:00:00.000000Z",
      // @ts-expect-error: JSON has no dates
      acquireTime: new Date(0),
    },
  };
  equal(lease.spec?.renewTime, "2026-01-01T00:00:00.000000Z");
});

Deno.test("builtin() gives the fields a kind has, each of which may be missing, and refuses another kind", () => {
  const object: KubeObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    status: { phase: "Running", startTime: null },
  };
  const seen = builtin(object, "Pod");
  equal(seen.status?.phase, "Running");
  // @ts-expect-error: it is phase
  equal(seen.status?.phaze, undefined);
  // @ts-expect-error: a cache may have kept no containers
  throws(() => seen.spec.containers.length, TypeError);
  // @ts-expect-error: the API server says null of a time nobody set
  const started: string | undefined = seen.status?.startTime;
  equal(started, null);
  throws(() => builtin(object, "Job"), /Cannot read Pod "a": it is of another kind, expected a Job/);
});
