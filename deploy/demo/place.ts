import { join } from "node:path";
import {
  busyboxImageName,
  type Cluster,
  clusterMissing,
  findCluster,
  startCluster,
  writeBusyboxImage,
} from "../../tests/cluster/mod.ts";
import { ensureParts, partPath } from "../../tests/parts/mod.ts";
import { compileHost } from "../compile/compile.ts";
import { buildImage } from "../image/image.ts";
import type { Target } from "./kubectl.ts";
import type { Progress } from "./progress.ts";

/** Where the demo runs, and with which images. */
export interface Place {
  readonly target: Target;
  readonly image: string;
  /** Of the image; undefined when the cluster pulls it. */
  readonly imageDigest?: string;
  readonly busybox: string;
}

interface LoadableImage {
  readonly name: string;
  readonly digest: string;
  readonly path: string;
}

/**
 * The embedded cluster, booted or found running, with the images of this tree in it. It outlives the command once
 * this resolves; when it rejects, a cluster that was booted here is gone.
 */
export async function embeddedPlace(
  name: string,
  progress: Progress,
  signal: AbortSignal,
): Promise<Place> {
  const missing = clusterMissing();
  if (missing !== undefined) throw new Error(missing);
  const tools = await ensureParts(["kubectl", "helm", "kopia", "busybox"]);
  const folder = await Deno.makeTempDir({ prefix: "kopiur-demo-" });
  try {
    const busybox = await busyboxImage(join(folder, "busybox.tar"), tools.busybox);
    const running = await findCluster(name);
    const built = progress.step("Compiling kopiur and writing its image", (say) => buildImage({}, say));
    const [image, cluster] = await both(
      built,
      running === undefined
        ? progress.step(
          "Booting a real cluster in a network namespace of its own",
          (say) => boot(name, [busybox, built], say, signal),
        )
        : loadMissing(running, [busybox, built], progress),
    );
    if (signal.aborted) {
      if (running === undefined) await cluster.stop();
      signal.throwIfAborted();
    }
    const { kubectl, helm } = tools;
    const { kubeconfigPath: kubeconfig, kubectlCacheFolder: cacheFolder } = cluster;
    await cluster.keep();
    return {
      target: { kubectl, helm, kubeconfig, cacheFolder, signal },
      image: image.name,
      imageDigest: image.digest,
      busybox: busyboxImageName,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A cluster the user has, reached through a context of their kubeconfig, and an image it can pull. */
export async function foreignPlace(given: {
  readonly context: string;
  readonly image: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}): Promise<Place> {
  const { context, image, signal, progress } = given;
  await progress.step("Compiling the plugin of kubectl", (say) => compileHost(say));
  // The one that needs no libc: its program is copied to where there is none.
  return { target: await foreignTarget(context, signal), image, busybox: "busybox:1.37-musl" };
}

/** The tools for a cluster the user has. */
export async function foreignTarget(context: string, signal: AbortSignal): Promise<Target> {
  return { kubectl: await partPath("kubectl"), helm: await partPath("helm"), context, signal };
}

async function busyboxImage(path: string, program: string): Promise<LoadableImage> {
  return { ...await writeBusyboxImage(path, program), path };
}

async function boot(
  name: string,
  images: readonly (LoadableImage | Promise<LoadableImage>)[],
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Cluster> {
  const archives = images.map(async (image) => (await image).path);
  return await startCluster({ name, progress: say, images: archives, signal });
}

/** An image the node has already is not loaded again. */
async function loadMissing(
  cluster: Cluster,
  images: readonly (LoadableImage | Promise<LoadableImage>)[],
  progress: Progress,
): Promise<Cluster> {
  for (const image of images) {
    const { name, digest, path } = await image;
    if (await cluster.imageDigest(name) === digest) continue;
    await progress.step(`Loading ${name} into the running cluster`, () => cluster.loadImage(path));
  }
  return cluster;
}

/** Waits for both whatever happens, so that nothing goes on behind an error. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return await Promise.all([first, second]);
}
