import { join } from "node:path";
import * as z from "zod";
import { MOVER_ENV } from "../../api/mover/contract.ts";
import { type Kopia, readUniqueId } from "../kopia/client.ts";
import { MoverError } from "../mover_error.ts";

/** What kopia keeps of the repository's format in its cache; the id stands in it in clear. */
const formatCopy = "kopia.repository";
const format = z.object({ uniqueID: z.base64().min(1).max(256) });

/**
 * Goes on only in the repository of that unique id; any will do when none is expected. To be called when a kopia has
 * opened the repository and before anything is written: the copy of the format that each kopia writes to its cache
 * spares another one when it says the same; only kopia's own word makes this throw MoverError "RepositoryReplaced".
 * `action` is what cannot be done: "back up".
 */
export async function refuseOtherRepository(
  kopia: Kopia,
  expected: string | undefined,
  action: string,
): Promise<void> {
  if (expected === undefined || await readCachedId(kopia) === expected) return;
  const uniqueId = await readUniqueId(kopia);
  if (uniqueId === expected) return;
  throw new MoverError(
    "RepositoryReplaced",
    `Cannot ${action}: the repository has the unique id "${uniqueId}", expected "${expected}"`,
  );
}

/** The unique id in the cache of a kopia that has just opened the repository; undefined when it cannot be had from there. */
async function readCachedId(kopia: Kopia): Promise<string | undefined> {
  const folder = kopia.process.environment[MOVER_ENV.cacheFolder];
  if (folder === undefined) return undefined;
  try {
    return parseFormat(await Deno.readTextFile(join(folder, formatCopy)));
  } catch (error) {
    kopia.log.debug("the cache does not tell the unique id of the repository", { error });
    return undefined;
  }
}

function parseFormat(text: string): string {
  return Uint8Array.fromBase64(format.parse(JSON.parse(text)).uniqueID).toHex();
}
