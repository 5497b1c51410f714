import type { OciArchive } from "./oci_archive.ts";

/**
 * Makes the file at `path` be this archive. One that already is, by the fingerprint and the size kept beside it,
 * is not written again; a reader sees the old or the new one, never half of it.
 */
export async function keepArchive(path: string, archive: OciArchive): Promise<"unchanged" | "written"> {
  const notePath = `${path}.fingerprint`;
  if (await readIfThere(notePath) === await noteOf(archive, path)) return "unchanged";
  const fresh = `${path}.${Deno.pid}`;
  try {
    await archive.write(fresh);
    // Without its note an archive is written again: no crash in between leaves a note that lies.
    await removeIfThere(notePath);
    await Deno.rename(fresh, path);
  } finally {
    await removeIfThere(fresh);
  }
  await Deno.writeTextFile(notePath, await noteOf(archive, path));
  return "written";
}

async function noteOf({ fingerprint }: OciArchive, path: string): Promise<string> {
  return `${fingerprint} ${(await ifThere(() => Deno.stat(path)))?.size ?? 0}`;
}

async function readIfThere(path: string): Promise<string | undefined> {
  return await ifThere(() => Deno.readTextFile(path));
}

async function removeIfThere(path: string): Promise<void> {
  await ifThere(() => Deno.remove(path));
}

async function ifThere<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
