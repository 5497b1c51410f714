import type { ObjectKey } from "../../../kube/types.ts";
import type { SlotClass } from "../operations.ts";

/**
 * So long a mover that does not run keeps its slot: one without a node, one that cannot be made or that does not
 * start; and one that is being deleted and is still there, as on a node nobody hears of.
 */
export const SLOT_GRACE_SECONDS = 300;

/** Who asks for slots; it is woken when one is granted to it. */
export interface SlotOwner {
  readonly kind: string;
  readonly key: ObjectKey;
}

/** Everything one owner wants and has at a time; it takes the place of what it asked before. */
export interface SlotAsk {
  readonly owner: SlotOwner;
  readonly class: SlotClass;
  /** Key of the repository its movers work on, in the owner's namespace. */
  readonly repository: string;
  /** Movers that may work on that repository at the same time; undefined: no limit of its own. */
  readonly repositoryLimit: number | undefined;
  /** RFC 3339; when the owner was made. Older ones go first within their namespace. */
  readonly since: string;
  /** Ids of the movers it would start now, in the order they are to start. */
  readonly wanted: readonly string[];
  /** Ids of movers it knows to work, though a cache may not show them yet. */
  readonly working: readonly string[];
}

/** Why a mover has to wait. */
export interface SlotWait {
  /** Movers of the owner that wait. */
  readonly movers: number;
  /** Of the first of them, from 1, when it was asked. */
  readonly place: number;
  readonly of: number;
  /** So long it has waited in the line. */
  readonly waitedSeconds: number;
  /** Slots that are taken: by movers, and by those that may begin at any moment. */
  readonly used: number;
  readonly limit: number;
  /** Whose limit it is. */
  readonly scope: "cluster" | "repository";
  /** Slots that are free, but for namespaces that have none. */
  readonly kept: number;
}

/** What an owner may start. */
export interface SlotAnswer {
  /** Ids of `wanted` that may be started, or were. */
  readonly granted: ReadonlySet<string>;
  /** Set while others of them wait. */
  readonly waiting?: SlotWait;
}

/** A mover whose Job is there and has not ended. */
export interface WorkingMover {
  readonly id: string;
  readonly namespace: string;
  /** Key of its repository, when it is known. */
  readonly repository: string | undefined;
  /** Set when its Job is being deleted. */
  readonly isTerminating?: true;
}

/** What of a mover is being deleted. */
export type TerminatingPart = "Job" | "Pod";
