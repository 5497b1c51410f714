import type { ObjectKey } from "../../../kube/types.ts";
import type { SlotClass } from "../operations.ts";

/**
 * How long a mover that does not run keeps its slot: one without a node, one that cannot be made or does not
 * start, and one that is being deleted and does not go away, as on a lost node.
 */
export const SLOT_GRACE_SECONDS = 300;

/** An object that asks for slots; it is woken when it gets one. */
export interface SlotOwner {
  readonly kind: string;
  readonly key: ObjectKey;
}

/** Everything one owner wants and has; it replaces its earlier request. */
export interface SlotAsk {
  readonly owner: SlotOwner;
  readonly class: SlotClass;
  /** Key of the repository its movers work on, in the owner's namespace. */
  readonly repository: string;
  /** Movers that may work on that repository at the same time; undefined: no limit of its own. */
  readonly repositoryLimit: number | undefined;
  /** RFC 3339; when the owner was created. Older ones go first within their namespace. */
  readonly since: string;
  /** Ids of the movers it would start now, in the order of their start. */
  readonly wanted: readonly string[];
  /** Ids of movers it knows to work, even if no cache shows them yet. */
  readonly working: readonly string[];
}

/** Why a mover has to wait. */
export interface SlotWait {
  /** Movers of the owner that wait. */
  readonly movers: number;
  /** The place of the first of them, from 1, at the time of the request. */
  readonly place: number;
  readonly of: number;
  /** How long it has waited in the queue. */
  readonly waitedSeconds: number;
  /** Slots that are taken: by movers, and by those that may begin at any moment. */
  readonly used: number;
  readonly limit: number;
  /** Whose limit it is. */
  readonly scope: "cluster" | "repository";
  /** Free slots that are kept for namespaces that have none. */
  readonly kept: number;
}

/** What an owner may start. */
export interface SlotAnswer {
  /** Ids of `wanted` that may start, or have started. */
  readonly granted: ReadonlySet<string>;
  /** Set while others of them wait. */
  readonly waiting?: SlotWait;
}

/** A mover whose Job exists and has not ended. */
export interface WorkingMover {
  readonly id: string;
  readonly namespace: string;
  /** Key of its repository, when it is known. */
  readonly repository: string | undefined;
  /** Set when its Job is being deleted. */
  readonly isTerminating?: true;
}

/** Which part of a mover is being deleted. */
export type TerminatingPart = "Job" | "Pod";
