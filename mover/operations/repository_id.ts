import { join } from "node:path";
import * as z from "zod";
import { MOVER_ENV } from "../../api/mover/contract.ts";
import { type Kopia, readUniqueId } from "../kopia/client.ts";
import { MoverError } from "../mover_error.ts";

/** Kopia's cached copy of the repository's format; the unique id is in it in plain text. */
const formatCopy = "kopia.repository";
const format = z.object({ uniqueID: z.base64().min(1).max(256) });

/**
 * Throws MoverError "RepositoryReplaced" when the repository has another unique id than expected; `undefined` accepts
 * any. Call it after a kopia process opened the repository and before anything is written. When the cached format has
 * the expected id, no further kopia process is started; a mismatch is confirmed by kopia itself. `action` is for the
 * message: "back up".
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

/** The unique id in kopia's cache, as written when the repository was opened; undefined when it cannot be read. */
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
