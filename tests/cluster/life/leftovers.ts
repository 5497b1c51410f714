import { exists, runToolOk } from "../../parts/mod.ts";
import type { Cluster } from "../cluster.ts";
import { type ClusterNetwork } from "../cluster_network.ts";
import { readClusterState } from "../cluster_spec.ts";
import { controlGroupFolders } from "../node/control_groups.ts";
import { listDescendants, processStart, type RunningProcess } from "../machine/process_table.ts";
import { controlGroupOf } from "./running_cluster.ts";

/** What a running cluster consists of on this machine, taken down so that it can be looked for later. */
export interface ClusterTrace {
  readonly folder: string;
  readonly network: ClusterNetwork;
  readonly processes: readonly RunningProcess[];
  readonly controlGroups: readonly string[];
}

/** Takes down every process, control group, interface and folder of a running cluster. */
export async function traceCluster(cluster: Cluster): Promise<ClusterTrace> {
  const { folder, network, name } = cluster;
  const supervisorPid = (await readClusterState(folder))?.supervisorPid;
  if (supervisorPid === undefined) throw new Error(`Cannot trace the cluster "${name}": it is not running`);
  const controlGroups = controlGroupFolders(controlGroupOf(name));
  return { folder, network, processes: listDescendants(supervisorPid), controlGroups };
}

/** What is still there of a cluster, one line each. */
export async function leftoversOf(trace: ClusterTrace): Promise<readonly string[]> {
  const { hostInterface, podCidr, serviceCidr } = trace.network;
  const linesWith = (kind: string, text: string, words: readonly string[]) =>
    text.split("\n").filter((line) => words.some((word) => line.includes(word))).map((line) =>
      `${kind}: ${line}`
    );
  return [
    ...trace.processes
      .filter(({ pid, start }) => processStart(pid) === start)
      .map(({ pid, command }) => `process: ${pid} ${command}`),
    ...linesWith("mount", await Deno.readTextFile("/proc/mounts"), [trace.folder]),
    ...linesWith("interface", await runToolOk(["ip", "link"]), [`${hostInterface}@`, `${hostInterface}:`]),
    ...linesWith("route", await runToolOk(["ip", "-4", "route"]), [podCidr, serviceCidr]),
    ...trace.controlGroups.filter(exists).map((path) => `control group: ${path}`),
    ...[trace.folder].filter(exists).map((path) => `folder: ${path}`),
  ];
}
