import { join } from "node:path";
import * as z from "zod";
import type { Made } from "../../kube/builtins.ts";
import { API_VERSION } from "../../api/mod.ts";
import { type Cluster, waitUntil } from "../cluster/mod.ts";
import { partPath } from "../parts/mod.ts";
import { writeSampleFiles } from "./objects/sample_files.ts";

/** The namespace of the bench in a real cluster. */
export const benchNamespace = "bench";
/** Claim of the volume that is backed up. */
export const dataClaim = "data";
/** Claim of a volume with a static busybox: the image has no shell. */
export const toolsClaim = "tools";
const repositoryClaim = "repository";

const tree = { files: 1000, bytes: 8 * 1024 ** 2, seed: 2 } as const;

const boundClaim = z.object({
  metadata: z.object({ uid: z.string() }),
  status: z.object({ phase: z.literal("Bound") }),
});
const readyObject = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
}).refine(({ status }) =>
  status.conditions.some(({ type, status }) => type === "Ready" && status === "True")
);

/** Makes volumes with 1 000 small files, a Repository that is ready, and a BackupConfig for each name. */
export async function fillNamespace(
  cluster: Cluster,
  configs: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await cluster.request("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: benchNamespace } },
  });
  for (const claim of [dataClaim, toolsClaim, repositoryClaim]) await create(cluster, claimOf(claim));
  const data = await volumeFolder(cluster, dataClaim, signal);
  await writeSampleFiles(data, tree, signal);
  const tools = await volumeFolder(cluster, toolsClaim, signal);
  await Deno.copyFile(await partPath("busybox"), join(tools, "busybox"));
  await Deno.chmod(join(tools, "busybox"), 0o755);
  await create(cluster, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "password" },
    stringData: { KOPIA_PASSWORD: "bench" },
  });
  await create(cluster, repositoryObject());
  for (const name of configs) await create(cluster, configObject(name));
  for (
    const path of [
      pathOf("repositories", "home"),
      ...configs.map((name) => pathOf("backupconfigs", name)),
    ]
  ) {
    await waitUntil(async () => readyObject.safeParse(await cluster.request("GET", path)).data, {
      what: `${path} to be ready`,
      limitSeconds: 120,
      everyMs: 200,
      signal,
    });
  }
}

/** Path of one object of ours in the namespace of the bench. */
export function pathOf(plural: string, name: string): string {
  return `${listPathOf(API_VERSION, plural)}/${name}`;
}

/** Path of the objects of a kind in the namespace of the bench. */
export function listPathOf(apiVersion: string, plural: string): string {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${benchNamespace}/${plural}`;
}

const plurals: Readonly<Record<string, string>> = {
  PersistentVolumeClaim: "persistentvolumeclaims",
  Secret: "secrets",
  Repository: "repositories",
  BackupConfig: "backupconfigs",
};

async function create(
  cluster: Cluster,
  object: { readonly apiVersion: string; readonly kind: string; readonly [field: string]: unknown },
): Promise<void> {
  await cluster.request("POST", listPathOf(object.apiVersion, plurals[object.kind] ?? ""), { body: object });
}

/** The node's folder behind a claim, once it is bound. */
async function volumeFolder(cluster: Cluster, claim: string, signal: AbortSignal): Promise<string> {
  const path = `${listPathOf("v1", "persistentvolumeclaims")}/${claim}`;
  const { metadata } = await waitUntil(
    async () => boundClaim.safeParse(await cluster.request("GET", path)).data,
    {
      what: `the claim ${claim} to be bound`,
      limitSeconds: 30,
      signal,
    },
  );
  return join(cluster.folder, "volumes", `pvc-${metadata.uid}`);
}

function claimOf(name: string): Made<"PersistentVolumeClaim"> {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}

function repositoryObject() {
  return {
    apiVersion: API_VERSION,
    kind: "Repository",
    metadata: { name: "home" },
    spec: {
      backend: { filesystem: { volume: { pvc: { name: repositoryClaim } } } },
      encryption: { passwordSecretRef: { name: "password" } },
      create: { enabled: true },
    },
  };
}

function configObject(name: string) {
  return {
    apiVersion: API_VERSION,
    kind: "BackupConfig",
    metadata: { name },
    spec: { repository: { name: "home" }, sources: [{ pvc: { name: dataClaim } }] },
  };
}
