import { fileURLToPath } from "node:url";
import { ALL_KINDS, GROUP } from "../../api/mod.ts";
import { helm, kubectl, type Target } from "./kubectl.ts";
import { claimNamespace, dropNamespace, namespaceOwner } from "./namespaces.ts";
import type { Place } from "./place.ts";

/** The namespace kopiur is installed in. */
export const SYSTEM_NAMESPACE = "kopiur-system";

const crds = ALL_KINDS.map(({ plural }) => `crd/${plural}.${GROUP}`);
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
  await helm(target, [...release, ...sets]);
  await kubectl(target, ["wait", "--for=condition=Established", ...crds, "--timeout=60s"]);
}

/** Takes away what {@link installChart} made. Definitions stay while there are objects of them, which they would take along. */
export async function uninstallChart(target: Target): Promise<void> {
  if (await namespaceOwner(target, SYSTEM_NAMESPACE) === "nobody") return;
  await requireOwn(target);
  await helm(target, ["uninstall", "kopiur", "--namespace", SYSTEM_NAMESPACE, "--ignore-not-found"]);
  await dropNamespace(target, SYSTEM_NAMESPACE);
  if (await foundCrds(target) === "") return;
  const kinds = ALL_KINDS.map(({ plural }) => `${plural}.${GROUP}`).join(",");
  const left = await kubectl(target, ["get", kinds, "--all-namespaces", "-o", "name"]);
  if (left.trim() === "") await kubectl(target, ["delete", ...crds, "--ignore-not-found", "--timeout=60s"]);
  else console.error(`The CRDs stay, for there are objects of them:\n${left.trimEnd()}`);
}

/** Makes the namespace of the chart; refuses a cluster where a kopiur works for somebody, before anything is made. */
export async function claimCluster(target: Target): Promise<void> {
  const owner = await namespaceOwner(target, SYSTEM_NAMESPACE);
  if (owner !== "demo" && await foundCrds(target) !== "") {
    throw new Error("Cannot run the demo in this cluster: kopiur is installed in it, expected one without");
  }
  await claimNamespace(target, SYSTEM_NAMESPACE);
}

async function foundCrds(target: Target): Promise<string> {
  return (await kubectl(target, ["get", ...crds, "--ignore-not-found", "-o", "name"])).trim();
}

async function requireOwn(target: Target): Promise<void> {
  if (await namespaceOwner(target, SYSTEM_NAMESPACE) === "demo") return;
  throw new Error("Cannot remove kopiur from this cluster: the demo did not install it");
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
