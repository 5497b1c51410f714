import { REASONS } from "../../../api/mod.ts";
import type { SlotAnswer, SlotWait } from "./types.ts";

const RECHECK_SECONDS = 30;
const RECHECK_MAX_SECONDS = 300;
/** A reported place may be old by this part of the time waited. */
const OLD_PART = 4;

/** Why a mover without a slot is not made, and when to look again; it gets no Event. */
export interface NoSlot {
  readonly reason: "NoSlot";
  readonly message: string;
  readonly recheckAfterSeconds: number;
  readonly isQuiet: true;
}

/** A request without a place gets one soon: the last obstacle ended in this pass, so no slot was asked for yet. */
export function noSlotFor(slots: SlotAnswer | "free", repository: string, what?: string): NoSlot {
  const wait = slots === "free" ? undefined : slots.waiting;
  const message = wait === undefined ? REASONS.NoSlot : slotWaitText(wait, repository, what);
  const recheckAfterSeconds = wait === undefined ? 1 : slotRecheckSeconds(wait);
  return { reason: "NoSlot", message, recheckAfterSeconds, isQuiet: true };
}

/**
 * Why a mover waits, as a sentence: its place, and whose limit is reached. A slot that is taken need not be one whose
 * mover works: it may be about to begin, or wait for its node.
 */
export function slotWaitText(wait: SlotWait, repository: string, what = "mover slot"): string {
  const { place, of, used, limit, scope, kept } = wait;
  const whose = scope === "cluster" ? "the cluster" : `Repository "${repository}"`;
  const rest = kept === 0
    ? ""
    : `, the last ${kept === 1 ? "one is" : `${kept} are`} kept for namespaces that have none`;
  return `Waits for a ${what}: ${
    ordinal(place)
  } of ${of}; ${used} of ${limit} slots of ${whose} are taken${rest}`;
}

/**
 * When to recheck the place. A waiting owner is woken when it gets a slot; this is only for the shown place. So the further
 * behind or the longer the wait, the later: a thousand waiting objects must not write a thousand statuses for each grant,
 * nor a hundred that wait for days one every half minute.
 */
export function slotRecheckSeconds({ place, waitedSeconds }: SlotWait): number {
  const seconds = Math.max(RECHECK_SECONDS, place, Math.floor(waitedSeconds / OLD_PART));
  return Math.min(RECHECK_MAX_SECONDS, seconds);
}

function ordinal(place: number): string {
  const [tens, ones] = [Math.floor(place / 10) % 10, place % 10];
  const ending = tens === 1 ? undefined : { 1: "st", 2: "nd", 3: "rd" }[ones];
  return `${place}${ending ?? "th"}`;
}
