import { join } from "node:path";
import { exists, runToolOk, withFileLock } from "../../parts/mod.ts";
import { clusterNetwork, networkCount, networkIsTaken } from "../cluster_network.ts";
import {
  clusterFolder,
  type ClusterParts,
  clustersFolder,
  type ClusterSpec,
  readClusterSpec,
  readClusterState,
  writeJson,
} from "../cluster_spec.ts";
import { controlGroupFolders } from "../node/control_groups.ts";
import { chooseSnapshotter } from "../node/image_store.ts";
import { Janitor } from "../machine/janitor.ts";
import { processStart } from "../machine/process_table.ts";
import { controlGroupOf } from "./running_cluster.ts";

/** Takes a name and a free network for a new cluster, and writes both into its folder. */
export async function claimCluster(name: string, parts: ClusterParts): Promise<ClusterSpec> {
  if (!/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)) {
    throw new Error(
      `Cannot name a cluster "${name}": expected 1 to 32 lower-case letters, digits and inner hyphens, ` +
        "for the node will have this name",
    );
  }
  return await withFileLock(join(clustersFolder(), ".lock"), async () => {
    await sweepDeadClusters(parts.janitor);
    const folder = clusterFolder(name);
    if (exists(folder)) {
      throw new Error(
        `Cannot start the cluster "${name}": one of that name is running, stop it first or choose another`,
      );
    }
    const networkIndex = await freeNetworkIndex(parts.ip);
    const snapshotter = await chooseSnapshotter(clustersFolder());
    const spec: ClusterSpec = { name, folder, networkIndex, snapshotter, parts };
    await Deno.mkdir(folder, { recursive: true, mode: 0o755 });
    await writeJson(join(folder, "spec.json"), spec);
    await writeJson(join(folder, "claim.json"), { pid: Deno.pid, start: processStart(Deno.pid) });
    return spec;
  });
}

/** The names of the clusters of this user that are running or starting. */
export async function listClusterNames(): Promise<readonly string[]> {
  const names = folderNames();
  const alive = await Promise.all(names.map((name) => clusterIsAlive(clusterFolder(name))));
  return names.filter((_, index) => alive[index]);
}

function folderNames(): readonly string[] {
  if (!exists(clustersFolder())) return [];
  return [...Deno.readDirSync(clustersFolder())].filter((entry) => entry.isDirectory).map((entry) =>
    entry.name
  ).sort();
}

/** Removes what is left of clusters whose supervisor and janitor both died, as in a power cut. */
async function sweepDeadClusters(janitorProgram: string): Promise<void> {
  for (const name of folderNames()) {
    const folder = clusterFolder(name);
    if (await clusterIsAlive(folder)) continue;
    await new Janitor(janitorProgram, [...controlGroupFolders(controlGroupOf(name)), folder]).clean();
  }
}

/** True while the supervisor of the cluster runs, or the process that claimed the name has yet to start it. */
async function clusterIsAlive(folder: string): Promise<boolean> {
  const state = await readClusterState(folder);
  if (state !== undefined) return processStart(state.supervisorPid) === state.supervisorStart;
  const claim = await Deno.readTextFile(join(folder, "claim.json")).then(JSON.parse).catch(() => undefined);
  return claim !== undefined && processStart(claim.pid) === claim.start;
}

async function freeNetworkIndex(ip: string): Promise<number> {
  const routes = await runToolOk([ip, "-4", "route", "show", "table", "all"]);
  const specs = await Promise.all(folderNames().map((name) => readClusterSpec(clusterFolder(name))));
  const claimed = specs.map((spec) => spec?.networkIndex);
  for (let index = 0; index < networkCount; index++) {
    if (!claimed.includes(index) && !networkIsTaken(clusterNetwork(index), routes)) return index;
  }
  throw new Error(
    `Cannot find a network for the cluster: all ${networkCount} are taken by clusters or by routes of this machine ` +
      "in 10.98.0.0/16, 10.99.0.0/16 and 10.100.0.0/16, expected a free one: stop a cluster or a VPN",
  );
}
