import { fileURLToPath } from "node:url";
import { ALL_KINDS, GROUP } from "../../api/mod.ts";
import { helm, kubectl } from "./kubectl.ts";
import type { Place } from "./place.ts";

/** The namespace kopiur is installed in. */
export const SYSTEM_NAMESPACE = "kopiur-system";

const chart = fileURLToPath(new URL("../chart", import.meta.url));

/** Installs the chart, or upgrades it; objects of its kinds are accepted when this resolves. */
export async function installChart({ target, image, imageDigest }: Place): Promise<void> {
  const colon = image.lastIndexOf(":");
  const values = {
    "image.registry": "",
    "image.controller.repository": image.slice(0, colon),
    "image.controller.tag": image.slice(colon + 1),
    "image.mover.repository": image.slice(0, colon),
    "image.mover.tag": image.slice(colon + 1),
    // The tag stays the same while one works on the tree: this replaces the pod when its image is another one.
    ...(imageDigest === undefined ? {} : { "controller.podAnnotations.image-digest": imageDigest }),
  };
  const sets = Object.entries(values).flatMap(([name, value]) => ["--set-string", `${name}=${value}`]);
  const release = ["upgrade", "--install", "kopiur", chart, "--namespace", SYSTEM_NAMESPACE];
  await helm(target, [...release, "--create-namespace", ...sets]);
  const crds = ALL_KINDS.map(({ plural }) => `crd/${plural}.${GROUP}`);
  await kubectl(target, ["wait", "--for=condition=Established", ...crds, "--timeout=60s"]);
}

/** Resolves when the controller is ready; throws with what its pods say when it does not get there. */
export async function awaitController({ target }: Place): Promise<void> {
  const rollout = ["rollout", "status", "deployment/kopiur-controller", "-n", SYSTEM_NAMESPACE];
  try {
    await kubectl(target, [...rollout, "--timeout=90s"]);
  } catch (cause) {
    target.signal.throwIfAborted();
    const pods = await kubectl(target, ["get", "pods", "-n", SYSTEM_NAMESPACE]).catch(() => "");
    const said = await kubectl(target, [
      "logs",
      "-n",
      SYSTEM_NAMESPACE,
      "deployment/kopiur-controller",
      "--tail=20",
    ]).catch(() => "");
    throw new Error(`Cannot start the controller: it is not ready after 90 s\n${pods}${said}`, { cause });
  }
}
