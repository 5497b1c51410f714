import { posix } from "node:path";
import {
  type BackupConfigSpec,
  type Identity,
  MOVER_PATH,
  type RepositorySpec,
  SOURCES_MAX,
} from "../../api/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../../kube/types.ts";
import { selectorMatches } from "./label_selector.ts";
import { optsOutOfBackup } from "./opt_out.ts";
import { VOLUME_CLAIM } from "./resources.ts";
import { claimFault, type UnfitClaim, unfitText } from "./unfit_claims.ts";

/** One source of a recipe, with the path under which kopia files it. */
export interface ConfigSource {
  /** Name of the PersistentVolumeClaim. */
  readonly source: string;
  readonly sourcePath: string;
}

/** What the sources of a recipe depend on beside its spec. */
export interface SourcePlace {
  /** That of the recipe. */
  readonly namespace: string;
  /** The claims of that namespace; only selectors look at them. */
  readonly claims: readonly KubeObject[];
  /** Of the repository the recipe writes to, when it is known. */
  readonly repositorySpec: RepositorySpec | undefined;
}

type SourceSpec = BackupConfigSpec["sources"][number];

/**
 * The sources of a recipe in its order, those of a selector by name; a claim that several entries mean counts
 * once, as the one that names it, else as the first. Paths are normalised, so that equal ones are equal texts.
 * May be more than a run can have: {@link senselessSources} says so.
 */
export function configSources(spec: BackupConfigSpec, place: SourcePlace): readonly ConfigSource[] {
  const named = new Set(spec.sources.map(({ pvc }) => pvc?.name));
  const found = new Map<string, ConfigSource>();
  for (const entry of spec.sources) {
    const names = entry.pvc === undefined
      ? selectedClaims(entry, place).filter((name) => !named.has(name))
      : [entry.pvc.name];
    for (const name of names) {
      if (found.has(name)) continue;
      found.set(name, { source: name, sourcePath: sourcePathOf(entry, name, place.namespace) });
    }
  }
  return [...found.values()];
}

/** The sources of a recipe as the caches show them now. */
export function observeSources(
  spec: BackupConfigSpec,
  namespace: string,
  repositorySpec: RepositorySpec | undefined,
  reader: Reader,
): readonly ConfigSource[] {
  const claims = hasSelector(spec) ? reader.list(VOLUME_CLAIM, { namespace }) : [];
  return configSources(spec, { namespace, claims, repositorySpec });
}

/** True when claims that appear may become sources of the recipe. */
export function hasSelector(spec: BackupConfigSpec): boolean {
  return spec.sources.some(({ pvcSelector }) => pvcSelector !== undefined);
}

/** The kopia identity of a recipe: what its spec says, else its own name at its namespace (domain.md §3.2). */
export function configIdentity(config: ObjectKey, spec: BackupConfigSpec): Identity {
  return {
    username: kopiaIdentityPart(spec.identity?.username ?? config.name),
    hostname: kopiaIdentityPart(spec.identity?.hostname ?? config.namespace),
  };
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

/** That a recipe has no source now, in a sentence; `unfit`: claims it selects that cannot be backed up. */
export function noVolumeMatchesText(namespace: string, unfit: readonly UnfitClaim[] = []): string {
  const found = unfit.length === 0 ? "" : `: ${unfitText(unfit)}`;
  return `No PersistentVolumeClaim in namespace "${namespace}" matches a selector of the BackupConfig, ` +
    "expected at least one with a volume that holds files; those being deleted, the repository's own and those " +
    `that opt out do not count${found}`;
}

/** Claims a recipe names that are not there, or are on their way out: no new pod may use those. */
export function missingClaims(spec: BackupConfigSpec, namespace: string, reader: Reader): readonly string[] {
  return spec.sources.flatMap(({ pvc }) => pvc === undefined ? [] : [pvc.name]).filter((name) => {
    const claim = reader.get(VOLUME_CLAIM, { namespace, name });
    return claim === undefined || isGoing(claim);
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

function selectedClaims({ pvcSelector }: SourceSpec, place: SourcePlace): readonly string[] {
  if (pvcSelector === undefined) return [];
  const own = place.repositorySpec?.backend.filesystem?.volume.pvc.name;
  return place.claims
    .filter((claim) =>
      claimFault(claim) === undefined && !optsOutOfBackup(claim) && claim.metadata.name !== own
    )
    .filter(({ metadata }) => selectorMatches(pvcSelector, metadata.labels))
    .map(({ metadata }) => metadata.name)
    .toSorted();
}

function sourcePathOf(
  { sourcePathOverride, sourcePathStrategy }: SourceSpec,
  name: string,
  namespace: string,
): string {
  const place = sourcePathStrategy === "PvcName" ? name : `${namespace}/${name}`;
  return normalPath(sourcePathOverride ?? `${MOVER_PATH.sources}/${place}`);
}

function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
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
