import { keyText, type ObjectKey } from "../../../kube/types.ts";
import type { Sample } from "../../../telemetry/mod.ts";
import { type SlotClass, slotClasses, type SlotPool } from "../operations.ts";
import { SlotQueue, type SlotRequest } from "./queue.ts";
import {
  SLOT_GRACE_SECONDS,
  type SlotAnswer,
  type SlotAsk,
  type SlotOwner,
  type SlotWait,
  type TerminatingPart,
  type WorkingMover,
} from "./types.ts";

interface Request extends SlotRequest {
  readonly owner: Owner;
  readonly class: SlotClass;
  /** Its order among requests that came together. */
  readonly rank: string;
  /** Since when it waits. */
  readonly lineSinceMs: number;
}

interface Owner {
  readonly id: string;
  readonly owner: SlotOwner;
  readonly waiting: Map<string, Request>;
  readonly granted: Map<string, Request>;
}

interface Grant {
  readonly request: Request;
  sinceMs: number;
  isTaken: boolean;
}

interface Mover extends WorkingMover {
  /** Id of the owner it was granted to, or that claims it. */
  owner?: string;
}

interface Terminating {
  readonly sinceMs: number;
  readonly parts: Set<TerminatingPart>;
}

interface Repository {
  readonly namespace: string;
  limit: number;
  used: number;
}

/**
 * An unused grant lapses after this time: an owner whose passes fail must not keep a slot from others.
 * Longer than a pass may take, plus the time until the next one finds its mover live.
 */
export const GRANT_SECONDS = 150;

const GAUGES = {
  movers: {
    limit: "kopiur_mover_slots",
    used: "kopiur_mover_slots_used",
    waiting: "kopiur_mover_slots_waiting",
  },
  bootstraps: {
    limit: "kopiur_bootstrap_slots",
    used: "kopiur_bootstrap_slots_used",
    waiting: "kopiur_bootstrap_slots_waiting",
  },
} as const satisfies Readonly<Record<SlotPool, unknown>>;

/** Requests that joined the queue within the same ten minutes count as having come together. */
const TURN_MS = 600_000;
/** An owner that gave slots back goes behind by one such span per slot, at most so many, so that nobody waits for ever. */
const MOST_RETURNS = 12;

/**
 * The slots of a limit that are kept for namespaces that have none: the last tenth, at least one. So a new namespace
 * begins at once, however many slots others have taken and for however long.
 */
export function slotReserve(limit: number): number {
  return limit < 2 || limit === Infinity ? 0 : Math.max(1, Math.floor(limit / 10));
}

/**
 * The ledger of slots: who may start a mover, and who waits. A namespace below its share goes before those
 * that have it. Then restores go before backups, these before maintenance, and that before deletions; among
 * equals namespaces take turns. Within a namespace, requests that joined the queue earlier go first, and of those that came together
 * the oldest owner; each slot given back counts as ten minutes later, at most two hours. The last slots are kept for
 * namespaces that have none.
 *
 * A grant lasts until its mover was seen to end, its owner no longer asks for it, or it lapses; so a lagging cache never
 * lets more movers start than may work. A mover that is being deleted and does not go away, as on a lost node, is not
 * counted after a while; if its node comes back, there is one mover more than the limit until it ends. The ledger is in
 * the memory of the leader and starts from the existing movers, so a dead leader leaves nothing behind.
 *
 *   ask → waiting → granted → working (seen) → ended, or gone (given back: its owner goes later)
 *            ▲         │ not made use of         └ told to go, and still there → not counted
 *            └─────────┘
 */
