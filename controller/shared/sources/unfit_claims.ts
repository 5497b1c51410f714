import { ANNOTATION } from "../../../api/meta.ts";
import type { BackupConfigSpec, RepositorySpec } from "../../../api/mod.ts";
import { builtin } from "../../../kube/builtins.ts";
import type { KubeObject, Reader } from "../../../kube/types.ts";
import { selectorMatches } from "../objects/label_selector.ts";
import { VOLUME_CLAIM } from "../objects/resources.ts";

/**
 * Why a claim that is there cannot be backed up: `going` is being deleted; `unbound` has no volume, which may come;
 * `lost` has none any more; `block` is a raw device, of which there are no files.
 */
type ClaimFault = "going" | "unbound" | "lost" | "block";

/** A claim a recipe means and that cannot be backed up now. */
export interface UnfitClaim {
  readonly name: string;
  readonly fault: ClaimFault;
  /** False when a selector found it: a run then does without it. */
  readonly isNamed: boolean;
}

/**
 * What stands in the way of a backup of a claim; undefined when nothing does, also for one of which only the metadata is
 * known. A mover of an unbound one would be its first consumer, and have an empty volume made wherever it happens to
 * be scheduled; one of a raw device could never start.
 */
export function claimFault(claim: KubeObject): ClaimFault | undefined {
  if (claim.metadata.deletionTimestamp !== undefined) return "going";
  if (isBlockDevice(claim)) return "block";
  const { spec, status } = builtin(claim, "PersistentVolumeClaim");
  if (status?.phase === "Lost") return "lost";
  // One that names its volume gets that one and no other.
  return status?.phase === "Pending" && (spec?.volumeName ?? "") === "" ? "unbound" : undefined;
}

/** True for a claim whose volume is a raw device. */
export function isBlockDevice(claim: KubeObject): boolean {
  return builtin(claim, "PersistentVolumeClaim").spec?.volumeMode === "Block";
}

/** The claims a recipe names or selects that are there and cannot be backed up, by name; each once. */
export function observeUnfitClaims(
  spec: BackupConfigSpec,
  namespace: string,
  repositorySpec: RepositorySpec | undefined,
  reader: Reader,
): readonly UnfitClaim[] {
  const named = new Set(spec.sources.flatMap(({ pvc }) => pvc === undefined ? [] : [pvc.name]));
  const selectors = spec.sources.flatMap(({ pvcSelector }) => pvcSelector === undefined ? [] : [pvcSelector]);
  const own = repositorySpec?.backend.filesystem?.volume.pvc.name;
  const claims = selectors.length > 0
    ? reader.list(VOLUME_CLAIM, { namespace })
    : [...named].map((name) => reader.get(VOLUME_CLAIM, { namespace, name }));
  return claims.flatMap((claim): readonly UnfitClaim[] => {
    const fault = claim === undefined ? undefined : claimFault(claim);
    if (claim === undefined || fault === undefined) return [];
    const { name, labels } = claim.metadata;
    const isNamed = named.has(name);
    const isMeant = isNamed || (name !== own && !optsOutOfBackup(claim) &&
      selectors.some((selector) => selectorMatches(selector, labels)));
    return isMeant ? [{ name, fault, isNamed }] : [];
  }).toSorted((a, b) => a.name < b.name ? -1 : 1);
}

const MOST_NAMED = 5;

const FAULTS: Readonly<Record<ClaimFault, string>> = {
  going: "is being deleted",
  unbound: "has no volume yet",
  lost: "has lost its volume",
  block: "is a raw block device, and only volumes with files can be backed up",
};

/** The claims and what is the matter with each, as one text that names the first few. */
export function unfitText(unfit: readonly Pick<UnfitClaim, "name" | "fault">[]): string {
  const rest = unfit.length - MOST_NAMED;
  return [
    ...unfit.slice(0, MOST_NAMED).map(({ name, fault }) =>
      `PersistentVolumeClaim "${name}" ${FAULTS[fault]}`
    ),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ].join("; ");
}

/** True for a claim or a Namespace whose owner wants no backup of it. */
export function optsOutOfBackup({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[ANNOTATION.noBackup] === "true";
}
