import { type LabelSelector, labelSelector } from "../../../api/kinds/backup_config.ts";
import { LABEL, MANAGED_BY } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { selectorMatches } from "../objects/label_selector.ts";
import { isBlockDevice, optsOutOfBackup } from "./unfit_claims.ts";
import { textAt, valueAt } from "../objects/field_at.ts";
import { controllerOf } from "../objects/watched.ts";

/** The objects that decide coverage; of Namespaces the metadata is enough, of claims that and `spec.volumeMode`. */
export interface CoverageObjects {
  readonly claims: readonly KubeObject[];
  readonly configs: readonly KubeObject[];
  readonly repositories: readonly KubeObject[];
  /** The namespaces of the claims; without one there is no opt-out by it. */
  readonly namespaces: readonly KubeObject[];
}

/** The PersistentVolumeClaims of a namespace that has any. */
interface NamespaceCoverage {
  readonly namespace: string;
  /** The number of claims. */
  readonly claims: number;
  /** Sorted names of claims that no BackupConfig covers, although a backup is wanted. */
  readonly unprotected: readonly string[];
}

/**
 * The PersistentVolumeClaims that no BackupConfig covers, by name or label selector, for each namespace with claims,
 * in order. A raw block device is never covered, as kopia cannot back it up. Not counted as unprotected are claims with
 * the annotation no-backup (or in a Namespace with it), those being deleted, volumes of Repositories, and claims made by kopiur or for a single pod.
 */
export function coverageOf(objects: CoverageObjects): readonly NamespaceCoverage[] {
  const covered = coverByNamespace(objects.configs);
  const repositoryVolumes = new Set(objects.repositories.map(volumeOfRepository));
  const excused = new Set(objects.namespaces.filter(optsOutOfBackup).map(({ metadata }) => metadata.name));
  const found = new Map<string, { claims: number; readonly unprotected: string[] }>();
  for (const claim of objects.claims) {
    const { namespace = "", name } = claim.metadata;
    const here = found.get(namespace) ?? { claims: 0, unprotected: [] };
    found.set(namespace, here);
    here.claims += 1;
    const needsNone = excused.has(namespace) || isExcused(claim) || repositoryVolumes.has(placeOf(claim));
    if (!needsNone && !isCovered(claim, covered.get(namespace))) here.unprotected.push(name);
  }
  return [...found]
    .map(([namespace, { claims, unprotected }]) => ({
      namespace,
      claims,
      unprotected: unprotected.toSorted(),
    }))
    .toSorted((a, b) => a.namespace < b.namespace ? -1 : 1);
}

/** What the recipes of a namespace cover. */
interface Cover {
  readonly names: Set<string>;
  readonly selectors: LabelSelector[];
}

function coverByNamespace(configs: readonly KubeObject[]): ReadonlyMap<string, Cover> {
  const covers = new Map<string, Cover>();
  for (const { metadata, spec } of configs) {
    if (metadata.deletionTimestamp !== undefined) continue;
    const { namespace = "" } = metadata;
    const cover = covers.get(namespace) ?? { names: new Set(), selectors: [] };
    covers.set(namespace, cover);
    const sources = valueAt(spec, "sources");
    for (const source of Array.isArray(sources) ? sources : []) {
      const name = textAt(source, "pvc", "name");
      const selector = labelSelector.safeParse(valueAt(source, "pvcSelector"));
      if (name !== undefined) cover.names.add(name);
      if (selector.success) cover.selectors.push(selector.data);
    }
  }
  return covers;
}

/** False for a raw device, whatever recipes say. */
function isCovered(claim: KubeObject, cover: Cover | undefined): boolean {
  const { metadata } = claim;
  return cover !== undefined && !isBlockDevice(claim) &&
    (cover.names.has(metadata.name) ||
      cover.selectors.some((selector) => selectorMatches(selector, metadata.labels)));
}

function isExcused(claim: KubeObject): boolean {
  return optsOutOfBackup(claim) || claim.metadata.deletionTimestamp !== undefined ||
    claim.metadata.labels?.[LABEL.managedBy] === MANAGED_BY || controllerOf(claim)?.kind === "Pod";
}

function volumeOfRepository(repository: KubeObject): string {
  const { namespace = "" } = repository.metadata;
  const name = textAt(repository, "spec", "backend", "filesystem", "volume", "pvc", "name") ?? "";
  return `${namespace}/${name}`;
}

function placeOf({ metadata: { namespace = "", name } }: KubeObject): string {
  return `${namespace}/${name}`;
}
