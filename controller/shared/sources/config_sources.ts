import type { BackupConfigSpec, Identity, LabelSelector, RepositorySpec } from "../../../api/mod.ts";
import { type ConfigSource, sourcesOf } from "../../../api/rules/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../../../kube/types.ts";
import { selectorMatches } from "../objects/label_selector.ts";
import { claimFault, optsOutOfBackup, type UnfitClaim, unfitText } from "./unfit_claims.ts";
import { VOLUME_CLAIM } from "../objects/resources.ts";

/** What the sources of a recipe depend on besides its spec. */
export interface SourcePlace {
  /** The recipe's namespace. */
  readonly namespace: string;
  /** The claims of that namespace; only selectors need them. */
  readonly claims: readonly KubeObject[];
  /** The spec of the recipe's repository, if known. */
  readonly repositorySpec: RepositorySpec | undefined;
}

/** The sources of a recipe, including the claims that its selectors match. */
export function configSources(spec: BackupConfigSpec, place: SourcePlace): readonly ConfigSource[] {
  return sourcesOf(spec, place.namespace, (selector) => selectedClaims(selector, place));
}

/** The current sources of a recipe, from the caches. */
export function observeSources(
  spec: BackupConfigSpec,
  namespace: string,
  repositorySpec: RepositorySpec | undefined,
  reader: Reader,
): readonly ConfigSource[] {
  const claims = hasSelector(spec) ? reader.list(VOLUME_CLAIM, { namespace }) : [];
  return configSources(spec, { namespace, claims, repositorySpec });
}

/** True when new claims may become sources of the recipe. */
export function hasSelector(spec: BackupConfigSpec): boolean {
  return spec.sources.some(({ pvcSelector }) => pvcSelector !== undefined);
}

/** The kopia identity of a recipe: from its spec, else its name and namespace. */
export function configIdentity(config: ObjectKey, spec: BackupConfigSpec): Identity {
  return {
    username: spec.identity?.username ?? config.name,
    hostname: spec.identity?.hostname ?? config.namespace,
  };
}

/** The message for a recipe without a source; `unfit`: selected claims that cannot be backed up. */
export function noVolumeMatchesText(namespace: string, unfit: readonly UnfitClaim[] = []): string {
  const found = unfit.length === 0 ? "" : `: ${unfitText(unfit)}`;
  return `No PersistentVolumeClaim in namespace "${namespace}" matches a selector of the BackupConfig, ` +
    "expected at least one with a volume that holds files; those being deleted, the repository's own and those " +
    `that opt out do not count${found}`;
}

/** Named claims that do not exist, or are being deleted: no new pod may use those. */
export function missingClaims(spec: BackupConfigSpec, namespace: string, reader: Reader): readonly string[] {
  return spec.sources.flatMap(({ pvc }) => pvc === undefined ? [] : [pvc.name]).filter((name) => {
    const claim = reader.get(VOLUME_CLAIM, { namespace, name });
    return claim === undefined || isGoing(claim);
  });
}

/** The message for missing claims. */
export function missingClaimsText(names: readonly string[], namespace: string): string {
  const [noun, verb] = names.length === 1
    ? ["PersistentVolumeClaim", "does"]
    : ["PersistentVolumeClaims", "do"];
  const list = names.map((name) => `"${name}"`).join(", ");
  return `${noun} ${list} ${verb} not exist in namespace "${namespace}" or will soon be gone, ` +
    "expected every source of the BackupConfig";
}

function selectedClaims(selector: LabelSelector, place: SourcePlace): readonly string[] {
  const own = place.repositorySpec?.backend.filesystem?.volume.pvc.name;
  return place.claims
    .filter((claim) =>
      claimFault(claim) === undefined && !optsOutOfBackup(claim) && claim.metadata.name !== own
    )
    .filter(({ metadata }) => selectorMatches(selector, metadata.labels))
    .map(({ metadata }) => metadata.name)
    .toSorted();
}

function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}
