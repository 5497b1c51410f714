import { fileURLToPath } from "node:url";

/** A path beside the scenario files as the file system knows it. */
export function fromFileUrl(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
