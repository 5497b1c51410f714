import { join } from "node:path";
import { REPORT_PLACES } from "./argv.ts";
import type { Kopia } from "./client.ts";

const metric = "kopia_blob_upload_bytes_total";
const longestReport = 1024 * 1024;

/** The bytes kopia wrote to the storage, from its counters as Prometheus text; undefined when they do not say. */
export function parseUploadedBytes(text: string): number | undefined {
  const [, value] = new RegExp(`^${metric} (\\S+)$`, "m").exec(text.slice(0, longestReport)) ?? [];
  const bytes = Math.round(Number(value ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

/**
 * The bytes a kopia wrote to the storage that was given this folder for its reports. A counter that cannot be had is
 * undefined: a backup does not fail for a number.
 */
export async function readUploadedBytes(kopia: Kopia, folder: string): Promise<number | undefined> {
  const counters = join(folder, REPORT_PLACES.counters);
  try {
    // Kopia makes a folder per command and names it after the time.
    for await (const { name } of Deno.readDir(counters)) {
      return parseUploadedBytes(await Deno.readTextFile(join(counters, name, "kopia-metrics.prom")));
    }
  } catch (error) {
    kopia.log.debug("the counters of kopia cannot be read", { error });
  }
  return undefined;
}
