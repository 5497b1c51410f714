import { ANNOTATION } from "../../../api/meta.ts";
import type { BackupConfigSpec, RepositorySpec } from "../../../api/mod.ts";
import { builtin } from "../../../kube/builtins.ts";
import type { KubeObject, Reader } from "../../../kube/types.ts";
import { selectorMatches } from "../objects/label_selector.ts";
import { VOLUME_CLAIM } from "../objects/resources.ts";

/**
 * Why an existing claim cannot be backed up: `going` is being deleted; `unbound` has no volume yet;
 * `lost` has no volume any more; `block` is a raw device without files.
 */
type ClaimFault = "going" | "unbound" | "lost" | "block";

/** A claim of a recipe that cannot be backed up now. */
export interface UnfitClaim {
  readonly name: string;
  readonly fault: ClaimFault;
  /** False when a selector matched it: a run then leaves it out. */
  readonly isNamed: boolean;
}

/**
 * Why a claim cannot be backed up; undefined when it can, and for a claim of which only the metadata is
 * known. The mover of an unbound claim would be its first consumer, and get an empty volume provisioned wherever it is
 * scheduled; the mover of a raw device could never start.
 */
export function claimFault(claim: KubeObject): ClaimFault | undefined {
  if (claim.metadata.deletionTimestamp !== undefined) return "going";
  if (isBlockDevice(claim)) return "block";
  const { spec, status } = builtin(claim, "PersistentVolumeClaim");
  if (status?.phase === "Lost") return "lost";
  // A claim that names its volume is bound to that one.
  return status?.phase === "Pending" && (spec?.volumeName ?? "") === "" ? "unbound" : undefined;
}

/** True for a claim whose volume is a raw device. */
export function isBlockDevice(claim: KubeObject): boolean {
  return builtin(claim, "PersistentVolumeClaim").spec?.volumeMode === "Block";
}

/** The existing claims of a recipe, named or selected, that cannot be backed up; by name, each once. */
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

/** A text with the first few claims and their faults. */
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
