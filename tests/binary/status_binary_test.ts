import { deepEqual, equal, match } from "node:assert/strict";
import { parse } from "yaml";
import type { StatusDocument } from "../../cmd/plugin/status/document.ts";
import { type ApiServer, startApiserver } from "../cluster/mod.ts";
import { partTest, type ToolResult } from "../parts/mod.ts";
import { createObject, installKopiur } from "./kopiur_api.ts";
import { runKopiur } from "./kopiur_binary.ts";

const parts = ["etcd", "kube-apiserver", "janitor", "setpriv"] as const;

function status(kubeconfig: string, ...args: readonly string[]): Promise<ToolResult> {
  return runKopiur(["status", ...args], { env: { KUBECONFIG: kubeconfig } });
}

partTest({
  name: "kopiur status without the CRDs says what is missing and answers 1",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    const result = await status(server.kubeconfigPath);
    deepEqual([result.code, result.stdout], [1, ""]);
    match(result.stderr, /^error: Cannot read the status: .* expected kopiur's CRDs to be installed\n$/);
  },
});

partTest({
  name: "kopiur status shows what is there in each format, and --check judges it",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["apps", "media"]);
    const nothing = await status(server.kubeconfigPath, "-A", "--check");
    deepEqual([nothing.code, nothing.stderr, nothing.stdout.match(/\(none\)/g)?.length], [0, "", 5]);

    await fill(server);
    const table = await status(server.kubeconfigPath, "-A");
    equal(table.code, 0);
    match(table.stdout, /apps +nas +Ready +Filesystem +12 +1\.5 GiB/);
    match(table.stdout, /media +Backup +films-1 +MissingCredentialsSecret/);
    equal((await status(server.kubeconfigPath, "-n", "apps")).stdout.includes("films"), false);

    const json = await status(server.kubeconfigPath, "-A", "-o", "json");
    const document: StatusDocument = JSON.parse(json.stdout);
    deepEqual([document.kind, document.healthy, document.waiting.length], ["StatusReport", false, 1]);
    const yaml = await status(server.kubeconfigPath, "-A", "-o", "yaml");
    deepEqual({ ...parse(yaml.stdout), time: "" }, { ...document, time: "" });

    const check = await status(server.kubeconfigPath, "-A", "--check");
    equal(check.code, 1);
    match(
      check.stderr,
      /^unhealthy: Backup media\/films-1: MissingCredentialsSecret: The Secret is missing\n$/,
    );
    equal((await status(server.kubeconfigPath, "-n", "apps", "--check")).code, 0);
  },
});

partTest({
  name:
    "kopiur status shows (forbidden) where it may not look, and a context or kubeconfig that is not there is told",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["apps"]);
    const nobody = await server.userKubeconfig("nobody");
    const result = await status(nobody, "-n", "apps");
    deepEqual([result.code, result.stdout.match(/\(forbidden\)/g)?.length], [1, 6]);
    match(result.stderr, /^error: Cannot see the status: you may list no kind of kopiur in namespace "apps"/);
    equal((await status(nobody, "-n", "apps", "--check")).code, 1);
    const context = await status(server.kubeconfigPath, "--context", "elsewhere");
    equal(context.code, 1);
    match(context.stderr, /^error: Cannot .*"elsewhere"/);
    const file = await status(server.kubeconfigPath, "--kubeconfig", "/nowhere/config");
    equal(file.code, 1);
    match(file.stderr, /^error: Cannot .*\/nowhere\/config/);
  },
});

/** A ready repository in one namespace, a backup that has waited for long in another. */
async function fill(server: ApiServer): Promise<void> {
  await createObject(server, "repositories", {
    kind: "Repository",
    name: "nas",
    namespace: "apps",
    spec: {
      backend: { filesystem: { volume: { pvc: { name: "repo" } } } },
      encryption: { passwordSecretRef: { name: "password" } },
    },
    status: {
      phase: "Ready",
      backend: "Filesystem",
      storageStats: {
        snapshotCount: 12,
        totalSizeBytes: 1.5 * 1024 ** 3,
        lastObservedAt: "2026-01-01T00:00:00Z",
      },
      conditions: [aCondition("True", "Ready", "Everything this object needs is there")],
    },
  });
  await createObject(server, "backups", {
    kind: "Backup",
    name: "films-1",
    namespace: "media",
    spec: { configRef: { name: "films" } },
    status: {
      phase: "Pending",
      conditions: [aCondition("Unknown", "MissingCredentialsSecret", "The Secret is missing")],
    },
  });
}

function aCondition(status: "True" | "Unknown", reason: string, message: string) {
  return {
    type: "Ready",
    status,
    reason,
    message,
    lastTransitionTime: "2026-01-01T00:00:00Z",
    observedGeneration: 1,
  };
}
