import { keyText, type ObjectKey } from "../../kube/types.ts";
import type { Sample } from "../../telemetry/mod.ts";
import { SlotQueue, type SlotRequest } from "./slot_queue.ts";
import {
  type SlotAnswer,
  type SlotAsk,
  type SlotClass,
  slotClasses,
  type SlotOwner,
  type SlotWait,
  type WorkingMover,
} from "./slot_types.ts";

interface Request extends SlotRequest {
  readonly owner: Owner;
  readonly class: SlotClass;
  /** Its order among those whose owners let no grant lapse. */
  readonly rank: string;
}

interface Owner {
  readonly id: string;
  readonly owner: SlotOwner;
  readonly waiting: Map<string, Request>;
  readonly granted: Map<string, Request>;
  /** How often it let a grant lapse. */
  lapses: number;
}

interface Grant {
  readonly request: Request;
  sinceMs: number;
  isTaken: boolean;
}

interface Repository {
  readonly namespace: string;
  limit: number;
  used: number;
}

/**
 * A grant nobody made use of for so long goes back: an owner whose passes fail must not keep a slot from others.
 * Longer than a pass may take, plus the time until the next one finds its mover live.
 */
export const GRANT_SECONDS = 150;

/**
 * The ledger of mover slots: who may start a mover, and who waits. Restores go before backups, those before
 * maintenance, that before deletions of snapshots; among equals it is fair between namespaces, then the oldest goes first. A grant is held until its
 * mover was seen to end, or its owner asks for it no longer, or it lapses; so no cache that lags lets more movers
 * start than may work. It lives in the memory of the replica that leads and is told every mover there is when
 * that begins: one that dies leaves nothing behind.
 *
 *   ask → waiting → granted → working (seen) → gone
 *            ▲         │ not made use of in time
 *            └─────────┘
 */
export class MoverSlots {
  readonly #limit: number;
  readonly #nowMs: () => number;
  readonly #movers = new Map<string, WorkingMover>();
  readonly #grants = new Map<string, Grant>();
  /** Ids of grants whose mover is not known to work, the oldest first. */
  readonly #unused = new Set<string>();
  readonly #owners = new Map<string, Owner>();
  readonly #repositories = new Map<string, Repository>();
  readonly #queues: Readonly<Record<SlotClass, SlotQueue<Request>>>;
  readonly #wakers = new Map<string, (key: ObjectKey) => void>();
  #hasBegun = false;

