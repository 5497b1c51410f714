import { runTool } from "./run_tool.ts";

const neededBytes = 10 * 1024 ** 3;

/** One sentence when the disk of `folder` has too little room to build or run the parts, else undefined. */
export async function diskMissing(folder: string, purpose: string): Promise<string | undefined> {
  const answer = await runTool(["df", "--output=avail", "-B1", folder]).catch(() => undefined);
  const free = Number(answer?.stdout.trim().split("\n").at(-1));
  // Where df does not know, the work itself will tell.
  if (answer?.code !== 0 || !Number.isFinite(free)) return undefined;
  return tooLittleRoom(folder, free, purpose);
}

/** The sentence for `free` bytes in `folder`; undefined when they are enough. */
export function tooLittleRoom(folder: string, free: number, purpose: string): string | undefined {
  if (free >= neededBytes) return undefined;
  const gigabytes = (free / 1024 ** 3).toFixed(1);
  return `Cannot ${purpose}: ${folder} has ${gigabytes} GiB free, expected at least 10 GiB: ` +
    `free some, or set KOPIUR_CACHE to a folder on a larger disk`;
}
