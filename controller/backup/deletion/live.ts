import { backupConfigKind, backupKind } from "../../../api/mod.ts";
import { keyText, type Reader } from "../../../kube/types.ts";
import { LiveReader, NAMESPACE, REPOSITORY, resourceOf } from "../../shared/mod.ts";
import type { BackupWorld } from "../world/world.ts";

const BACKUP = resourceOf(backupKind);
const BACKUP_CONFIG = resourceOf(backupConfigKind);
/** More rounds than a recipe may have volumes are never needed. */
const MOST_ROUNDS = 70;

/**
 * Observes a Backup whose snapshots are about to be deleted once more, on live objects (decision 0017): itself, its recipe,
 * its Repository and its namespace, and the Backups that must exist when it is deleted. Undefined when the Backup is
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
