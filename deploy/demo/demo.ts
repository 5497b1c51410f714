/** `deno task demo`: a first backup that a newcomer can watch, in the embedded cluster or in one of theirs. */
import { fileURLToPath } from "node:url";
import { findCluster } from "../../tests/cluster/mod.ts";
import { partPath } from "../../tests/parts/mod.ts";
import { buildImage } from "../image/image.ts";
import { parseDemoArguments } from "./arguments.ts";
import { DEMO_CLUSTER, embeddedPlace, foreignPlace, type Place } from "./cluster_target.ts";
import { helm, kubectl, type Target } from "./kubectl.ts";
import { lastScreen } from "./last_screen.ts";
import { type Progress, startProgress } from "./progress.ts";
import { proveWithKopia } from "./proof.ts";

const usage = `Usage: ./denow task demo [up|down] [--context NAME --image IMAGE] [--namespace NAME]

up      boots the embedded cluster (or uses a context of yours), installs kopiur, makes a first backup and proves it
down    removes every trace`;

const manifests = fileURLToPath(new URL("./manifests", import.meta.url));
const chart = fileURLToPath(new URL("../chart", import.meta.url));

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
      await down(command, progress);
      return 0;
    case "up":
      await up(command, progress);
      return 0;
  }
}

async function up(
  command: { readonly context?: string; readonly image?: string; readonly namespace: string },
  progress: Progress,
): Promise<void> {
  const place = await preparePlace(command, progress);
  const { target } = place;
  await progress.step("Installing kopiur with helm", () => installChart(place));
  const namespace = command.namespace;
  await progress.step(
    `Making a volume with files in the namespace ${namespace}`,
    () => makeVolume(target, namespace, place.busybox),
  );
  await progress.step("Creating the Repository", async (say) => {
    await kubectl(target, ["apply", "-n", namespace, "-f", `${manifests}/02-repository.yaml`]);
    await follow(target, namespace, "repository/home", ["Ready"], ["Failed"], say);
  });
  const backup = await progress.step("Backing up", async (say) => {
    await kubectl(target, ["apply", "-n", namespace, "-f", `${manifests}/03-backup-config.yaml`]);
    const created = await kubectl(target, [
      "create",
      "-n",
      namespace,
      "-f",
      `${manifests}/04-backup.yaml`,
      "-o",
      "name",
    ]);
    const name = created.trim().split("/").at(-1) ?? "";
    await follow(target, namespace, `backup/${name}`, ["Succeeded"], ["Failed"], say);
    return name;
  });
  const id = await kubectl(target, [
    "get",
    "backup",
    backup,
    "-n",
    namespace,
    "-o",
    "jsonpath={.status.snapshots[0].kopiaSnapshotID}",
  ]);
  const proof = await progress.step(
    "Asking kopia itself, and restoring by hand",
    () => proveWithKopia(target, namespace, { kopia: place.image, busybox: place.busybox }, id),
  );
  console.log(
    await lastScreen(target, namespace, { backup, id, proof, embedded: command.context === undefined }),
  );
}

async function preparePlace(
  command: { readonly context?: string; readonly image?: string },
  progress: Progress,
): Promise<Place> {
  const { context, image } = command;
  if (context !== undefined && image !== undefined) return await foreignPlace(context, image);
  await partPath("kubectl");
  const built = await progress.step("Compiling kopiur and writing its image", (say) => buildImage({}, say));
  return await progress.step(
    "Booting a real cluster in a network namespace of its own",
    (say) => embeddedPlace({ name: built.name, archive: built.path }, say),
  );
}

async function installChart({ target, image }: Place): Promise<void> {
  const colon = image.lastIndexOf(":");
  const [repository, tag] = [image.slice(0, colon), image.slice(colon + 1)];
  const sets = [
    "image.registry=",
    ...["controller", "mover"].flatMap((
      role,
    ) => [`image.${role}.repository=${repository}`, `image.${role}.tag=${tag}`]),
  ];
  await helm(target, [
    ...[
      "upgrade",
      "--install",
      "kopiur",
      chart,
      "--namespace",
      "kopiur-system",
      "--create-namespace",
      "--wait",
      "--timeout",
      "120s",
    ],
    ...sets.flatMap((set) => ["--set", set]),
  ]);
}

async function makeVolume(target: Target, namespace: string, busybox: string): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await kubectl(
    target,
    ["apply", "-f", "-"],
    JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }),
  );
  await kubectl(target, ["apply", "-n", namespace, "-f", `${manifests}/01-volumes.yaml`]);
  await kubectl(target, ["delete", "pod", "camera", "-n", namespace, "--ignore-not-found", "--wait"]);
  await kubectl(target, ["apply", "-n", namespace, "-f", "-"], JSON.stringify(cameraPod(busybox)));
  await kubectl(target, [
    "wait",
    "-n",
    namespace,
    "pod/camera",
    "--for=jsonpath={.status.phase}=Succeeded",
    "--timeout=60s",
  ]);
}

/** A pod that fills the volume: 200 files of random bytes. */
function cameraPod(busybox: string): unknown {
  const script =
    "for i in $(seq 1 200); do mkdir -p /photos/album-$((i % 10)); head -c 50000 /dev/urandom > /photos/album-$((i % 10))/photo-$i.jpg; done";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "camera" },
    spec: {
      restartPolicy: "Never",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [{
        name: "camera",
        image: busybox,
        command: ["/bin/sh", "-c", script],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "photos", mountPath: "/photos" }],
      }],
      volumes: [{ name: "photos", persistentVolumeClaim: { claimName: "photos" } }],
    },
  };
}

/** Says each phase and what it waits for until a wanted one; a bad one throws with the object's own words. */
async function follow(
  target: Target,
  namespace: string,
  object: string,
  wanted: readonly string[],
  bad: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const deadline = performance.now() + 180_000;
  let told = "";
  while (performance.now() < deadline) {
    const line = await kubectl(target, [
      "get",
      object,
      "-n",
      namespace,
      "-o",
      'jsonpath={.status.phase}: {.status.conditions[?(@.type=="Ready")].message}',
    ]);
    if (line !== told && line !== ": ") say(`${object} ${line}`);
    told = line;
    const phase = line.slice(0, line.indexOf(":"));
    if (wanted.includes(phase)) return;
    if (bad.includes(phase)) throw new Error(`Cannot go on: ${object} is ${line}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  throw new Error(`Cannot wait any longer for ${object}: it is ${told}, expected ${wanted.join(" or ")}`);
}

async function down(
  command: { readonly context?: string; readonly namespace: string },
  progress: Progress,
): Promise<void> {
  const { context, namespace } = command;
  if (context === undefined) {
    const cluster = await findCluster(DEMO_CLUSTER);
    if (cluster === undefined) return console.error("The demo is not running");
    return await progress.step("Stopping the cluster and removing every trace", () => cluster.stop());
  }
  const target = { kubectl: await partPath("kubectl"), helm: await partPath("helm"), context };
  await progress.step(`Removing the demo from the context ${context}`, async () => {
    await kubectl(target, ["delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s"]);
    await helm(target, ["uninstall", "kopiur", "--namespace", "kopiur-system", "--ignore-not-found"]);
  });
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
