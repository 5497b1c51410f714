import type { ObjectKey } from "../../kube/types.ts";
import type { Applied } from "../runtime/plan.ts";
import {
  giveBackRefused,
  moverId,
  type MoverSlots,
  observeWithSlots,
  OPERATIONS,
  type SlotOwner,
  slotRepository,
  workingIds,
} from "../movers/mod.ts";
import { repositoryKey } from "../shared/mod.ts";
import { foundRepository } from "./checks.ts";
import type { BackupPlan } from "./next_status.ts";
import { planBackup } from "./plan.ts";
import { deletionMemory } from "./tasks.ts";
import { type BackupWorld, isTerminal } from "./world.ts";

/** What was seen of a Backup before the ledger of slots was asked. */
export type SeenBackup = Omit<BackupWorld, "slots" | "planned">;

/**
 * Observes a Backup and asks for the slots its run needs now; whatever it needs no longer is given back. One that would
 * delete snapshots now is observed `again` first.
 */
export function observeBackupWithSlots(
  key: ObjectKey,
  slots: MoverSlots,
  now: Date,
  observe: () => Promise<SeenBackup | undefined>,
  again: (seen: SeenBackup) => Promise<SeenBackup | undefined>,
): Promise<BackupWorld | undefined> {
  return observeWithSlots(ownerOf(key), slots, observe, async (seen) => {
    const world = askSlots(seen, slots, now);
    const deletes = world.backup.isDeleting && (world.planned?.create.length ?? 0) > 0;
    if (!deletes) return world;
    // What destroys is decided on the living; it costs requests, so only who has a slot asks.
    const live = await again(seen);
    return live === undefined ? undefined : askSlots(live, slots, now);
  });
}

function askSlots(seen: SeenBackup, slots: MoverSlots, now: Date): BackupWorld {
  const { key } = seen.backup;
  const owner = ownerOf(key);
  const working = workingIds(seen.jobs, key.namespace);
  const plan = unhinderedPlan(seen, now);
  if (plan === undefined) {
    slots.withdraw(owner, working);
    return { ...seen, slots: { granted: new Set() } };
  }
  const wanted = plan.create.map(({ metadata }) => moverId(key.namespace, metadata.name));
  const repository = plan.next.resolved?.repository;
  const answer = slots.ask({
    owner,
    class: OPERATIONS[seen.backup.isDeleting ? "snapshotDelete" : "backup"].slotClass,
    repository: slotRepository(
      repository === undefined
        ? { namespace: key.namespace, name: "" }
        : repositoryKey(repository, key.namespace),
    ),
    repositoryLimit: foundRepository(seen)?.spec.maxConcurrentMovers,
    // One that had its turn and could not start stands in line anew.
    since: deletionMemory(seen.backup.status.deletion)?.retryAt ?? seen.object.metadata.creationTimestamp ??
      "",
    wanted,
    working,
  });
  const isUnhindered = wanted.every((id) => answer.granted.has(id));
  return { ...seen, slots: answer, ...(isUnhindered ? { planned: plan } : {}) };
}

/** Gives back the slots of movers the API server refused to make. */
export function giveBackRefusedMovers(
  { backup: { key }, jobs }: BackupWorld,
  applied: Applied,
  slots: MoverSlots,
): void {
  giveBackRefused(ownerOf(key), workingIds(jobs, key.namespace), applied, slots);
}

function ownerOf(key: ObjectKey): SlotOwner {
  return { kind: "Backup", key };
}

/**
 * What a Backup would do if there were a slot for each mover: so it never asks for one it would not use, whatever
 * else stands in the way of a run. Undefined where no mover can be wanted any more.
 */
function unhinderedPlan(seen: SeenBackup, now: Date): BackupPlan | undefined {
  const { status, isDeleting, holdsFinalizer, spec } = seen.backup;
  const isOver = isDeleting ? !holdsFinalizer : isTerminal(status.phase) || spec.discovered !== undefined;
  return isOver ? undefined : planBackup({ ...seen, slots: "free" }, now);
}
