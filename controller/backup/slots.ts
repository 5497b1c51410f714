import { StalledError, TransientError } from "../../api/mod.ts";
import type { ObjectKey } from "../../kube/types.ts";
import type { Applied } from "../runtime/plan.ts";
import { jobHasEnded, moverId, type MoverSlots, type SlotAnswer, slotRepository } from "../shared/mod.ts";
import { foundRepository } from "./checks.ts";
import { planBackup } from "./plan.ts";
import { type BackupWorld, isTerminal } from "./world.ts";

/** What was seen of a Backup before the ledger of slots was asked. */
export type SeenBackup = Omit<BackupWorld, "slots">;

/** Observes a Backup and asks for the slots its run needs now; whatever it needs no longer is given back. */
export async function observeWithSlots(
  key: ObjectKey,
  slots: MoverSlots,
  now: Date,
  observe: () => Promise<SeenBackup | undefined>,
): Promise<BackupWorld | undefined> {
  const owner = { kind: "Backup", key };
  try {
    const seen = await observe();
    if (seen !== undefined) return { ...seen, slots: askSlots(seen, slots, now) };
    slots.withdraw(owner);
    return undefined;
  } catch (error) {
    // One that cannot be read starts nothing until somebody mends it.
    if (error instanceof StalledError) slots.withdraw(owner);
    throw error;
  }
}

function askSlots(seen: SeenBackup, slots: MoverSlots, now: Date): SlotAnswer {
  const { key } = seen.backup;
  const { wanted, repository } = wantedMovers(seen, now);
  return slots.ask({
    owner: { kind: "Backup", key },
    class: seen.backup.isDeleting ? "deletion" : "backup",
    repository: slotRepository({ namespace: key.namespace, name: repository }),
    repositoryLimit: foundRepository(seen)?.spec.maxConcurrentMovers,
    since: seen.object.metadata.creationTimestamp ?? "",
    wanted: wanted.map((job) => moverId(key.namespace, job)),
    working: workingIds(seen),
  });
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

interface Wanted {
  /** Names of mover Jobs. */
  readonly wanted: readonly string[];
  readonly repository: string;
}

/**
 * The Jobs the plan would make if there were a slot for each: so it never asks for one it would not use, whatever
 * else stands in the way of a run.
 */
function wantedMovers(seen: SeenBackup, now: Date): Wanted {
  const { status, isDeleting, holdsFinalizer, spec } = seen.backup;
  const isOver = isDeleting ? !holdsFinalizer : isTerminal(status.phase) || spec.discovered !== undefined;
  if (isOver) return { wanted: [], repository: "" };
  const { create, next } = planBackup({ ...seen, slots: "free" }, now);
  const wanted = create.map(({ metadata }) => metadata.name);
  return { wanted, repository: next.resolved?.repository.name ?? "" };
}
