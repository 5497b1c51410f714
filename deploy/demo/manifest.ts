import { fileURLToPath } from "node:url";

/** The path of one of the demo's manifests, which people use by hand, too. */
export function manifest(name: string): string {
  return fileURLToPath(new URL(`./manifests/${name}`, import.meta.url));
}
