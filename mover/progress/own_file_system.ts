/** Where the kernel lists the mounts this process sees. */
const MOUNTS = "/proc/self/mountinfo";

/** Local file systems, whose used space is that of their files. A network file system reports its whole server. */
const LOCAL = new Set(["ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs"]);

/**
 * True when a folder is the root of a local file system, as of a volume with its own block device: the used space is
 * then the size of the volume's data. False for a folder on the node's disk, or when it cannot be read.
 */
export async function hasOwnFileSystem(folder: string): Promise<boolean> {
  try {
    return isOwnFileSystem(folder, await Deno.readTextFile(MOUNTS));
  } catch {
    // Only an estimate is lost.
    return false;
  }
}

/** The same, from the text of `/proc/self/mountinfo` (proc(5)). */
export function isOwnFileSystem(folder: string, mounts: string): boolean {
  const last = mounts.split("\n").map((line) => line.split(" "))
    .findLast((fields) => plainText(fields[4] ?? "") === folder);
  if (last === undefined) return false;
  const type = last[last.indexOf("-") + 1] ?? "";
  return last[3] === "/" && LOCAL.has(type);
}

/** The kernel escapes blanks, tabs, line breaks and backslashes as octal numbers. */
function plainText(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
