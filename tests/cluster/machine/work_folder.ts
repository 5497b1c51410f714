import { join } from "node:path";
import { cacheFolder } from "../../parts/mod.ts";

/** Makes a new folder for one server's files: beside the cache, for /tmp may be small or without extended attributes. */
export async function workFolder(kind: string): Promise<string> {
  const parent = join(cacheFolder(), "work", kind);
  await Deno.mkdir(parent, { recursive: true });
  return await Deno.makeTempDir({ dir: parent });
}
