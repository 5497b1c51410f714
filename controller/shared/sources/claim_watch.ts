import { backupConfigKind, labelSelector } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type Reader } from "../../../kube/types.ts";
import { selectorMatches } from "../objects/label_selector.ts";
import { resourceOf } from "../objects/resources.ts";
import { textAt, valueAt } from "../objects/field_at.ts";

const BACKUP_CONFIG = resourceOf(backupConfigKind);

/** The index value of recipes with a selector; no claim can have this name. */
const ANY_CLAIM = "*";

/** Index function over BackupConfigs for {@link configsOfClaim}: the claims a recipe names, and whether it has a selector. */
export function claimsOfConfig(config: KubeObject): readonly string[] {
  const sources = sourcesOf(config);
  const names = sources.map((source) => textAt(source, "pvc", "name")).filter((name) => name !== undefined);
  const selects = sources.some((source) => valueAt(source, "pvcSelector") !== undefined);
  return selects ? [...names, ANY_CLAIM] : names;
}

/**
 * The recipes of a claim's namespace that name it or whose selectors match its labels, by an index of
 * {@link claimsOfConfig}. When labels change, it is called for the old and the new claim.
 */
export function configsOfClaim(claim: KubeObject, reader: Reader, indexName: string): readonly KubeObject[] {
  const { namespace, name } = keyOf(claim);
  const under = (value: string) =>
    reader.list(BACKUP_CONFIG, { namespace, index: { name: indexName, value } });
  return [...under(name), ...under(ANY_CLAIM).filter((config) => selects(config, claim))];
}

function selects(config: KubeObject, claim: KubeObject): boolean {
  return sourcesOf(config).some((source) => {
    const selector = labelSelector.safeParse(valueAt(source, "pvcSelector"));
    return selector.success && selectorMatches(selector.data, claim.metadata.labels);
  });
}

function sourcesOf(config: KubeObject): readonly unknown[] {
  const sources = valueAt(config, "spec", "sources");
  return Array.isArray(sources) ? sources : [];
}
