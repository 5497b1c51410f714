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
import { type PluginSession, withinLimit } from "../session.ts";

const BACKUP = resourceOf(backupKind);

/** Writes at a time: ten thousand Backups must not take an hour, nor flood the API server. */
const LANES = 8;
/** A controller that ends writes statuses meanwhile; more than that in a row is no coincidence. */
const MOST_TRIES = 5;
/** A controller that is told to end finishes its passes first, and each may put a finalizer back. */
const LOOK_AGAIN_MS = 3_000;
const MOST_ROUNDS = 15;
const QUESTION: Question = { to: "drop the finalizers", otherwise: "Nothing was dropped" };

/**
 * Takes kopiur's finalizer, and no other, off Backups, so that they and their namespaces can go without a controller.
 * Touches no repository and deletes nothing: a Backup goes only when its deletion was asked for before. Looks again
 * until none holds it; where a controller puts it back, that is said and counts as a failure.
 */
export async function dropFinalizers(
  host: Pick<Host, "stdin" | "stdout" | "stderr">,
  session: PluginSession,
  { dryRun, yes }: Pick<FinalizersDropRequest, "dryRun" | "yes">,
  clock: KubeClock,
): Promise<number> {
  const { stderr } = host;
  let holding = await readHolding(session);
  stderr.write(summaryOf(holding));
  if (dryRun || holding.length === 0) return EXIT.ok;
  if (!yes && !await isConfirmed(host, QUESTION, session.stop)) return EXIT.failed;
  const dropped = new Set<string>();
  for (let round = 1; round <= MOST_ROUNDS && holding.length > 0; round++) {
    const failures = await dropAll(host, session, holding, dropped);
    if (failures.length > 0) {
      for (const failure of failures) stderr.write(`error: ${failure}\n`);
      stderr.write(`${counted(dropped.size, "Backup")} let go; it can be run again\n`);
      return EXIT.failed;
    }
    await sleep(clock, LOOK_AGAIN_MS, session.stop);
    holding = await readHolding(session);
  }
  if (holding.length === 0) return EXIT.ok;
  const found = `${
    counted(holding.length, "Backup")
  } got the finalizer back, so a controller of kopiur works`;
  stderr.write(`error: Cannot drop all finalizers: ${found}, expected it to be uninstalled or scaled to 0\n`);
  return EXIT.failed;
}

/** Where the kind itself is gone, so are all Backups. */
async function readHolding({ api, namespace, stop }: PluginSession): Promise<readonly KubeObject[]> {
  try {
    const backups = await withinLimit(
      "list Backups",
      stop,
      (signal) => api.list(BACKUP, { namespace }, signal),
    );
    return backups.filter(holdsFinalizer);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

function holdsFinalizer({ metadata: { finalizers } }: KubeObject): boolean {
  return finalizers?.includes(FINALIZER) === true;
}

function summaryOf(holding: readonly KubeObject[]): string {
  if (holding.length === 0) return "No Backup holds kopiur's finalizer\n";
  const deleting = holding.filter(({ metadata }) => metadata.deletionTimestamp !== undefined).length;
  const namespaces = new Set(holding.map(({ metadata }) => metadata.namespace)).size;
  const snapshots = holding.map(snapshotsOf).reduce((sum, count) => sum + count, 0);
  return `Backups that hold kopiur's finalizer: ${holding.length}, in ${counted(namespaces, "namespace")}\n` +
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
  holding: readonly KubeObject[],
  dropped: Set<string>,
): Promise<readonly string[]> {
  const rest = holding.values();
  const failures: string[] = [];
  async function lane(): Promise<void> {
    for (const backup of rest) {
      const name = keyText(keyOf(backup));
      try {
        await withinLimit(`patch ${name}`, session.stop, (signal) => drop(session, backup, signal));
        if (!dropped.has(name)) stdout.write(`backup.${GROUP}/${backup.metadata.name} let go\n`);
        dropped.add(name);
      } catch (error) {
        session.stop.throwIfAborted();
        failures.push(`Cannot let ${name} go: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane));
  return failures;
}

/** Resolves once that very Backup does not hold the finalizer, or is no more. */
async function drop({ api }: PluginSession, backup: KubeObject, signal: AbortSignal): Promise<void> {
  let current: KubeObject | undefined = backup;
  for (let tries = 1; current !== undefined && holdsFinalizer(current); tries++) {
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
