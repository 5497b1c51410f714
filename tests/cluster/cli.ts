/** `cluster up|down|list|kubeconfig|load`: clusters that live on after the command has ended. */
import { clusterFolder, findCluster, listClusters, startCluster } from "./mod.ts";

const usage = `Usage: cluster COMMAND

up NAME            starts a cluster and leaves it running
down NAME          stops it; nothing of it is left
list               names the running clusters
kubeconfig NAME    prints the path of the administrator's kubeconfig
load NAME IMAGE    loads an OCI archive, so that pods can run the image
kubectl NAME ...   runs kubectl in it`;

async function main(argv: readonly string[]): Promise<number> {
  const [command, name, ...rest] = argv;
  if (command === "list") return await list();
  if (command === "--help" || command === "help") return say(usage);
  const known = ["up", "down", "kubeconfig", "load", "kubectl"];
  if (command === undefined || !known.includes(command) || name === undefined) {
    console.error(
      command === undefined || known.includes(command) ? usage : `Unknown command "${command}"\n\n${usage}`,
    );
    return 2;
  }
  if (command === "up") return await up(name);
  if (command === "down") return await down(name);
  const cluster = await findCluster(name);
  if (cluster === undefined) throw new Error(notRunning(name));
  if (command === "kubeconfig") return say(cluster.kubeconfigPath);
  if (command === "kubectl") {
    const { code, stdout, stderr } = await cluster.tryKubectl(rest);
    if (stderr !== "") console.error(stderr.trimEnd());
    if (stdout !== "") console.log(stdout.trimEnd());
    return code;
  }
  const [image] = rest;
  if (image === undefined) {
    throw new Error(`Cannot load an image: expected its OCI archive: cluster load ${name} IMAGE`);
  }
  await cluster.loadImage(image);
  return 0;
}

async function up(name: string): Promise<number> {
  const running = await findCluster(name);
  const cluster = running ?? await startCluster({ name });
  await cluster.keep();
  return say(`cluster ${name} is ready: export KUBECONFIG=${cluster.kubeconfigPath}`);
}

async function down(name: string): Promise<number> {
  const cluster = await findCluster(name);
  if (cluster === undefined) return say(notRunning(name));
  await cluster.stop();
  return say(`cluster ${name} is gone`);
}

async function list(): Promise<number> {
  for (const name of await listClusters()) console.log(`${name.padEnd(32)} ${clusterFolder(name)}`);
  return 0;
}

function notRunning(name: string): string {
  return `Cannot find the cluster "${name}": it is not running, start it with: cluster up ${name}`;
}

function say(text: string): number {
  console.log(text);
  return 0;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (cause) {
    console.error(cause instanceof Error ? cause.message : String(cause));
    Deno.exit(1);
  }
}
