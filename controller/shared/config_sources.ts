import { posix } from "node:path";
import { type BackupConfigSpec, type Identity, MOVER_PATH } from "../../api/mod.ts";
import type { ObjectKey, Reader } from "../../kube/types.ts";
import { VOLUME_CLAIM } from "./resources.ts";

/** One source of a recipe, with the path under which kopia files it. */
export interface ConfigSource {
  /** Name of the PersistentVolumeClaim. */
  readonly source: string;
  readonly sourcePath: string;
}

/** The sources of a recipe in its order; paths are normalised, so that equal ones are equal texts. */
export function configSources(spec: BackupConfigSpec): readonly ConfigSource[] {
  return spec.sources.map(({ pvc, sourcePathOverride }) => ({
    source: pvc.name,
    sourcePath: normalPath(sourcePathOverride ?? `${MOVER_PATH.sources}/${pvc.name}`),
  }));
}

/** The kopia identity of a recipe: what its spec says, else its own name at its namespace (domain.md §3.2). */
export function configIdentity(config: ObjectKey, spec: BackupConfigSpec): Identity {
  return {
    username: kopiaIdentityPart(spec.identity?.username ?? config.name),
    hostname: kopiaIdentityPart(spec.identity?.hostname ?? config.namespace),
  };
}

/**
 * What makes no sense in a recipe its schema accepts, as a sentence; undefined when all is well. Two sources
 * under one path would share one history, and a mover that looks for its snapshot by path would find its
 * neighbour's and report a volume as saved that nobody read.
 */
export function senselessSources(spec: BackupConfigSpec): string | undefined {
  const owners = new Map<string, string>();
  for (const { source, sourcePath } of configSources(spec)) {
    const owner = owners.get(sourcePath);
    if (owner !== undefined) {
      return `Cannot back up the sources "${owner}" and "${source}": both are filed under "${sourcePath}", ` +
        "expected a sourcePathOverride of its own for each";
    }
    owners.set(sourcePath, source);
  }
  return undefined;
}

/** Claims of a recipe's sources that are not there, or are on their way out: no new pod may use those. */
export function missingClaims(spec: BackupConfigSpec, namespace: string, reader: Reader): readonly string[] {
  return spec.sources.map(({ pvc }) => pvc.name).filter((name) => {
    const claim = reader.get(VOLUME_CLAIM, { namespace, name });
    return claim === undefined || claim.metadata.deletionTimestamp !== undefined;
  });
}

/** That claims are missing, in a sentence that names them. */
export function missingClaimsText(names: readonly string[], namespace: string): string {
  const [noun, verb] = names.length === 1
    ? ["PersistentVolumeClaim", "does"]
    : ["PersistentVolumeClaims", "do"];
  const list = names.map((name) => `"${name}"`).join(", ");
  return `${noun} ${list} ${verb} not exist in namespace "${namespace}" or will soon be gone, ` +
    "expected every source of the BackupConfig";
}

/** `/a//b/` and `/a/b` are one folder, and to kopia one source. */
function normalPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** Kopia writes a source as user@host:path in lower case, so neither half may hold "@", ":" or a blank. */
function kopiaIdentityPart(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9._-]/g, "-");
}
