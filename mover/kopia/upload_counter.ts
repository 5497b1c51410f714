import { join } from "node:path";
import type { Kopia } from "./client.ts";

const metric = "kopia_blob_upload_bytes_total";
const longestReport = 1024 * 1024;

/** What a function answered, and the bytes kopia wrote to the storage meanwhile. */
export interface Counted<T> {
  readonly value: T;
  readonly bytesNew: number | undefined;
}

/**
 * Runs fn with a folder into which kopia shall write its counters. A counter that cannot be had is undefined: a
 * backup does not fail for a number.
 */
export async function withUploadCounter<T>(
  kopia: Kopia,
  fn: (diagnosticsFolder: string | undefined) => Promise<T>,
): Promise<Counted<T>> {
  const folder = await makeFolder(kopia);
  try {
    const value = await fn(folder);
    return { value, bytesNew: folder === undefined ? undefined : await readCounter(kopia, folder) };
  } finally {
    if (folder !== undefined) await removeFolder(kopia, folder);
  }
}

/** The bytes kopia wrote to the storage, from its counters as Prometheus text; undefined when they do not say. */
export function parseUploadedBytes(text: string): number | undefined {
  const [, value] = new RegExp(`^${metric} (\\S+)$`, "m").exec(text.slice(0, longestReport)) ?? [];
  const bytes = Math.round(Number(value ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

async function makeFolder(kopia: Kopia): Promise<string | undefined> {
  try {
    return await Deno.makeTempDir({ dir: kopia.scratchFolder, prefix: "kopia-" });
  } catch (error) {
    kopia.log.debug("no folder for the counters of kopia", { error });
    return undefined;
  }
}

/** What stays goes with the pod; a finished backup must not become a failed one over it. */
async function removeFolder(kopia: Kopia, folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    kopia.log.warn("the folder of kopia's counters cannot be removed", { error });
  }
}

/** Kopia makes a folder per command and names it after the time. */
async function readCounter(kopia: Kopia, folder: string): Promise<number | undefined> {
  try {
    for await (const entry of Deno.readDir(folder)) {
      return parseUploadedBytes(await Deno.readTextFile(join(folder, entry.name, "kopia-metrics.prom")));
    }
  } catch (error) {
    kopia.log.debug("the counters of kopia cannot be read", { error });
  }
  return undefined;
}
