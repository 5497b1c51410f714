/** `deno task demo`: a first backup that a newcomer can watch, in the embedded cluster or in one of theirs. */
import { fileURLToPath } from "node:url";
import { findCluster } from "../../tests/cluster/mod.ts";
import { runToolOk } from "../../tests/parts/mod.ts";
import { type DemoOptions, parseDemoArguments } from "./arguments.ts";
import { backUp, type MadeBackup } from "./back_up.ts";
import { awaitController, claimCluster, installChart, SYSTEM_NAMESPACE, uninstallChart } from "./install.ts";
import { interestingMetrics } from "./interesting_metrics.ts";
import { listenForInterruption } from "./interruption.ts";
import { connectionFlags, kubectl, type Target } from "./kubectl.ts";
import { lastScreen } from "./last_screen.ts";
import { dropNamespace } from "./namespaces.ts";
import { embeddedPlace, foreignPlace, foreignTarget, type Place } from "./place.ts";
import { type Progress, startProgress } from "./progress.ts";
import type { Proof } from "./proof.ts";
import { proveWithKopia } from "./prove.ts";
import { makeRepository } from "./repository.ts";
import { makeVolumes, takePhotos } from "./volume.ts";

const usage =
  `Usage: ./denow task demo [up|down] [--namespace NAME] [--cluster NAME | --context NAME --image IMAGE]

up      boots the embedded cluster (or uses a context of yours), installs kopiur, makes a first backup and proves it
down    removes every trace`;

const pluginFolder = fileURLToPath(new URL("../../build", import.meta.url));

async function main(args: readonly string[]): Promise<number> {
  const command = parseDemoArguments(args);
  const progress = startProgress(
    (text) => Deno.stderr.writeSync(new TextEncoder().encode(text)),
    () => performance.now(),
  );
  switch (command.kind) {
    case "help":
      console.log(usage);
      return 0;
    case "wrong":
      console.error(`${command.message}\n\n${usage}`);
      return 2;
    case "down":
      await down(command.options, progress);
      return 0;
    case "up":
      return await up(command.options, command.image, progress);
  }
}

/** Says at every end, good or bad, what of it is still there. */
async function up(options: DemoOptions, image: string | undefined, progress: Progress): Promise<number> {
  const signal = listenForInterruption();
  let place: Place | undefined;
  try {
    place = options.context === undefined || image === undefined
      ? await embeddedPlace(options.cluster, progress, signal)
      : await foreignPlace({ context: options.context, image, signal, progress });
    console.log(await demonstrate(place, options, progress));
    return 0;
  } catch (error) {
    console.error(signal.aborted ? "\nInterrupted" : messageOf(error));
    console.error(await whatIsLeft(place, options));
    return signal.aborted ? 130 : 1;
  }
}

async function whatIsLeft(place: Place | undefined, options: DemoOptions): Promise<string> {
  const isUp = place !== undefined ||
    (options.context === undefined && await findCluster(options.cluster) !== undefined);
  if (!isUp) return "Nothing of it is left";
  return `What was made is still there, to be looked at; remove it with: ${stopCommand(options)}`;
}

async function demonstrate(place: Place, options: DemoOptions, progress: Progress): Promise<string> {
  const { target } = place;
  const { namespace } = options;
  await claimCluster(target);
  await Promise.all([
    progress.step("Installing kopiur with helm", () => installChart(place)),
    progress.step(
      `Making volumes in the namespace ${namespace}`,
      () => makeVolumes(place, namespace),
    ),
  ]);
  await Promise.all([
    progress.step("Filling a volume with photos", () => takePhotos(place, namespace)),
    progress.step("Waiting for the controller", () => awaitController(place)),
    progress.step("Creating the Repository", (say) => makeRepository(target, namespace, say)),
  ]);
  const backup = await progress.step("Backing up", (say) => backUp(target, namespace, say));
  const proof = await progress.step(
    "Asking kopia itself, restoring by hand and comparing with the volume",
    () => proveWithKopia(place, namespace, backup),
  );
  return await showAll(target, options, backup, proof);
}

async function showAll(
  target: Target,
  options: DemoOptions,
  { name: backup, id }: MadeBackup,
  { list, files }: Proof,
): Promise<string> {
  const { namespace } = options;
  const plugin = [`${pluginFolder}/kubectl-kopiur`, "status", "-n", namespace, ...connectionFlags(target)];
  const service = `/api/v1/namespaces/${SYSTEM_NAMESPACE}/services/kopiur-metrics:8080/proxy/metrics`;
  const [status, text] = await Promise.all([
    runToolOk(plugin, { signal: target.signal }),
    kubectl(target, ["get", "--raw", service]),
  ]);
  const metrics = interestingMetrics(text, namespace);
  const stop = stopCommand(options);
  return lastScreen({ target, namespace, pluginFolder, status, backup, id, list, files, metrics, stop });
}

function stopCommand({ context, cluster, namespace }: DemoOptions): string {
  const words = [
    ...(context === undefined ? [] : ["--context", context]),
    ...(cluster === "demo" ? [] : ["--cluster", cluster]),
    ...(context === undefined || namespace === "kopiur-demo" ? [] : ["--namespace", namespace]),
  ];
  return ["./denow task demo down", ...words].join(" ");
}

async function down({ context, cluster: name, namespace }: DemoOptions, progress: Progress): Promise<void> {
  if (context === undefined) {
    const cluster = await findCluster(name);
    if (cluster === undefined) return console.error("The demo is not running");
    return await progress.step("Stopping the cluster and removing every trace", () => cluster.stop());
  }
  const target = await foreignTarget(context, listenForInterruption());
  await progress.step(`Removing the demo from the context ${context}`, async () => {
    await dropNamespace(target, namespace);
    await uninstallChart(target);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(messageOf(error));
    Deno.exit(1);
  }
}
