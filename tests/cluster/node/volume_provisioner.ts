import { join } from "node:path";
import * as z from "zod";
import type { ApiClient } from "../api/client.ts";
import { pause } from "../machine/wait_until.ts";

/** The StorageClass whose claims get a folder of the node; it is the cluster's default. */
export const storageClassName = "kopiur-local";

const provisioner = "kopiur.test/local";

const claimSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
  spec: z.object({
    storageClassName: z.string().optional(),
    volumeName: z.string().optional(),
    volumeMode: z.string().optional(),
    accessModes: z.array(z.string()),
    resources: z.object({ requests: z.object({ storage: z.string() }) }),
  }),
});

const volumeSchema = z.object({
  metadata: z.object({
    name: z.string(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    hostPath: z.object({ path: z.string() }).optional(),
    persistentVolumeReclaimPolicy: z.string().optional(),
  }),
  status: z.object({ phase: z.string().optional() }).default({}),
});

type Claim = z.infer<typeof claimSchema>;
type Volume = z.infer<typeof volumeSchema>;

/** The StorageClass object. */
export const storageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: {
    name: storageClassName,
    annotations: { "storageclass.kubernetes.io/is-default-class": "true" },
  },
  provisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

/** Gives every claim of the StorageClass a folder below `folder`, and takes released ones away, until aborted. */
export async function runVolumeProvisioner(
  client: ApiClient,
  folder: string,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    follow(
      client,
      "/api/v1/persistentvolumeclaims",
      claimSchema,
      signal,
      log,
      (claim) => provide(client, folder, claim),
    ),
    follow(
      client,
      "/api/v1/persistentvolumes",
      volumeSchema,
      signal,
      log,
      (volume) => reclaim(client, volume),
    ),
  ]);
}

/** Lists and watches, and starts over whenever either ends or fails. */
async function follow<T>(
  client: ApiClient,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
  log: (line: string) => void,
  act: (object: T) => Promise<void>,
): Promise<void> {
  const list = z.object({ metadata: z.object({ resourceVersion: z.string() }), items: z.array(schema) });
  const event = z.object({ type: z.enum(["ADDED", "MODIFIED"]), object: schema });
  while (!signal.aborted) {
    try {
      const { metadata, items } = list.parse(await client.request("GET", path, { signal }));
      for (const item of items) await act(item);
      const watch = `${path}?watch=1&resourceVersion=${metadata.resourceVersion}&timeoutSeconds=300`;
      for await (const change of client.watch(watch, signal)) {
        const { success, data } = event.safeParse(change);
        if (success) await act(data.object);
      }
    } catch (cause) {
      if (signal.aborted) return;
      log(`volume provisioner: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
    await pause(200, signal).catch(() => undefined);
  }
}

async function provide(client: ApiClient, folder: string, claim: Claim): Promise<void> {
  const { spec, metadata } = claim;
  if (spec.storageClassName !== storageClassName || spec.volumeName !== undefined) return;
  if (spec.volumeMode === "Block") return;
  const name = `pvc-${metadata.uid}`;
  const path = join(folder, name);
  await Deno.mkdir(path, { recursive: true });
  // Pods run as whatever user they like, and hostPath volumes know no fsGroup.
  await Deno.chmod(path, 0o777);
  const body = {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
    spec: {
      storageClassName,
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      persistentVolumeReclaimPolicy: "Delete",
      hostPath: { path, type: "Directory" },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        name: metadata.name,
        namespace: metadata.namespace,
        uid: metadata.uid,
      },
    },
  };
  await unless(409, client.request("POST", "/api/v1/persistentvolumes", { body }));
}

async function reclaim(client: ApiClient, volume: Volume): Promise<void> {
  const { metadata, spec, status } = volume;
  if (metadata.annotations["pv.kubernetes.io/provisioned-by"] !== provisioner) return;
  // Failed is what the controller-manager says of a hostPath volume it was itself asked to delete.
  if (status.phase !== "Released" && status.phase !== "Failed") return;
  if (spec.persistentVolumeReclaimPolicy !== "Delete" || spec.hostPath === undefined) return;
  await Deno.remove(spec.hostPath.path, { recursive: true }).catch((cause) => {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
  });
  await unless(404, client.request("DELETE", `/api/v1/persistentvolumes/${metadata.name}`));
}

async function unless(status: number, request: Promise<unknown>): Promise<void> {
  await request.catch((cause) => {
    if (cause?.status !== status) throw cause;
  });
}