  /** `limit` is that of the cluster, 0 for none; `nowMs` is monotonic. */
  constructor(limit: number, nowMs: () => number) {
    this.#limit = limit === 0 ? Infinity : limit;
    this.#nowMs = nowMs;
    const hasRoom = (repository: string) => this.#hasRoom(repository);
    this.#queues = {
      restore: new SlotQueue(hasRoom),
      backup: new SlotQueue(hasRoom),
      maintenance: new SlotQueue(hasRoom),
      deletion: new SlotQueue(hasRoom),
    };
  }

  /** Tells every mover that works as leadership begins. From then on `moverWorks` and `moverEnded` follow them. */
  begin(movers: Iterable<WorkingMover>): void {
    this.#hasBegun = true;
    for (const mover of movers) this.moverWorks(mover);
  }

  /** Has owners of a kind woken through `wake` when a slot is granted to them while they do not ask. */
  onGrant(kind: string, wake: (key: ObjectKey) => void): void {
    this.#wakers.set(kind, wake);
  }

  /** What an owner may start now. Whatever it does not want any more is given back. */
  ask(ask: SlotAsk): SlotAnswer {
    if (!this.#hasBegun) {
      throw new Error(
        "Cannot grant a mover slot: it is not known which movers work, expected begin() before",
      );
    }
    const id = ownerId(ask.owner);
    const owner = this.#owners.get(id) ??
      { id, owner: ask.owner, waiting: new Map(), granted: new Map(), lapses: 0 };
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

  /** Gives back all that an owner has or waits for; movers that work, as is seen or known to it, keep their slot. */
  withdraw(owner: SlotOwner, working: readonly string[] = []): void {
    const known = this.#owners.get(ownerId(owner));
    if (known === undefined) return;
    this.#drop(known, { wanted: [], working });
    this.#forget(known);
    this.#grant();
  }

  /** A mover is seen that has not ended. */
  moverWorks(mover: WorkingMover): void {
    if (this.#movers.has(mover.id)) return;
    this.#release(mover.id);
    this.#movers.set(mover.id, mover);
    this.#use(mover, 1);
  }

  /** A mover is seen to have ended, or to be gone. */
  moverEnded(id: string): void {
    const mover = this.#movers.get(id);
    this.#movers.delete(id);
    if (mover !== undefined) this.#use(mover, -1);
    this.#release(id);
    this.#reclaim();
    this.#grant();
  }

  /** The limit of a repository is another one now. */
  limitChanged(repository: string, limit: number | undefined): void {
    const known = this.#repositories.get(repository);
    if (known === undefined) return;
    this.#setLimit(repository, known.namespace, limit);
    this.#grant();
  }

  /** Movers that work, or may begin to at any moment. */
  get used(): number {
    return this.#movers.size + this.#grants.size;
  }

  /** Movers that wait. */
  get waiting(): number {
    return slotClasses.reduce((total, each) => total + this.#queues[each].size, 0);
  }

  /** The gauges. */
  *samples(): Iterable<Sample> {
    if (this.#limit !== Infinity) yield { name: "kopiur_mover_slots", labels: {}, value: this.#limit };
    yield { name: "kopiur_mover_slots_used", labels: {}, value: this.used };
    yield { name: "kopiur_mover_slots_waiting", labels: {}, value: this.waiting };
  }

  /** Takes from an owner what it does not want; what it knows to work does not lapse. */
  #drop(owner: Owner, ask: Pick<SlotAsk, "wanted" | "working"> & { readonly repository?: string }): void {
    const wanted = new Set(ask.wanted);
    for (const request of owner.waiting.values()) {
      if (wanted.has(request.id) && request.repository === ask.repository) continue;
      owner.waiting.delete(request.id);
      this.#queues[request.class].remove(request);
      this.#forgetRepository(request.repository);
    }
    for (const id of owner.granted.keys()) {
      if (ask.working.includes(id)) this.#unused.delete(id);
      else if (!wanted.has(id)) this.#release(id);
    }
  }

  #lineUp(owner: Owner, ask: SlotAsk): void {
    const { repository, owner: { key: { namespace } } } = ask;
    ask.wanted.forEach((id, index) => {
      if (owner.waiting.has(id) || this.#movers.has(id)) return;
      if (owner.granted.has(id)) return this.#take(id);
      const rank = [ask.since, owner.id, `${index}`.padStart(4, "0"), id].join(" ");
      this.#enqueue({ id, namespace, repository, owner, class: ask.class, rank, order: "" });
    });
  }

  /** A run that let grants lapse goes behind the others of its namespace. */
  #enqueue(request: Request): void {
    const { owner, rank } = request;
    const placed = { ...request, order: `${`${owner.lapses}`.padStart(6, "0")} ${rank}` };
    owner.waiting.set(request.id, placed);
    this.#queues[request.class].add(placed);
  }

  /** Gives what is free to whoever's turn it is; the one that asks right now need not be woken. */
  #grant(asking?: Owner): void {
    while (this.used < this.#limit) {
      const request = this.#next();
      if (request === undefined) return;
      const { id, owner } = request;
      owner.waiting.delete(id);
      owner.granted.set(id, request);
      this.#grants.set(id, { request, sinceMs: this.#nowMs(), isTaken: owner === asking });
      this.#unused.add(id);
      this.#use(request, 1);
      if (owner !== asking) this.#wakers.get(owner.owner.kind)?.(owner.owner.key);
    }
  }

  #next(): Request | undefined {
    for (const each of slotClasses) {
      const next = this.#queues[each].next();
      if (next !== undefined) return next;
    }
    return undefined;
  }

  /** The owner knows of its grant: from now on it has its time to make use of it, once. */
  #take(id: string): void {
    const grant = this.#grants.get(id);
    if (grant === undefined || grant.isTaken) return;
    grant.isTaken = true;
    if (!this.#unused.delete(id)) return;
    grant.sinceMs = this.#nowMs();
    this.#unused.add(id);
  }

  #reclaim(): void {
    const nowMs = this.#nowMs();
    for (const id of this.#unused) {
      const grant = this.#grants.get(id);
      if (grant === undefined || nowMs - grant.sinceMs < GRANT_SECONDS * 1000) return;
      const { request } = grant;
      const { owner } = request;
      owner.lapses++;
      this.#release(id);
      this.#owners.set(owner.id, owner);
      this.#enqueue(request);
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
    const granted = new Set(wanted.filter((id) => owner.granted.has(id) || this.#movers.has(id)));
    const [first] = owner.waiting.values();
    return first === undefined ? { granted } : { granted, waiting: this.#wait(first) };
  }

  #wait(request: Request): SlotWait {
    const movers = request.owner.waiting.size;
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
      return { movers, place, of: sizes(all), used, limit, scope: "repository" };
    }
    const place = sum(before.map((each) => each.openSize)) + queue.placeInRound(request);
    const of = sum(all.map((each) => each.openSize));
    return { movers, place, of, used: this.used, limit: this.#limit, scope: "cluster" };
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

  /** Its limit comes with whoever asks next. */
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
