import { deepEqual, equal, match, notEqual, rejects } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { partTest } from "../../parts/mod.ts";
import { type Cluster, clusterMissing, findCluster, listClusters, startCluster, waitUntil } from "../mod.ts";
import { clusterPartNames, readClusterState } from "../cluster_spec.ts";
import { type ClusterTrace, leftoversOf, traceCluster } from "./leftovers.ts";
import { sendSignal } from "../machine/process_table.ts";
import { TextLineStream } from "../machine/text_lines.ts";

const quiet = () => undefined;

function clusterTest(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  partTest({ name, parts: clusterPartNames, machineMissing: clusterMissing, fn });
}

async function expectNothingLeft(trace: ClusterTrace): Promise<void> {
  // After a kill the kernel and the janitor need a moment.
  await waitUntil(async () => (await leftoversOf(trace)).length === 0 ? true : undefined, {
    what: "the cluster to be gone",
    limitSeconds: 30,
  }).catch(() => undefined);
  deepEqual(await leftoversOf(trace), []);
}

/** Starts a cluster in a process of its own, which holds it until it is killed, or with "keep" leaves it and ends. */
async function startInOtherProcess(
  name: string,
  until: (line: string) => boolean,
  mode: "hold" | "keep" = "hold",
): Promise<Deno.ChildProcess> {
  const program = fileURLToPath(new URL("./hold_cluster.ts", import.meta.url));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", program, name, mode],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextLineStream()).getReader();
  while (true) {
    const { value, done } = await lines.read();
    if (done) throw new Error(`Cannot start the cluster "${name}" in another process: it ended`);
    if (until(value)) break;
  }
  await lines.cancel();
  return child;
}

async function found(name: string): Promise<Cluster> {
  const cluster = await findCluster(name);
  if (cluster === undefined) throw new Error(`Cannot find the cluster "${name}" that was started`);
  return cluster;
}

clusterTest("two clusters run side by side, and stop() leaves nothing of either", async () => {
  const mountsBefore = await Deno.readTextFile("/proc/mounts");
  const [one, two] = await Promise.all([
    startCluster({ progress: quiet }),
    startCluster({ progress: quiet }),
  ]);
  const traces = await Promise.all([one, two].map(traceCluster));
  notEqual(one.network.index, two.network.index);
  for (const cluster of [one, two]) {
    match(await cluster.kubectl("get", "nodes"), new RegExp(`${cluster.name} +Ready`));
  }
  for (const trace of traces) equal((await leftoversOf(trace)).length > trace.processes.length, true);
  await one.stop();
  match(await two.kubectl("get", "nodes"), /Ready/);
  await two.stop();
  for (const trace of traces) deepEqual(await leftoversOf(trace), []);
  equal(await Deno.readTextFile("/proc/mounts"), mountsBefore);
});

clusterTest("a cluster ends with the process that started it when that is killed", async () => {
  const name = "orphaned";
  const child = await startInOtherProcess(name, (line) => line === "held");
  const cluster = await found(name);
  const trace = await traceCluster(cluster);
  child.kill("SIGKILL");
  await child.status;
  await expectNothingLeft(trace);
  await cluster.stop();
});

clusterTest("a start that is interrupted leaves nothing", async () => {
  const name = "interrupted";
  const child = await startInOtherProcess(name, (line) => line.includes("starting kubelet"));
  child.kill("SIGINT");
  await child.status;
  await waitUntil(async () => (await listClusters()).includes(name) ? undefined : true, {
    what: "the interrupted cluster to be gone",
    limitSeconds: 30,
  });
});

clusterTest("the kernel and the janitor clean up when the supervisor itself is killed", async () => {
  const cluster = await startCluster({ progress: quiet });
  const trace = await traceCluster(cluster);
  sendSignal((await readClusterState(cluster.folder))?.supervisorPid ?? 0, "SIGKILL");
  await expectNothingLeft(trace);
  await cluster.stop();
});

clusterTest("keep() lets a cluster outlive its starter, until another process stops it", async () => {
  const name = "kept";
  const starter = await startInOtherProcess(name, (line) => line === "kept", "keep");
  equal((await starter.status).code, 0);
  const cluster = await found(name);
  const trace = await traceCluster(cluster);
  match(await cluster.kubectl("get", "nodes"), /kept +Ready/);
  await rejects(startCluster({ name, progress: quiet }), /one of that name is running, stop it first/);
  await cluster.stop();
  deepEqual(await leftoversOf(trace), []);
});
