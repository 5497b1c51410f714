import { join } from "node:path";
import {
  busyboxImageName,
  type Cluster,
  findCluster,
  startCluster,
  writeBusyboxImage,
} from "../../tests/cluster/mod.ts";
import { partPath } from "../../tests/parts/mod.ts";
import type { Target } from "./kubectl.ts";

/** Name of the embedded cluster of the demo. */
export const DEMO_CLUSTER = "demo";

/** Where the demo runs, and with which images. */
export interface Place {
  readonly target: Target;
  readonly image: string;
  readonly busybox: string;
}

/** The embedded cluster, booted or found running, with the images loaded. It outlives the command. */
export async function embeddedPlace(
  image: { readonly name: string; readonly archive: string },
  say: (line: string) => void,
): Promise<Place> {
  const running = await findCluster(DEMO_CLUSTER);
  const cluster = running ?? await startCluster({ name: DEMO_CLUSTER, progress: say });
  try {
    await loadImages(cluster, image.archive);
    const target = {
      kubectl: await partPath("kubectl"),
      helm: await partPath("helm"),
      kubeconfig: cluster.kubeconfigPath,
    };
    await cluster.keep();
    return { target, image: image.name, busybox: busyboxImageName };
  } catch (cause) {
    if (running === undefined) await cluster.stop();
    throw cause;
  }
}

/** A cluster the user has, reached through a context of their kubeconfig. */
export async function foreignPlace(context: string, image: string): Promise<Place> {
  return {
    target: { kubectl: await partPath("kubectl"), helm: await partPath("helm"), context },
    image,
    busybox: "busybox:1.37",
  };
}

async function loadImages(cluster: Cluster, archive: string): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const busybox = join(folder, "busybox.tar");
    await writeBusyboxImage(busybox, await partPath("busybox"));
    await cluster.loadImage(busybox);
    await cluster.loadImage(archive);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
