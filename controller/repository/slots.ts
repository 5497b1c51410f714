import { repositoryKind } from "../../api/mod.ts";
import type { ObjectKey } from "../../kube/types.ts";
import type { Applied } from "../runtime/plan.ts";
import type { ControllerOptions } from "../options.ts";
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
import { decide } from "./decide.ts";
import { bootstrapJobName } from "./desired.ts";
import { unstartedNow } from "./unstarted.ts";
import type { RepositoryWorld } from "./world.ts";

/** What was seen of a Repository before the ledger of slots was asked. */
export type SeenRepository = Omit<RepositoryWorld, "slots">;

/** What the slot of a bootstrap is called where a person reads it. */
export const BOOTSTRAP_SLOT = "bootstrap slot";

/** Observes a Repository and asks for a slot where a bootstrap is due. */
export function observeRepositoryWithSlots(
  key: ObjectKey,
  { slots, options, now }: {
    readonly slots: MoverSlots;
    readonly options: ControllerOptions;
    readonly now: Date;
  },
  observe: () => Promise<SeenRepository | undefined>,
): Promise<RepositoryWorld | undefined> {
  return observeWithSlots(
    ownerOf(key),
    slots,
    observe,
    (seen) => Promise.resolve(askSlots(seen, slots, options, now)),
  );
}

/**
 * One that is opened for the first time, or with a changed spec, goes before those that are read again: somebody waits
 * for it. Of these the one that was read longest ago goes first. That is so for its first try: a hundred whose movers
 * never start would keep every other one from being read again.
 */
function askSlots(
  seen: SeenRepository,
  slots: MoverSlots,
  options: ControllerOptions,
  now: Date,
): RepositoryWorld {
  const { repository, jobs, object } = seen;
  const { key, generation, status: { bootstrap, lastInit } } = repository;
  const owner = ownerOf(key);
  const working = workingIds(jobs, key.namespace);
  const isDue = decide({ ...seen, slots: "free" }, now, options).kind === "start";
  const wasTried = bootstrap?.forGeneration === generation ||
    unstartedNow(repository, options) !== undefined;
  if (!isDue && working.length === 0 && bootstrap?.unstarted === undefined) slots.withdraw(owner);
  const answer = slots.ask({
    owner,
    class: wasTried ? OPERATIONS.bootstrap.slotClass : OPERATIONS.backup.slotClass,
    repository: slotRepository(key),
    repositoryLimit: undefined,
    since: lastInit?.time ?? object.metadata.creationTimestamp ?? "",
    wanted: isDue ? [moverId(key.namespace, bootstrapJobName(repository))] : [],
    working,
  });
  return { ...seen, slots: answer };
}

/** Gives back the slot of a bootstrap the API server refused to make. */
export function giveBackRefusedBootstrap(
  { repository: { key }, jobs }: RepositoryWorld,
  applied: Applied,
  slots: MoverSlots,
): void {
  giveBackRefused(ownerOf(key), workingIds(jobs, key.namespace), applied, slots);
}

function ownerOf(key: ObjectKey): SlotOwner {
  return { kind: repositoryKind.kind, key };
}