export class MoverSlots {
  readonly #limit: number;
  readonly #reserve: number;
  readonly #nowMs: () => number;
  readonly #movers = new Map<string, Mover>();
  /** Movers that are being deleted, the earliest first. */
  readonly #terminating = new Map<string, Terminating>();
  /** Those of them that no longer count. */
  readonly #lost = new Map<string, Mover>();
  readonly #grants = new Map<string, Grant>();
  /** Ids of grants whose mover is not known to work, the oldest first. */
  readonly #unused = new Set<string>();
  readonly #owners = new Map<string, Owner>();
  /** How often an owner gave a slot back or let it lapse; kept while it is an owner. */
  readonly #returns = new Map<string, number>();
  /** Since when an owner was in the queue that left it for a moment, as while its Repository is not Ready. */
  readonly #left = new Map<string, number>();
  /** Slots taken, by namespace. */
  readonly #taken = new Map<string, number>();
  readonly #repositories = new Map<string, Repository>();
  readonly #queues: Readonly<Record<SlotClass, SlotQueue<Request>>>;
  readonly #wakers = new Map<string, (key: ObjectKey) => void>();
  #hasBegun = false;

  /** `limit` is that of the cluster, 0 for none; `nowMs` is monotonic. */
  constructor(limit: number, nowMs: () => number) {
    this.#limit = limit === 0 ? Infinity : limit;
    this.#reserve = slotReserve(this.#limit);
    this.#nowMs = nowMs;
    const hasRoom = (repository: string) => this.#hasRoom(repository);
    this.#queues = {
      restore: new SlotQueue(hasRoom),
      backup: new SlotQueue(hasRoom),
      maintenance: new SlotQueue(hasRoom),
      deletion: new SlotQueue(hasRoom),
    };
  }

  /** Adds the working movers when leadership begins. From then on `moverWorks` and `moverEnded` follow them. */
  begin(movers: Iterable<WorkingMover>): void {
    this.#hasBegun = true;
    for (const mover of movers) this.moverWorks(mover);
  }

  /** Calls `wake` for an owner of a kind that gets a slot outside of its own `ask`. */
  onGrant(kind: string, wake: (key: ObjectKey) => void): void {
    this.#wakers.set(kind, wake);
  }

  /** Returns what an owner may start now. Slots it no longer wants are given back. */
  ask(ask: SlotAsk): SlotAnswer {
    if (!this.#hasBegun) {
      throw new Error(
        "Cannot grant a mover slot: it is not known which movers work, expected begin() before",
      );
    }
    const id = ownerId(ask.owner);
    const owner = this.#owners.get(id) ??
      { id, owner: ask.owner, waiting: new Map(), granted: new Map() };
    for (const mover of ask.working.map((each) => this.#moverOf(each))) {
      if (mover !== undefined) mover.owner = id;
    }
    this.#reclaim();
    this.#drop(owner, ask);
    if (ask.wanted.length > 0) {
      this.#setLimit(ask.repository, ask.owner.key.namespace, ask.repositoryLimit);
      this.#owners.set(id, owner);
      this.#lineUp(owner, ask);
    }
    this.#grant(owner);
    this.#forget(owner);
    return this.#answer(owner, ask.wanted);
  }

  /**
   * An owner is gone, or wants no slots any more. Its working movers keep theirs.
   */
  withdraw(owner: SlotOwner, working: readonly string[] = []): void {
    const id = ownerId(owner);
    this.#returns.delete(id);
    for (const mover of [...this.#movers.values(), ...this.#lost.values()]) {
      if (mover.owner === id) delete mover.owner;
    }
    this.#leaveQueue(owner, working);
    this.#left.delete(id);
  }

  /** An owner cannot use its slots now. When it asks again, it goes behind. */
  giveBack(owner: SlotOwner, working: readonly string[] = []): void {
    this.#leaveQueue(owner, working);
    this.#noteReturn(ownerId(owner));
  }

  /** A mover was seen that has not ended. */
  moverWorks(mover: WorkingMover): void {
    if (this.#moverOf(mover.id) === undefined) {
      const owner = this.#grants.get(mover.id)?.request.owner.id;
      this.#release(mover.id);
      this.#movers.set(mover.id, { ...mover, ...(owner === undefined ? {} : { owner }) });
      this.#use(mover, 1);
    }
    if (mover.isTerminating === true) this.moverTerminates(mover.id, "Job");
    else this.moverCountsAgain(mover.id, "Job");
  }

  /** A mover is being deleted: if it still exists after a while, it no longer counts. */
  moverTerminates(id: string, part: TerminatingPart): void {
    if (this.#moverOf(id) === undefined) return;
    const terminating = this.#terminating.get(id) ?? { sinceMs: this.#nowMs(), parts: new Set() };
    terminating.parts.add(part);
    this.#terminating.set(id, terminating);
  }

  /** The part being deleted is gone, or was replaced: the mover counts again. */
  moverCountsAgain(id: string, part: TerminatingPart): void {
    const terminating = this.#terminating.get(id);
    terminating?.parts.delete(part);
    if (terminating === undefined || terminating.parts.size > 0) return;
    this.#terminating.delete(id);
    const lost = this.#lost.get(id);
    if (lost === undefined) return;
    this.#lost.delete(id);
    this.#movers.set(id, lost);
    this.#use(lost, 1);
  }

  /** A mover ended, or is gone before its end: then its owner gave the slot back. */
  moverEnded(id: string, how: "ended" | "gone" = "ended"): void {
    const mover = this.#movers.get(id);
    const owner = this.#moverOf(id)?.owner;
    this.#terminating.delete(id);
    this.#lost.delete(id);
    this.#movers.delete(id);
    if (mover !== undefined) this.#use(mover, -1);
    if (how === "gone" && owner !== undefined) this.#noteReturn(owner);
    this.#release(id);
    this.#reclaim();
    this.#grant();
  }

  /** The limit of a repository changed. */
  limitChanged(repository: string, limit: number | undefined): void {
    const known = this.#repositories.get(repository);
    if (known === undefined) return;
    this.#setLimit(repository, known.namespace, limit);
    this.#grant();
  }

  /** Slots that are taken: by movers that have not ended, and by those that may begin at any moment. */
  get used(): number {
    return this.#movers.size + this.#grants.size;
  }

  /** Movers that wait. */
  get waiting(): number {
    return slotClasses.reduce((total, each) => total + this.#queues[each].size, 0);
  }

  /** The gauges of a pool. */
  *samples(pool: SlotPool): Iterable<Sample> {
    const { limit, used, waiting } = GAUGES[pool];
    if (this.#limit !== Infinity) yield { name: limit, labels: {}, value: this.#limit };
    yield { name: used, labels: {}, value: this.used };
    yield { name: waiting, labels: {}, value: this.waiting };
  }

  #moverOf(id: string): Mover | undefined {
    return this.#movers.get(id) ?? this.#lost.get(id);
  }

  #leaveQueue(owner: SlotOwner, working: readonly string[]): void {
    const known = this.#owners.get(ownerId(owner));
    if (known === undefined) return;
    this.#drop(known, { wanted: [], working });
    this.#forget(known);
    this.#grant();
  }

  #noteReturn(owner: string): void {
    this.#returns.set(owner, (this.#returns.get(owner) ?? 0) + 1);
    this.#left.delete(owner);
  }

  /** Frees the slots an owner does not want; those of movers it knows to work do not lapse. */
  #drop(owner: Owner, ask: Pick<SlotAsk, "wanted" | "working"> & { readonly repository?: string }): void {
    const wanted = new Set(ask.wanted);
    for (const request of owner.waiting.values()) {
      if (wanted.has(request.id) && request.repository === ask.repository) continue;
      owner.waiting.delete(request.id);
      this.#queues[request.class].remove(request);
      this.#forgetRepository(request.repository);
      this.#keepPlace(request);
    }
    for (const [id, request] of owner.granted) {
      if (ask.working.includes(id)) this.#unused.delete(id);
      else if (!wanted.has(id)) {
        // A grant in that very moment was not used, so the place is kept.
        if (this.#unused.has(id)) this.#keepPlace(request);
        this.#release(id);
      }
    }
  }

  #keepPlace({ owner, lineSinceMs }: Request): void {
    this.#left.set(owner.id, Math.min(lineSinceMs, this.#left.get(owner.id) ?? Infinity));
  }

  #lineUp(owner: Owner, ask: SlotAsk): void {
    const { repository, owner: { key: { namespace } } } = ask;
    ask.wanted.forEach((id, index) => {
      if (owner.waiting.has(id) || this.#moverOf(id) !== undefined) return;
      if (owner.granted.has(id)) return this.#take(id);
      const rank = [ask.since, owner.id, `${index}`.padStart(4, "0"), id].join(" ");
      const lineSinceMs = this.#left.get(owner.id) ?? this.#nowMs();
      this.#enqueue({ id, namespace, repository, owner, class: ask.class, rank, lineSinceMs, order: "" });
    });
  }

  #enqueue(request: Request): void {
    const { owner, rank, lineSinceMs } = request;
    const returns = Math.min(this.#returns.get(owner.id) ?? 0, MOST_RETURNS);
    const turn = Math.floor(lineSinceMs / TURN_MS) + returns;
    const placed = { ...request, order: `${`${turn}`.padStart(9, "0")} ${rank}` };
    owner.waiting.set(request.id, placed);
    this.#queues[request.class].add(placed);
  }

  /** Grants free slots in turn; the owner that is asking right now need not be woken. */
  #grant(asking?: Owner): void {
    while (this.used < this.#limit) {
      const request = this.#next();
      if (request === undefined) return;
      const { id, owner } = request;
      owner.waiting.delete(id);
      this.#left.delete(owner.id);
      owner.granted.set(id, request);
      this.#grants.set(id, { request, sinceMs: this.#nowMs(), isTaken: owner === asking });
      this.#unused.add(id);
      this.#use(request, 1);
      if (owner !== asking) this.#wakers.get(owner.owner.kind)?.(owner.owner.key);
    }
  }

  #next(): Request | undefined {
    const share = this.#share();
    const mayHave = (namespace: string) => this.#mayHave(namespace);
    const hasLess = (namespace: string) => this.#takenBy(namespace) < share && this.#mayHave(namespace);
    for (const mayGo of [hasLess, mayHave]) {
      for (const each of slotClasses) {
        const next = this.#queues[each].next(mayGo);
        if (next !== undefined) return next;
      }
    }
    return undefined;
  }

  #takenBy(namespace: string): number {
    return this.#taken.get(namespace) ?? 0;
  }

  #mayHave(namespace: string): boolean {
    return this.used < this.#limit - (this.#takenBy(namespace) > 0 ? this.#reserve : 0);
  }

  /** The share of each namespace that has slots or could use one. */
  #share(): number {
    const namespaces = new Set(this.#taken.keys());
    for (const each of slotClasses) {
      for (const namespace of this.#queues[each].openNamespaces) namespaces.add(namespace);
    }
    return Math.ceil(this.#limit / Math.max(1, namespaces.size));
  }

  /** The owner knows its grant: its time to use it begins, once. */
  #take(id: string): void {
    const grant = this.#grants.get(id);
    if (grant === undefined || grant.isTaken) return;
    grant.isTaken = true;
    if (!this.#unused.delete(id)) return;
    grant.sinceMs = this.#nowMs();
    this.#unused.add(id);
  }

  #reclaim(): void {
    this.#loseThoseThatStay();
    const nowMs = this.#nowMs();
    for (const id of this.#unused) {
      const grant = this.#grants.get(id);
      if (grant === undefined || nowMs - grant.sinceMs < GRANT_SECONDS * 1000) return;
      const { request } = grant;
      const { owner } = request;
      this.#noteReturn(owner.id);
      this.#release(id);
      this.#owners.set(owner.id, owner);
      this.#enqueue({ ...request, lineSinceMs: nowMs });
    }
  }

  #loseThoseThatStay(): void {
    const nowMs = this.#nowMs();
    for (const [id, { sinceMs }] of this.#terminating) {
      if (nowMs - sinceMs < SLOT_GRACE_SECONDS * 1000) return;
      const mover = this.#movers.get(id);
      if (mover === undefined) continue;
      this.#movers.delete(id);
      this.#lost.set(id, mover);
      this.#use(mover, -1);
    }
  }

  #release(id: string): void {
    const grant = this.#grants.get(id);
    if (grant === undefined) return;
    const { request } = grant;
    this.#grants.delete(id);
    this.#unused.delete(id);
    request.owner.granted.delete(id);
    this.#use(request, -1);
    this.#forget(request.owner);
  }

  #answer(owner: Owner, wanted: readonly string[]): SlotAnswer {
    const granted = new Set(wanted.filter((id) => owner.granted.has(id) || this.#moverOf(id) !== undefined));
    const [first] = owner.waiting.values();
    return first === undefined ? { granted } : { granted, waiting: this.#wait(first) };
  }

  #wait(request: Request): SlotWait {
    const movers = request.owner.waiting.size;
    const waitedSeconds = Math.floor((this.#nowMs() - request.lineSinceMs) / 1000);
    const urgency = slotClasses.indexOf(request.class);
    const before = slotClasses.slice(0, urgency).map((each) => this.#queues[each]);
    const all = slotClasses.map((each) => this.#queues[each]);
    const queue = this.#queues[request.class];
    const repository = this.#repositories.get(request.repository);
    if (repository !== undefined && !this.#hasRoom(request.repository)) {
      const sizes = (queues: readonly SlotQueue<Request>[]) =>
        sum(queues.map((each) => each.sizeOf(request.repository)));
      const place = sizes(before) + queue.placeInRepository(request);
      const { used, limit } = repository;
      return { movers, place, of: sizes(all), waitedSeconds, used, limit, scope: "repository", kept: 0 };
    }
    const place = sum(before.map((each) => each.openSize)) +
      queue.placeInRound(request, this.#headStart(request));
    const of = sum(all.map((each) => each.openSize));
    const { used } = this;
    const kept = this.#limit - used;
    return { movers, place, of, waitedSeconds, used, limit: this.#limit, scope: "cluster", kept };
  }

  /** How many slots another namespace gets before one that already has its share. */
  #headStart({ namespace }: Request): (namespace: string) => number {
    const share = this.#share();
    if (this.#takenBy(namespace) < share) return () => 0;
    return (other) => Math.max(0, share - this.#takenBy(other));
  }

  #hasRoom(id: string): boolean {
    const repository = this.#repositories.get(id);
    return repository === undefined || repository.used < repository.limit;
  }

  #setLimit(id: string, namespace: string, limit: number = Infinity): void {
    const repository = this.#repositories.get(id) ?? { namespace, limit, used: 0 };
    repository.limit = limit;
    this.#repositories.set(id, repository);
    this.#refresh(namespace);
  }

  #use({ repository: id, namespace }: WorkingMover | Request, movers: 1 | -1): void {
    const taken = this.#takenBy(namespace) + movers;
    if (taken === 0) this.#taken.delete(namespace);
    else this.#taken.set(namespace, taken);
    if (id === undefined) return;
    const repository = this.#repositories.get(id) ?? { namespace, limit: Infinity, used: 0 };
    repository.used += movers;
    this.#repositories.set(id, repository);
    this.#refresh(namespace);
    this.#forgetRepository(id);
  }

  #refresh(namespace: string): void {
    for (const each of slotClasses) this.#queues[each].refresh(namespace);
  }

  #forget({ id, waiting, granted }: Owner): void {
    if (waiting.size === 0 && granted.size === 0) this.#owners.delete(id);
  }

  /** The next request sets its limit again. */
  #forgetRepository(id: string): void {
    const isIdle = (this.#repositories.get(id)?.used ?? 0) === 0;
    if (isIdle && slotClasses.every((each) => this.#queues[each].sizeOf(id) === 0)) {
      this.#repositories.delete(id);
    }
  }
}

function ownerId({ kind, key }: SlotOwner): string {
  return `${kind} ${keyText(key)}`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
