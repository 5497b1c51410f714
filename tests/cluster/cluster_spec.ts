import { join } from "node:path";
import * as z from "zod";
import { cacheFolder } from "../parts/mod.ts";

/** The parts a whole cluster runs on. */
export const clusterPartNames = [
  "janitor",
  "pause",
  "kube-apiserver",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
  "kubectl",
  "etcd",
  "containerd",
  "containerd-shim-runc-v2",
  "ctr",
  "runc",
  "cni-plugins",
  "ip",
  "nft",
  "nsenter",
  "setpriv",
  "unshare",
  "mount",
] as const;

const partPaths = z.record(z.enum(clusterPartNames), z.string());

const clusterSpec = z.object({
  name: z.string(),
  folder: z.string(),
  networkIndex: z.int(),
  snapshotter: z.enum(["overlayfs", "native"]),
  parts: partPaths,
});

/** The paths of those parts. */
export type ClusterParts = Readonly<z.infer<typeof partPaths>>;

/** What the process that starts a cluster tells the supervisor that runs it. */
export type ClusterSpec = Readonly<z.infer<typeof clusterSpec>>;

const clusterState = z.object({
  supervisorPid: z.int(),
  supervisorStart: z.string(),
  /** The process that holds the cluster's namespaces, as the host counts. */
  holderPid: z.int().optional(),
  components: z.record(z.string(), z.int()),
  ready: z.boolean(),
});

/** What the supervisor tells whoever attaches to its cluster. */
export type ClusterState = Readonly<z.infer<typeof clusterState>>;

/** The folder that has one folder per cluster of this user. */
export function clustersFolder(): string {
  return join(cacheFolder(), "clusters");
}

/** The folder of the cluster with this name. */
export function clusterFolder(name: string): string {
  return join(clustersFolder(), name);
}

/** Reads the spec of the cluster in this folder; undefined when there is none. */
export async function readClusterSpec(folder: string): Promise<ClusterSpec | undefined> {
  const json = await readJson(join(folder, "spec.json"));
  return json === undefined ? undefined : clusterSpec.parse(json);
}

/** Reads the state of the cluster in this folder; undefined when its supervisor has not written one yet. */
export async function readClusterState(folder: string): Promise<ClusterState | undefined> {
  const json = await readJson(join(folder, "state.json"));
  return json === undefined ? undefined : clusterState.parse(json);
}

/** Writes a JSON file so that a reader sees the old or the new one, never half of it. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(`${path}.new`, JSON.stringify(value, undefined, 2));
  await Deno.rename(`${path}.new`, path);
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return undefined;
    throw cause;
  }
}
