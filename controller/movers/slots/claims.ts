import { StalledError, TransientError } from "../../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/types.ts";
import type { Claims } from "../../runtime/kind.ts";
import type { Applied, Plan } from "../../runtime/plan.ts";
import { jobHasEnded } from "../state/job_state.ts";
import { moverId } from "./jobs.ts";
import type { MoverSlots } from "./mover_slots.ts";
import type { SlotAnswer, SlotAsk, SlotOwner } from "./types.ts";

/** A world whose movers need slots; "free": as if there were one for each. */
interface WorldWithSlots {
  readonly slots: SlotAnswer | "free";
  /** What is to be done, where it had to be known to ask for slots and none was denied. */
  readonly planned?: Plan;
}

/** True when there is a slot for the mover whose Job has that name. */
export function mayStart({ slots }: WorldWithSlots, namespace: string, job: string): boolean {
  return slots === "free" || slots.granted.has(moverId(namespace, job));
}

/** What an object would use now if there were a slot for each of its movers. */
interface SlotWish extends Omit<SlotAsk, "owner" | "working" | "wanted"> {
  /** Names of the Jobs it would make, in the order they are to start. */
  readonly jobs: readonly string[];
  /** The plan that would make them: it holds when each of them is granted. */
  readonly plan?: Plan;
  /** True for one that rests and comes back: that it gave slots back is remembered as long. */
  readonly comesBack: boolean;
}

/** How a kind uses slots. */
export interface SlotUse<World> {
  readonly kind: string;
  keyOf(world: World): ObjectKey;
  /** Jobs of its movers. */
  jobsOf(world: World): readonly KubeObject[];
  /** Asked of a world in which everything is free; undefined where no mover can be wanted any more. Pure. */
  wish(world: World, now: Date): SlotWish | undefined;
}

/**
 * The claims of a kind whose movers need slots: asks for the very Jobs its plan would make, and for no other. Who has a
 * slot observes once more, for that costs requests, on what is live (`observeMovers`); `observeLive` gives the very same
 * world where nothing else is found.
 */
export function slotClaims<World extends WorldWithSlots>(
  slots: MoverSlots,
  use: SlotUse<World>,
  observeLive: Claims<World>["ask"],
): Claims<World> & { readonly applied: (world: World, applied: Applied) => void } {
  const ownerOf = (key: ObjectKey): SlotOwner => ({ kind: use.kind, key });
  const ask = (seen: World, now: Date): { readonly world: World; readonly starts: boolean } => {
    const key = use.keyOf(seen);
    const owner = ownerOf(key);
    const working = workingIds(use.jobsOf(seen), key.namespace);
    const found = use.wish({ ...seen, slots: "free" }, now);
    if (found === undefined) {
      slots.withdraw(owner, working);
      return { world: { ...seen, slots: { granted: new Set<string>() } }, starts: false };
    }
    const { jobs, plan, comesBack, ...wish } = found;
    if (jobs.length === 0 && working.length === 0 && !comesBack) slots.withdraw(owner);
    const wanted = jobs.map((name) => moverId(key.namespace, name));
    const answer = slots.ask({ owner, working, wanted, ...wish });
    const holds = plan !== undefined && wanted.every((id) => answer.granted.has(id));
    return {
      world: { ...seen, slots: answer, ...(holds ? { planned: plan } : {}) },
      starts: answer.granted.size > 0,
    };
  };
  return {
    ask: async (seen, reader, signal, now) => {
      const { world, starts } = ask(seen, now);
      const live = starts ? await observeLive(world, reader, signal, now) : world;
      return live === undefined || live === world ? live : ask(live, now).world;
    },
    withdraw: (key) => slots.withdraw(ownerOf(key)),
    applied: (world, applied) => {
      const key = use.keyOf(world);
      giveBackRefused(ownerOf(key), workingIds(use.jobsOf(world), key.namespace), applied, slots);
    },
  };
}

/**
 * Gives back the slots of movers the API server refused to make (a quota, an admission policy): their owner tries again
 * later, behind the others of its namespace. After any other failure they may have been made, or are in the next pass.
 */
function giveBackRefused(
  owner: SlotOwner,
  working: readonly string[],
  { objects, error }: Applied,
  slots: MoverSlots,
): void {
  const isRefusal = error instanceof StalledError ||
    (error instanceof TransientError && error.reason === "Forbidden");
  if (!isRefusal) return;
  const made = objects.map(({ desired: { metadata } }) => moverId(owner.key.namespace, metadata.name));
  slots.giveBack(owner, [...working, ...made]);
}

/** Ids in the ledger of the Jobs that have not ended. */
function workingIds(jobs: readonly KubeObject[], namespace: string): readonly string[] {
  return jobs.filter((job) => !jobHasEnded(job)).map(({ metadata }) => moverId(namespace, metadata.name));
}
