import { backupConfigKind, backupKind } from "../../../api/mod.ts";
import {
  type CountQuery,
  keyOf,
  keyText,
  type KubeObject,
  type LogPart,
  type ObjectKey,
  type Query,
  type Reader,
  type Resource,
} from "../../../kube/types.ts";
import { NAMESPACE, REPOSITORY, resourceOf } from "../../shared/mod.ts";
import type { BackupWorld } from "../world/world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);
/** More Backups than a recipe may have volumes are not asked for. */
const MOST_ROUNDS = 70;

/**
 * Observes a Backup whose snapshots are about to be deleted once more, on live objects (decision 0017): itself, its recipe,
 * its Repository and its namespace, and those Backups that are to be there when it goes. Undefined when the Backup is
 * gone.
 */
export async function observeLive(
  seen: BackupWorld,
  reader: Reader,
  signal: AbortSignal,
  observe: (reader: Reader) => Promise<BackupWorld | undefined>,
): Promise<BackupWorld | undefined> {
  const { key, configName } = seen.backup;
  const { namespace } = key;
  const live = new LiveReader(reader);
  await live.refresh(BACKUP, key, signal);
  await live.refresh(BACKUP_CONFIG, { namespace, name: configName }, signal);
  await live.refresh(NAMESPACE, { namespace: "", name: namespace }, signal);
  if (seen.repository.kind === "found") await live.refresh(REPOSITORY, seen.repository.value.key, signal);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const world = await observe(live);
    const unread = world?.deletions?.last?.keepers.filter((keeper) => !live.knows(BACKUP, keeper)) ?? [];
    if (world === undefined || unread.length === 0) return world;
    for (const keeper of unread) await live.refresh(BACKUP, keeper, signal);
  }
  throw new Error(
    `Cannot look at the Backups beside "${keyText(key)}": they change faster than they are read`,
  );
}

/** The caches, but for objects that were read live. */
class LiveReader implements Reader {
  readonly #reader: Reader;
  readonly #live = new Map<string, KubeObject | undefined>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  async refresh(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<void> {
    this.#live.set(nameOf(resource, key), await this.#reader.read(resource, key, signal));
  }

  knows(resource: Resource, key: ObjectKey): boolean {
    return this.#live.has(nameOf(resource, key));
  }

  get(resource: Resource, key: ObjectKey): KubeObject | undefined {
    const name = nameOf(resource, key);
    return this.#live.has(name) ? this.#live.get(name) : this.#reader.get(resource, key);
  }

  /** What a live object says now may have taken it out of an index; whoever lists looks at what it says. */
  list(resource: Resource, query?: Query): readonly KubeObject[] {
    return this.#reader.list(resource, query).flatMap((object) => {
      const name = nameOf(resource, keyOf(object));
      return this.#live.has(name) ? this.#live.get(name) ?? [] : [object];
    });
  }

  count(resource: Resource, query: CountQuery): number {
    return this.#reader.count(resource, query);
  }

  read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    return this.#reader.read(resource, key, signal);
  }

  readLog(pod: ObjectKey, part: LogPart, signal: AbortSignal): Promise<string | undefined> {
    return this.#reader.readLog(pod, part, signal);
  }

  serverNow(): Date | undefined {
    return this.#reader.serverNow();
  }
}

function nameOf({ kind }: Resource, key: ObjectKey): string {
  return `${kind} ${keyText(key)}`;
}
