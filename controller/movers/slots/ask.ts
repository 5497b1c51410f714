import { StalledError, TransientError } from "../../../api/mod.ts";
import type { DesiredObject, KubeObject } from "../../../kube/types.ts";
import { jobHasEnded } from "../state/job_state.ts";
import type { MoverSlots } from "./mover_slots.ts";
import { moverId } from "./jobs.ts";
import type { SlotOwner } from "./types.ts";

/** What became of the Jobs a pass made. */
export interface MadeJobs {
  readonly objects: readonly { readonly desired: DesiredObject }[];
  readonly error?: Error;
}

/**
 * Observes an object and asks for the slots it needs now; one that is gone, as `ask` may find as well, or that cannot be
 * read needs none.
 */
export async function observeWithSlots<Seen, World>(
  owner: SlotOwner,
  slots: MoverSlots,
  observe: () => Promise<Seen | undefined>,
  ask: (seen: Seen) => Promise<World | undefined>,
): Promise<World | undefined> {
  try {
    const seen = await observe();
    const world = seen === undefined ? undefined : await ask(seen);
    if (world === undefined) slots.withdraw(owner);
    return world;
  } catch (error) {
    // One that cannot be read starts nothing until somebody mends it.
    if (error instanceof StalledError) slots.withdraw(owner);
    throw error;
  }
}

/**
 * Gives back the slots of movers the API server refused to make (a quota, an admission policy): their owner tries again
 * later, behind the others of its namespace. After any other failure they may have been made, or are in the next pass.
 */
export function giveBackRefused(
  owner: SlotOwner,
  working: readonly string[],
  { objects, error }: MadeJobs,
  slots: MoverSlots,
): void {
  const isRefusal = error instanceof StalledError ||
    (error instanceof TransientError && error.reason === "Forbidden");
  if (!isRefusal) return;
  const made = objects.map(({ desired: { metadata } }) => moverId(owner.key.namespace, metadata.name));
  slots.giveBack(owner, [...working, ...made]);
}

/** Ids in the ledger of the Jobs that have not ended. */
export function workingIds(jobs: readonly KubeObject[], namespace: string): readonly string[] {
  return jobs.filter((job) => !jobHasEnded(job)).map(({ metadata }) => moverId(namespace, metadata.name));
}
