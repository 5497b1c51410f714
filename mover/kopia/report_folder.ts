import type { Kopia } from "./client.ts";

/** Runs fn with a folder into which kopia shall write what it counts and logs; undefined when there is none to be had. */
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

/** What stays goes with the pod; a finished backup must not become a failed one over it. */
async function removeFolder(kopia: Kopia, folder: string): Promise<void> {
  try {
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    kopia.log.warn("the folder of kopia's reports cannot be removed", { error });
  }
}
