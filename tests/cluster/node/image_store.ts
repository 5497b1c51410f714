import { runToolOk } from "../../parts/mod.ts";
import type { ClusterSpec } from "../cluster_spec.ts";

/** How containerd keeps unpacked images. */
export type Snapshotter = ClusterSpec["snapshotter"];

/** The snapshotter for a folder: overlayfs, except where the folder is itself on an overlay, as inside a container. */
export async function chooseSnapshotter(folder: string): Promise<Snapshotter> {
  const kind = await runToolOk(["stat", "--file-system", "--format=%T", folder]);
  return kind.trim() === "overlayfs" ? "native" : "overlayfs";
}

/** The argv of the containerd client that loads an OCI archive. */
export function importArgv(spec: ClusterSpec, socket: string, archive: string): readonly string[] {
  const client = [spec.parts.ctr, "--address", socket, "--namespace", "k8s.io", "images", "import"];
  // The transfer service, which ctr would use, knows the default snapshotter only.
  const native = spec.snapshotter === "native" ? ["--local", "--snapshotter=native"] : [];
  return [...client, ...native, archive];
}

/** The digest of an image in what `ctr images list` printed; undefined when it is not there. */
export function parseImageDigest(output: string, name: string): string | undefined {
  const row = output.split("\n").map((line) => line.trim().split(/\s+/)).find(([first]) => first === name);
  return row?.find((word) => /^sha256:[0-9a-f]{64}$/.test(word));
}
