import assert from "node:assert/strict";
import { bareJob } from "./bare_job.ts";

const mover = {
  metadata: { name: "mover", uid: "1", labels: { ours: "yes" } },
  spec: {
    backoffLimit: 2,
    selector: { matchLabels: { uid: "1" } },
    podFailurePolicy: { rules: [] },
    template: {
      metadata: { labels: { ours: "yes" }, annotations: { note: "x" } },
      spec: {
        restartPolicy: "Never",
        securityContext: { runAsUser: 65532 },
        containers: [{
          name: "mover",
          image: "kopiur:1",
          args: ["mover"],
          env: [{ name: "A", value: "b" }],
          securityContext: { readOnlyRootFilesystem: true },
          volumeMounts: [{ name: "source-0", mountPath: "/pvc/data" }],
        }],
        volumes: [{ name: "source-0" }, { name: "work-spec", downwardAPI: { items: [] } }],
      },
    },
  },
};

Deno.test("bareJob() keeps the pod of the mover and replaces only what runs in it", () => {
  const commands = [{ name: "a", args: ["repository", "connect"] }, {
    name: "b",
    args: ["snapshot", "it's"],
  }];
  const job = bareJob(mover, { name: "bare", toolsClaim: "tools", commands });
  assert.deepEqual(job, {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "bare" },
    spec: {
      backoffLimit: 2,
      template: {
        metadata: { annotations: { note: "x" } },
        spec: {
          restartPolicy: "Never",
          securityContext: { runAsUser: 65532 },
          containers: [{
            name: "mover",
            image: "kopiur:1",
            command: [
              "/tools/busybox",
              "sh",
              "-ec",
              "kopia 'repository' 'connect' >/dev/null\nkopia 'snapshot' 'it'\\''s' >/dev/null",
            ],
            env: [{ name: "A", value: "b" }],
            securityContext: { readOnlyRootFilesystem: true },
            volumeMounts: [
              { name: "source-0", mountPath: "/pvc/data" },
              { name: "tools", mountPath: "/tools", readOnly: true },
            ],
          }],
          volumes: [
            { name: "source-0" },
            { name: "work-spec", downwardAPI: { items: [] } },
            { name: "tools", persistentVolumeClaim: { claimName: "tools", readOnly: true } },
          ],
        },
      },
    },
  });
});

Deno.test("bareJob() refuses what is not the Job of a mover", () => {
  const choices = { name: "bare", toolsClaim: "tools", commands: [] };
  assert.throws(() => bareJob({ spec: {} }, choices));
  assert.throws(() => bareJob(undefined, choices));
});
