import { StalledError, TransientError } from "../../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/types.ts";
import type { Claims } from "../../runtime/kind.ts";
import type { Applied, Plan } from "../../runtime/plan.ts";
import { jobHasEnded } from "../state/job_state.ts";
import { moverId } from "./jobs.ts";
import type { MoverSlots } from "./mover_slots.ts";
import type { SlotAnswer, SlotAsk, SlotOwner } from "./types.ts";

/** A world whose movers need slots; "free" means that there is one for each. */
interface WorldWithSlots {
  readonly slots: SlotAnswer | "free";
  /** The plan, if it was made to ask for slots and all were granted. */
  readonly planned?: Plan;
}

/** True when there is a slot for the mover whose Job has that name. */
export function mayStart({ slots }: WorldWithSlots, namespace: string, job: string): boolean {
  return slots === "free" || slots.granted.has(moverId(namespace, job));
}

/** The slots an object would use now. */
interface SlotWish extends Omit<SlotAsk, "owner" | "working" | "wanted"> {
  /** Names of the Jobs it would make, in the order of their start. */
  readonly jobs: readonly string[];
  /** The plan that would make them; it is used when all are granted. */
  readonly plan?: Plan;
  /** True for an object that rests and asks again: its given-back slots are remembered until then. */
  readonly comesBack: boolean;
}

/** How a kind uses slots. */
export interface SlotUse<World> {
  readonly kind: string;
  keyOf(world: World): ObjectKey;
  /** Jobs of its movers. */
  jobsOf(world: World): readonly KubeObject[];
  /** Called with a world in which all slots are free; undefined when no mover is wanted any more. Pure. */
  wish(world: World, now: Date): SlotWish | undefined;
}

/**
 * The claims of a kind whose movers need slots: asks for exactly the Jobs its plan would make. An object that gets a
 * slot is observed once more with live reads (`observeMovers`), which cost requests; `observeLive` returns the same
 * world when it finds nothing new.
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
    const isGranted = plan !== undefined && wanted.every((id) => answer.granted.has(id));
    return {
      world: { ...seen, slots: answer, ...(isGranted ? { planned: plan } : {}) },
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
 * Gives back the slots of movers that the API server refused (a quota, an admission policy): their owner tries again
 * later, behind the others of its namespace. After any other failure the Jobs may exist, or are made in the next pass.
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

/** The ledger's ids of the Jobs that have not ended. */
function workingIds(jobs: readonly KubeObject[], namespace: string): readonly string[] {
  return jobs.filter((job) => !jobHasEnded(job)).map(({ metadata }) => moverId(namespace, metadata.name));
}
