import { GROUP } from "../../api/mod.ts";
import type { Made } from "../../kube/builtins.ts";
import { apply, kubectl, type Target } from "./kubectl.ts";

/** On every namespace the demo made, and on none it found. */
const DEMO_LABEL = `${GROUP}/demo`;

/** Whose a namespace is. */
export type NamespaceOwner = "nobody" | "demo" | "somebody else";

/** Looks whose a namespace is. */
export async function namespaceOwner(target: Target, name: string): Promise<NamespaceOwner> {
  const json = await kubectl(target, ["get", "namespace", name, "--ignore-not-found", "-o", "json"]);
  if (json.trim() === "") return "nobody";
  const { metadata }: { metadata: { labels?: Readonly<Record<string, string>> } } = JSON.parse(json);
  return metadata.labels?.[DEMO_LABEL] === "true" ? "demo" : "somebody else";
}

/** Makes a namespace for the demo; one that somebody else made is refused, for the demo's end would delete it. */
export async function claimNamespace(
  target: Target,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (await namespaceOwner(target, name) === "somebody else") throw new Error(notOurs("use", name));
  const metadata = { name, labels: { ...labels, [DEMO_LABEL]: "true" } };
  const namespace: Made<"Namespace"> = { apiVersion: "v1", kind: "Namespace", metadata };
  await apply(target, name, namespace);
}

/** Deletes a namespace the demo made, with everything in it. */
export async function dropNamespace(target: Target, name: string): Promise<void> {
  const owner = await namespaceOwner(target, name);
  if (owner === "nobody") return;
  if (owner === "somebody else") throw new Error(notOurs("delete", name));
  await kubectl(target, ["delete", "namespace", name, "--ignore-not-found", "--timeout=120s"]);
}

function notOurs(action: string, name: string): string {
  return `Cannot ${action} the namespace "${name}": the demo did not make it, ` +
    `expected one with the label ${DEMO_LABEL}=true, or none of that name`;
}
