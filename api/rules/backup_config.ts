import { posix } from "node:path";
import { type BackupConfigSpec, type LabelSelector, MOVER_PATH, SOURCES_MAX } from "../mod.ts";

/** One source of a recipe, with the path under which kopia files it. */
export interface ConfigSource {
  /** Name of the PersistentVolumeClaim. */
  readonly source: string;
  readonly sourcePath: string;
}

type SourceSpec = BackupConfigSpec["sources"][number];

/**
 * The sources of a recipe in its order, those of a selector by name; a claim that several entries mean counts
 * once, as the one that names it, else as the first. Paths are normalised, so that equal ones are equal texts.
 * `selected` says which claims a selector means: who sees no claims says none, and has the sources the spec names.
 * May be more than a run can have: {@link senselessSources} says so.
 */
export function sourcesOf(
  spec: BackupConfigSpec,
  namespace: string,
  selected: (selector: LabelSelector) => readonly string[],
): readonly ConfigSource[] {
  const named = new Set(spec.sources.map(({ pvc }) => pvc?.name));
  const found = new Map<string, ConfigSource>();
  for (const entry of spec.sources) {
    for (const name of claimsOf(entry).filter((name) => !found.has(name))) {
      found.set(name, { source: name, sourcePath: sourcePathOf(entry, name, namespace) });
    }
  }
  return [...found.values()];

  function claimsOf({ pvc, pvcSelector }: SourceSpec): readonly string[] {
    if (pvc !== undefined) return [pvc.name];
    return pvcSelector === undefined ? [] : selected(pvcSelector).filter((name) => !named.has(name));
  }
}

/**
 * What makes no sense in the sources of a recipe its schema accepts, as a sentence; undefined when all is well.
 * Two sources under one path would share one history, and a mover that looks for its snapshot by path would find
 * its neighbour's and report a volume as saved that nobody read.
 */
export function senselessSources(sources: readonly ConfigSource[]): string | undefined {
  if (sources.length > SOURCES_MAX) {
    return `Cannot back up ${sources.length} PersistentVolumeClaims in one run, expected at most ${SOURCES_MAX}: ` +
      "narrow the selectors of the BackupConfig, or share the claims between several BackupConfigs";
  }
  const owners = new Map<string, string>();
  for (const { source, sourcePath } of sources) {
    const owner = owners.get(sourcePath);
    if (owner !== undefined) {
      return `Cannot back up the sources "${owner}" and "${source}": both are filed under "${sourcePath}", ` +
        "expected a sourcePathOverride of its own for each";
    }
    owners.set(sourcePath, source);
  }
  return undefined;
}

function sourcePathOf(
  { sourcePathOverride, sourcePathStrategy }: SourceSpec,
  name: string,
  namespace: string,
): string {
  const place = sourcePathStrategy === "PvcName" ? name : `${namespace}/${name}`;
  return normalPath(sourcePathOverride ?? `${MOVER_PATH.sources}/${place}`);
}

/** `/a//b/` and `/a/b` are one folder, and to kopia one source. */
function normalPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
