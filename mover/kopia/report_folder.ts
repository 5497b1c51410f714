import { join } from "node:path";
import { REPORT_PLACES } from "./argv.ts";
import type { Kopia } from "./client.ts";

/** Runs fn with a temporary folder for kopia's counters and log; undefined when it cannot be made. */
export async function withReportFolder<T>(
  kopia: Kopia,
  fn: (folder: string | undefined) => Promise<T>,
): Promise<T> {
  const folder = await makeFolder(kopia);
  try {
    return await fn(folder);
  } finally {
    if (folder !== undefined) await removeFolder(kopia, folder);
  }
}

async function makeFolder(kopia: Kopia): Promise<string | undefined> {
  try {
    return await Deno.makeTempDir({ dir: kopia.scratchFolder, prefix: "kopia-" });
  } catch (error) {
    kopia.log.debug("no folder for the reports of kopia", { error });
    return undefined;
  }
}

/** Only warns on failure: the folder ends with the pod, and a finished backup must not fail for it. */
async function removeFolder(kopia: Kopia, folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    kopia.log.warn("the folder of kopia's reports cannot be removed", { error });
  }
}

const uploadedMetric = "kopia_blob_upload_bytes_total";
const longestReport = 1024 * 1024;

/** The bytes kopia wrote to the storage, from its counters in Prometheus format; undefined when they are missing. */
export function parseUploadedBytes(text: string): number | undefined {
  const [, value] = new RegExp(`^${uploadedMetric} (\\S+)$`, "m").exec(text.slice(0, longestReport)) ?? [];
  const bytes = Math.round(Number(value ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

/**
 * The bytes that a kopia process with this report folder wrote to the storage. Undefined when the counter cannot be
 * read: a backup does not fail for that.
 */
export async function readUploadedBytes(kopia: Kopia, folder: string): Promise<number | undefined> {
  const counters = join(folder, REPORT_PLACES.counters);
  try {
    // Kopia makes one folder per command, named after the time.
    for await (const { name } of Deno.readDir(counters)) {
      return parseUploadedBytes(await Deno.readTextFile(join(counters, name, "kopia-metrics.prom")));
    }
  } catch (error) {
    kopia.log.debug("the counters of kopia cannot be read", { error });
  }
  return undefined;
}
