import { backupConfigKind, backupConfigSpec, backupConfigStatus, backupKind } from "../../api/mod.ts";
import type { KubeObject, ObjectKey, Reader } from "../../kube/types.ts";
import {
  cachedRepository,
  liveRepository,
  missingClaims,
  NAMESPACE,
  observeSources,
  observeUnfitClaims,
  parseObject,
  repositoryOfConfig,
  repositoryView,
  resourceOf,
} from "../shared/mod.ts";
import { planBackupConfig } from "./plan.ts";
import type { RunReader } from "./run_reader.ts";
import { configOf, INDEX } from "./watches.ts";
import type { BackupConfigWorld } from "./world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);

/** The objects of a recipe's world. */
interface Objects {
  readonly config: KubeObject;
  readonly repository: KubeObject | undefined;
  readonly backups: readonly KubeObject[];
  readonly live: ReadonlySet<string>;
}

/** Reads the world of a BackupConfig from the caches. Throws StalledError for one that cannot be parsed. */
export function observeBackupConfig(
  key: ObjectKey,
  reader: Reader,
  runs: RunReader,
): BackupConfigWorld | undefined {
  const config = reader.get(BACKUP_CONFIG, key);
  if (config === undefined) return undefined;
  const repository = cachedRepository(repositoryOfConfig(config), key.namespace, reader);
  const backups = backupsOf(key, reader);
  return worldOf(key, { config, repository, backups, live: new Set() }, reader, runs);
}

/**
 * The world for the plan: from the caches, as most passes delete nothing. Where retention would delete, the
 * recipe, its repository and the affected Backups are read live: a recent pin or edit of the retention may not be
 * in the cache yet. Undefined when the recipe is gone.
 */
export async function seenLive(
  cached: BackupConfigWorld,
  { reader, runs, now }: { readonly reader: Reader; readonly runs: RunReader; readonly now: Date },
  signal: AbortSignal,
): Promise<BackupConfigWorld | undefined> {
  const { asks } = planBackupConfig(cached, now);
  if (asks.length === 0) return cached;
  const { key } = cached;
  const live = await readLive(key, backupsOf(key, reader), asks, reader, signal);
  return live && worldOf(key, live, reader, runs);
}

function backupsOf({ namespace, name }: ObjectKey, reader: Reader): readonly KubeObject[] {
  return reader.list(BACKUP, { namespace, index: { name: INDEX.backupsByConfig, value: name } });
}

/** The same objects, with those read live that decide a deletion; undefined when the recipe is gone. */
async function readLive(
  key: ObjectKey,
  backups: readonly KubeObject[],
  asks: readonly string[],
  reader: Reader,
  signal: AbortSignal,
): Promise<Objects | undefined> {
  const { namespace } = key;
  const config = await reader.read(BACKUP_CONFIG, key, signal);
  if (config === undefined) return undefined;
  const [repository, ...found] = await Promise.all([
    liveRepository(repositoryOfConfig(config), namespace, reader, signal),
    ...asks.map((name) => reader.read(BACKUP, { namespace, name }, signal)),
  ]);
  const live = new Set(asks);
  return {
    config,
    repository,
    backups: [
      ...backups.filter(({ metadata: { name } }) => !live.has(name)),
      ...found.flatMap((backup) => backup ?? []).filter((backup) => configOf(backup) === key.name),
    ],
    live,
  };
}

function worldOf(
  key: ObjectKey,
  { config, repository: repositoryObject, backups, live }: Objects,
  reader: Reader,
  runs: RunReader,
): BackupConfigWorld {
  const { generation, spec, status } = parseObject(config, backupConfigSpec, backupConfigStatus);
  const repository = repositoryView(repositoryObject);
  const repositorySpec = repository.kind === "found" ? repository.value.spec : undefined;
  return {
    object: config,
    key,
    generation,
    spec,
    status,
    repository,
    namespace: reader.get(NAMESPACE, { namespace: "", name: key.namespace }),
    sources: observeSources(spec, key.namespace, repositorySpec, reader),
    missingClaims: missingClaims(spec, key.namespace, reader),
    unfitClaims: observeUnfitClaims(spec, key.namespace, repositorySpec, reader),
    ...runs.read(backups, repository.kind === "found" && repository.value.isHeir),
    live,
  };
}
