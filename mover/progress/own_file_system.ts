/** Where the kernel lists the mounts this process sees. */
const MOUNTS = "/proc/self/mountinfo";

/** On these, what is used is used by the files in them. What a network file system says is that of a whole server. */
const LOCAL = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"]);

/**
 * True when a folder is the root of a local file system, as a volume on a block device of its own is: what is used of it
 * then says how large the volume is. False where that cannot be known, as of a folder of the node's disk.
 */
export async function hasOwnFileSystem(folder: string): Promise<boolean> {
  try {
    return isOwnFileSystem(folder, await Deno.readTextFile(MOUNTS));
  } catch {
    // It is a better guess that is lost, no more.
    return false;
  }
}

/** The same, from the text of proc(5)'s mountinfo. */
export function isOwnFileSystem(folder: string, mounts: string): boolean {
  const last = mounts.split("\n").map((line) => line.split(" "))
    .findLast((fields) => plainText(fields[4] ?? "") === folder);
  if (last === undefined) return false;
  const type = last[last.indexOf("-") + 1] ?? "";
  return last[3] === "/" && LOCAL.has(type);
}

/** The kernel writes blanks and the like as octal numbers. */
function plainText(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
