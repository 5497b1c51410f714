import { backupKind, backupStatus, FINALIZER, GROUP } from "../../../api/mod.ts";
import {
  isConflict,
  isNotFound,
  keyText,
  type KubeClock,
  type KubeObject,
  resourceOf,
  sleep,
} from "../../../kube/mod.ts";
import { keyOf } from "../../../kube/types.ts";
import { isConfirmed, type Question } from "../confirmation.ts";
import { counted } from "../text.ts";
import { EXIT } from "../../exit_code.ts";
import type { FinalizersDropRequest } from "./args.ts";
import type { Host } from "../../host.ts";
import { type Failure, inParallel } from "../parallel.ts";
import { type PluginSession, withinLimit } from "../session.ts";

const BACKUP = resourceOf(backupKind);

/** A controller that is ending still writes statuses, which conflict with a removal. */
const MOST_TRIES = 5;
/** A controller that is ending finishes its passes first, and each may add a finalizer again. */
const LOOK_AGAIN_MS = 3_000;
const MOST_ROUNDS = 15;
const QUESTION: Question = { to: "drop the finalizers", otherwise: "Nothing was dropped" };

/**
 * Removes kopiur's finalizer, and no other, from Backups, so that they and their namespaces can be deleted without a
 * controller. Changes no repository and deletes nothing by itself. Repeats until no Backup has the finalizer; fails when
 * a controller keeps adding it.
 */
export async function dropFinalizers(
  host: Pick<Host, "stdin" | "stdout" | "stderr">,
  session: PluginSession,
  { dryRun, yes }: Pick<FinalizersDropRequest, "dryRun" | "yes">,
  clock: KubeClock,
): Promise<number> {
  const { stderr } = host;
  let backups = await readWithFinalizer(session);
  stderr.write(summaryOf(backups));
  if (dryRun || backups.length === 0) return EXIT.ok;
  if (!yes && !await isConfirmed(host, QUESTION, session.stop)) return EXIT.failed;
  const dropped = new Set<string>();
  for (let round = 1; round <= MOST_ROUNDS && backups.length > 0; round++) {
    const failures = await dropAll(host, session, backups, dropped);
    if (failures.length > 0) {
      for (const [each, why] of failures) {
        stderr.write(`error: Cannot let ${keyText(keyOf(each))} go: ${why}\n`);
      }
      stderr.write(`${counted(dropped.size, "Backup")} let go; it can be run again\n`);
      return EXIT.failed;
    }
    await sleep(clock, LOOK_AGAIN_MS, session.stop);
    backups = await readWithFinalizer(session);
  }
  if (backups.length === 0) return EXIT.ok;
  const found = `${
    counted(backups.length, "Backup")
  } got the finalizer back, so a controller of kopiur works`;
  stderr.write(`error: Cannot drop all finalizers: ${found}, expected it to be uninstalled or scaled to 0\n`);
  return EXIT.failed;
}

/** The Backups with the finalizer; none when the CRD itself is gone. */
async function readWithFinalizer({ api, namespace, stop }: PluginSession): Promise<readonly KubeObject[]> {
  try {
    const backups = await withinLimit(
      "list Backups",
      stop,
      (signal) => api.list(BACKUP, { namespace }, signal),
    );
    return backups.filter(hasFinalizer);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function hasFinalizer({ metadata: { finalizers } }: KubeObject): boolean {
  return finalizers?.includes(FINALIZER) === true;
}

function summaryOf(backups: readonly KubeObject[]): string {
  if (backups.length === 0) return "No Backup holds kopiur's finalizer\n";
  const deleting = backups.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length;
  const namespaces = new Set(backups.map(({ metadata }) => metadata.namespace)).size;
  const snapshots = backups.map(snapshotsOf).reduce((sum, count) => sum + count, 0);
  return `Backups that hold kopiur's finalizer: ${backups.length}, in ${counted(namespaces, "namespace")}\n` +
    `Deleted already, so they go at once: ${deleting}\n` +
    `Snapshots of theirs, which stay in the repositories: ${snapshots}\n`;
}

function snapshotsOf({ status }: KubeObject): number {
  const snapshots = backupStatus.safeParse(status ?? {}).data?.snapshots ?? [];
  return snapshots.filter(({ kopiaSnapshotID }) => kopiaSnapshotID !== undefined).length;
}

async function dropAll(
  { stdout }: Pick<Host, "stdout">,
  session: PluginSession,
  backups: readonly KubeObject[],
  dropped: Set<string>,
): Promise<readonly Failure<KubeObject>[]> {
  return await inParallel(backups, session.stop, async (backup) => {
    const name = keyText(keyOf(backup));
    await withinLimit(`patch ${name}`, session.stop, (signal) => drop(session, backup, signal));
    if (!dropped.has(name)) stdout.write(`backup.${GROUP}/${backup.metadata.name} let go\n`);
    dropped.add(name);
  });
}

/** Removes the finalizer; also done when the Backup is gone, or another one has its name. */
async function drop({ api }: PluginSession, backup: KubeObject, signal: AbortSignal): Promise<void> {
  let current: KubeObject | undefined = backup;
  for (let tries = 1; current !== undefined && hasFinalizer(current); tries++) {
    const { uid, resourceVersion, finalizers }: KubeObject["metadata"] = current.metadata;
    const others = (finalizers ?? []).filter((name) => name !== FINALIZER);
    const metadata = { uid, resourceVersion, finalizers: others.length === 0 ? null : others };
    try {
      return await api.patch(BACKUP, keyOf(backup), { metadata }, signal);
    } catch (error) {
      if (!isNotFound(error) && (!isConflict(error) || tries >= MOST_TRIES)) throw error;
    }
    const found = await api.read(BACKUP, keyOf(backup), signal);
    current = found?.metadata.uid === backup.metadata.uid ? found : undefined;
  }
}
