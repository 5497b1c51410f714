import { MOVER_PATH, type RepositorySpec } from "../mod.ts";

/** Folders of a mover's container that nothing may be mounted over, into or above. */
const RESERVED: readonly string[] = [
  ...[
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/run",
  ],
  MOVER_PATH.tmp,
  MOVER_PATH.cache,
  MOVER_PATH.sources,
];

/**
 * Why the volumes of a mover cannot be mounted together, as a sentence (reason InvalidSpec); undefined when they
 * can. A repository over a folder of the image or of the mover itself would hide it; a repository that is its
 * own source would back up itself.
 */
export function mountConflict(
  spec: RepositorySpec,
  sources: readonly { readonly pvc: string }[] = [],
): string | undefined {
  const filesystem = spec.backend.filesystem;
  if (filesystem === undefined) return undefined;
  const { path, volume: { pvc: { name } } } = filesystem;
  if (!isPlainPath(path)) {
    return `Cannot mount the repository at "${path}": the path has empty, "." or ".." parts, expected a plain ` +
      'absolute path such as "/repository"';
  }
  const reserved = RESERVED.find((folder) => pathsOverlap(path, folder));
  if (reserved !== undefined) {
    return `Cannot mount the repository at "${path}": movers need "${reserved}" for themselves, expected another ` +
      'path such as "/repository"';
  }
  if (!sources.some(({ pvc }) => pvc === name)) return undefined;
  return `Cannot back up PersistentVolumeClaim "${name}": the repository itself is on it, expected another source`;
}

function isPlainPath(path: string): boolean {
  const [root, ...parts] = path.split("/");
  return root === "" && parts.every((part) => part !== "" && part !== "." && part !== "..");
}

function pathsOverlap(a: string, b: string): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}
