import { backupConfigKind, backupKind, deletionPolicy, LABEL, type RepositoryRef } from "../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import type { IndexFunction, Watch } from "../runtime/kind.ts";
import {
  type MoverSlots,
  needIndexValue,
  noteMover,
  noteMoverPod,
  repositoryNeeds,
  slotRepository,
} from "../movers/mod.ts";
import {
  BY_UNIQUE_ID,
  byUniqueId,
  claimsOfConfig,
  configsOfClaim,
  keysOfController,
  keysOfPodOwner,
  keysOfRefusedJob,
  REPOSITORY,
  repositoryKeyText,
  repositoryOfConfig,
  repositoryOfRun,
  repositoryView,
  resourceOf,
  textAt,
  valueAt,
  WATCHED,
} from "../shared/mod.ts";
import type { LastPolicies } from "./deletion/last_policies.ts";
import { BY_DELETION, byDeletion } from "./deletion/others.ts";
import { isTerminal } from "./world/world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);

/** Names of the indexes a Backup's pass and its watches use. */
export const INDEX = {
  /**
   * Backups that have not ended (or are being deleted), by the name of their config. Not one that only waits for
   * a slot: that wakes it, and a thousand must not be looked at for each run of the same config that ends.
   */
  openByConfig: "openByConfig",
  /** The same, of those that were started, by the repository they were started with. */
  openByRepository: "openByRepository",
  /** The same, by namespace. */
  openByNamespace: "openByNamespace",
  /** Backups by the name of their config and its last policy they know. */
  byWord: "byWord",
  configsByRepository: "configsByRepository",
  configsByClaim: "configsByClaim",
  repositoriesByNeed: "repositoriesByNeed",
  podsOfBackup: "podsOfBackup",
} as const;

/**
 * Indexes over Backups. The open ones do not have ended Backups: these are affected by nothing
 * any more except a new deletion policy of their recipe.
 */
export const backupIndexes: Readonly<Record<string, IndexFunction>> = {
  [INDEX.openByConfig]: (backup) =>
    waitsForSlot(backup) ? [] : whileOpen(backup, textAt(backup, "spec", "configRef", "name")),
  [INDEX.openByRepository]: (backup) => whileOpen(backup, keyTextOf(repositoryOfRun(backup), backup)),
  [INDEX.openByNamespace]: (backup) => whileOpen(backup, backup.metadata.namespace),
  [INDEX.byWord]: byWord,
  [BY_DELETION]: byDeletion,
};

/**
 * What a Backup depends on. Each change wakes the Backups it may concern, found by index. The same watches update the ledger
 * of slots and the last policies of recipes.
 */
export function backupWatches(slots: MoverSlots, lastPolicies: LastPolicies): readonly Watch[] {
  return [
    {
      resource: BACKUP_CONFIG,
      indexes: { [INDEX.configsByRepository]: byRepository, [INDEX.configsByClaim]: claimsOfConfig },
      keys: (config, reader) => {
        lastPolicies.note(config);
        return keysOfConfig(config, reader);
      },
    },
    {
      resource: REPOSITORY,
      indexes: { [INDEX.repositoriesByNeed]: needsOfRepository, [BY_UNIQUE_ID]: byUniqueId },
      keys: (repository, reader) => {
        noteLimit(repository, reader, slots);
        return keysOfRepository(repository, reader);
      },
    },
    {
      ...WATCHED.job,
      keys: (job, reader) => {
        noteMover(job, reader, slots);
        return keysOfController(job, BACKUP.kind);
      },
    },
    {
      ...WATCHED.pod,
      indexes: { [INDEX.podsOfBackup]: backupOfPod },
      keys: (pod, reader) => {
        noteMoverPod(pod, reader, slots);
        return keysOfPodOwner(pod, reader, BACKUP.kind);
      },
    },
    { ...WATCHED.refusal, keys: (event, reader) => keysOfRefusedJob(event, reader, BACKUP.kind) },
    { ...WATCHED.configMap, keys: keysOfNeed("configMap") },
    { ...WATCHED.secret, keys: keysOfNeed("secret") },
    { ...WATCHED.volumeClaim, keys: keysOfClaim },
    { ...WATCHED.namespace, keys: keysOfNamespace },
  ];
}

