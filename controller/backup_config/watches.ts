import { backupConfigKind, backupKind } from "../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import type { IndexFunction, Watch } from "../runtime/kind.ts";
import {
  cachedRepository,
  claimsOfConfig,
  configsOfClaim,
  REPOSITORY,
  repositoryKeyText,
  repositoryOfConfig,
  resourceOf,
  textAt,
  valueAt,
  WATCHED,
} from "../shared/mod.ts";

const BACKUP_CONFIG = resourceOf(backupConfigKind);

/** Names of the indexes a BackupConfig's pass and its watches use. */
export const INDEX = {
  byRepository: "byRepository",
  byClaim: "byClaim",
  backupsByConfig: "backupsByConfig",
} as const;

/** Indexes over BackupConfigs. */
export const backupConfigIndexes: Readonly<Record<string, IndexFunction>> = {
  [INDEX.byRepository]: byRepository,
  [INDEX.byClaim]: claimsOfConfig,
};

/** What a BackupConfig depends on. */
export const backupConfigWatches: readonly Watch[] = [
  { resource: REPOSITORY, keys: keysOfRepository },
  { ...WATCHED.volumeClaim, keys: keysOfClaim },
  // Its cache is also read for the claims that no recipe covers.
  { ...WATCHED.namespace, keys: keysOfNamespace },
  {
    resource: resourceOf(backupKind),
    indexes: { [INDEX.backupsByConfig]: (backup) => [configOf(backup) ?? []].flat() },
    keys: keysOfBackup,
  },
];

function byRepository(config: KubeObject): readonly string[] {
  const ref = repositoryOfConfig(config);
  return ref === undefined ? [] : [repositoryKeyText(ref, config.metadata.namespace ?? "")];
}

function keysOfRepository(repository: KubeObject, reader: Reader): readonly ObjectKey[] {
  const index = { name: INDEX.byRepository, value: keyText(keyOf(repository)) };
  return reader.list(BACKUP_CONFIG, { index }).map(keyOf);
}

function keysOfClaim(claim: KubeObject, reader: Reader): readonly ObjectKey[] {
  return configsOfClaim(claim, reader, INDEX.byClaim).map(keyOf);
}

/**
 * What a namespace permits matters only to recipes with a privileged mover, of their own or of their Repository; its
 * deletion matters to all.
 */
function keysOfNamespace(
  { metadata: { name, deletionTimestamp } }: KubeObject,
  reader: Reader,
): readonly ObjectKey[] {
  const isPrivileged = ({ spec }: KubeObject) => valueAt(spec, "mover", "privilegedMode") === true;
  return reader.list(BACKUP_CONFIG, { namespace: name }).filter((config) => {
    const found = cachedRepository(repositoryOfConfig(config), name, reader);
    return deletionTimestamp !== undefined || isPrivileged(config) ||
      (found !== undefined && isPrivileged(found));
  }).map(keyOf);
}

/** A run wakes its recipe only when it has ended. */
function keysOfBackup(backup: KubeObject): readonly ObjectKey[] {
  const name = configOf(backup);
  const phase = textAt(backup, "status", "phase");
  if (name === undefined || phase === undefined || phase === "Pending" || phase === "Running") return [];
  return [{ namespace: backup.metadata.namespace ?? "", name }];
}

/** The name of a Backup's BackupConfig. */
export function configOf(backup: KubeObject): string | undefined {
  return textAt(backup, "spec", "configRef", "name");
}
