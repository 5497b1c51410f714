import { StalledError, TransientError } from "../../api/mod.ts";
import type { ObjectKey } from "../../kube/types.ts";
import type { Applied } from "../runtime/plan.ts";
import { jobHasEnded, moverId, type MoverSlots, slotRepository } from "../shared/mod.ts";
import { foundRepository } from "./checks.ts";
import type { BackupPlan } from "./next_status.ts";
import { planBackup } from "./plan.ts";
import { type BackupWorld, isTerminal } from "./world.ts";

/** What was seen of a Backup before the ledger of slots was asked. */
export type SeenBackup = Omit<BackupWorld, "slots" | "planned">;

/**
 * Observes a Backup and asks for the slots its run needs now; whatever it needs no longer is given back. One that would
 * delete snapshots now is observed `again` first.
 */
export async function observeWithSlots(
  key: ObjectKey,
  slots: MoverSlots,
  now: Date,
  observe: () => Promise<SeenBackup | undefined>,
  again: (seen: SeenBackup) => Promise<SeenBackup | undefined>,
): Promise<BackupWorld | undefined> {
  const owner = { kind: "Backup", key };
  try {
    const seen = await observe();
    if (seen !== undefined) {
      const world = askSlots(seen, slots, now);
      if (!world.backup.isDeleting || world.planned === undefined || world.planned.create.length === 0) {
        return world;
      }
      // What destroys is decided on the living; it costs requests, so only who has a slot asks.
      const live = await again(seen);
      if (live !== undefined) return askSlots(live, slots, now);
    }
    slots.withdraw(owner);
    return undefined;
  } catch (error) {
    // One that cannot be read starts nothing until somebody mends it.
    if (error instanceof StalledError) slots.withdraw(owner);
    throw error;
  }
}

function askSlots(seen: SeenBackup, slots: MoverSlots, now: Date): BackupWorld {
  const { key } = seen.backup;
  const plan = unhinderedPlan(seen, now);
  const wanted = plan?.create.map(({ metadata }) => moverId(key.namespace, metadata.name)) ?? [];
  const repository = plan?.next.resolved?.repository.name ?? "";
  const answer = slots.ask({
    owner: { kind: "Backup", key },
    class: seen.backup.isDeleting ? "deletion" : "backup",
    repository: slotRepository({ namespace: key.namespace, name: repository }),
    repositoryLimit: foundRepository(seen)?.spec.maxConcurrentMovers,
    // One that had its turn and could not start stands in line anew.
    since: seen.backup.status.deletion?.retryAt ?? seen.object.metadata.creationTimestamp ?? "",
    wanted,
    working: workingIds(seen),
  });
  const isUnhindered = wanted.every((id) => answer.granted.has(id));
  return { ...seen, slots: answer, ...(plan !== undefined && isUnhindered ? { planned: plan } : {}) };
}

/**
 * Gives back the slots of movers the API server refused to make (a quota, an admission policy): their run tries again
 * later, if at all. After any other failure they may have been made, or are in the next pass.
 */
export function giveBackRefused(world: BackupWorld, { objects, error }: Applied, slots: MoverSlots): void {
  const isRefusal = error instanceof StalledError ||
    (error instanceof TransientError && error.reason === "Forbidden");
  if (!isRefusal) return;
  const { key } = world.backup;
  const made = objects.map(({ desired }) => moverId(key.namespace, desired.metadata.name));
  slots.withdraw({ kind: "Backup", key }, [...workingIds(world), ...made]);
}

function workingIds({ jobs, backup }: SeenBackup): readonly string[] {
  return jobs.filter((job) => !jobHasEnded(job)).map(({ metadata }) =>
    moverId(backup.key.namespace, metadata.name)
  );
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