function noteLimit(repository: KubeObject, reader: Reader, slots: MoverSlots): void {
  const view = repositoryView(reader.get(REPOSITORY, keyOf(repository)));
  if (view.kind !== "found") return;
  slots.limitChanged(slotRepository(view.value.key), view.value.spec.maxConcurrentMovers);
}

function waitsForSlot(backup: KubeObject): boolean {
  const conditions = valueAt(backup, "status", "conditions");
  return backup.metadata.deletionTimestamp === undefined && Array.isArray(conditions) &&
    conditions.some((each) => textAt(each, "type") === "Ready" && textAt(each, "reason") === "NoSlot");
}

function whileOpen(backup: KubeObject, value: string | undefined): readonly string[] {
  const hasEnded = isTerminal(textAt(backup, "status", "phase")) &&
    backup.metadata.deletionTimestamp === undefined;
  const isRun = valueAt(backup, "spec", "discovered") === undefined;
  return hasEnded || !isRun || value === undefined ? [] : [value];
}

function byRepository(config: KubeObject): readonly string[] {
  const value = keyTextOf(repositoryOfConfig(config), config);
  return value === undefined ? [] : [value];
}

/** The repository that an object refers to. */
function keyTextOf(ref: RepositoryRef | undefined, { metadata }: KubeObject): string | undefined {
  return ref === undefined ? undefined : repositoryKeyText(ref, metadata.namespace ?? "");
}

function needsOfRepository(repository: KubeObject): readonly string[] {
  const view = repositoryView(repository);
  return view.kind === "found"
    ? repositoryNeeds(view.value.spec).map(({ kind, name }) => needIndexValue(kind, name))
    : [];
}

function backupOfPod(pod: KubeObject): readonly string[] {
  const name = pod.metadata.labels?.[LABEL.backup];
  return name === undefined ? [] : [name];
}

function backupsAt(reader: Reader, namespace: string, index: string, value: string): readonly ObjectKey[] {
  return reader.list(BACKUP, { namespace, index: { name: index, value } }).map(keyOf);
}

function keysOfConfig(config: KubeObject, reader: Reader): readonly ObjectKey[] {
  const { namespace, name } = keyOf(config);
  const word = textAt(config, "spec", "defaultDeletionPolicy") ?? "Delete";
  return [
    ...backupsAt(reader, namespace, INDEX.openByConfig, name),
    ...deletionPolicy.options.filter((each) => each !== word)
      .flatMap((each) => backupsAt(reader, namespace, INDEX.byWord, policyValue(name, each))),
  ];
}

function byWord(backup: KubeObject): readonly string[] {
  const resolved = valueAt(backup, "status", "resolved");
  const word = textAt(resolved, "lastDeletionPolicy") ?? textAt(resolved, "deletionPolicy");
  const config = textAt(backup, "spec", "configRef", "name");
  return word === undefined || config === undefined ? [] : [policyValue(config, word)];
}

function policyValue(config: string, word: string): string {
  return `${config} ${word}`;
}

/** Backups that were started with it, and those whose config names it. */
function keysOfRepository(repository: KubeObject, reader: Reader): readonly ObjectKey[] {
  const value = keyText(keyOf(repository));
  const started = reader.list(BACKUP, { index: { name: INDEX.openByRepository, value } }).map(keyOf);
  const index = { name: INDEX.configsByRepository, value };
  const waiting = reader.list(BACKUP_CONFIG, { index }).flatMap((config) => keysOfConfig(config, reader));
  return [...started, ...waiting];
}

function keysOfNeed(kind: "secret" | "configMap" | "volumeClaim"): NonNullable<Watch["keys"]> {
  return (object, reader) => {
    const { namespace, name } = keyOf(object);
    const index = { name: INDEX.repositoriesByNeed, value: needIndexValue(kind, name) };
    return reader.list(REPOSITORY, { namespace, index }).flatMap((repository) =>
      keysOfRepository(repository, reader)
    );
  };
}

function keysOfClaim(claim: KubeObject, reader: Reader): readonly ObjectKey[] {
  const asSource = configsOfClaim(claim, reader, INDEX.configsByClaim).flatMap((config) =>
    keysOfConfig(config, reader)
  );
  return [...asSource, ...keysOfNeed("volumeClaim")(claim, reader)];
}

function keysOfNamespace({ metadata }: KubeObject, reader: Reader): readonly ObjectKey[] {
  return backupsAt(reader, metadata.name, INDEX.openByNamespace, metadata.name);
}
