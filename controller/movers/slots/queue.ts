/** A mover that waits for a slot. */
export interface SlotRequest {
  /** Of the mover; unique. */
  readonly id: string;
  /** The namespace whose turn it uses. */
  readonly namespace: string;
  /** Key of the repository it works on; of one namespace only. */
  readonly repository: string;
  /** Requests of a namespace go in this order, smallest first; no two are equal. */
  readonly order: string;
}

/**
 * The queue of one class, fair between namespaces: each namespace in turn gives its oldest request whose repository
 * has room. A namespace without such a request is not in the round, so that taking the next one never searches.
 */
export class SlotQueue<Request extends SlotRequest = SlotRequest> {
  readonly #hasRoom: (repository: string) => boolean;
  /** Requests by repository, in order. */
  readonly #lines = new Map<string, Request[]>();
  /** Repositories with requests, by namespace. */
  readonly #namespaces = new Map<string, Set<string>>();
  /** How many requests a namespace could give now, for those that can; the first namespace is next. */
  readonly #round = new Map<string, number>();
  #size = 0;
  #openSize = 0;

  /** `hasRoom` is asked for a repository whenever its namespace's place in the round may change. */
  constructor(hasRoom: (repository: string) => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** How many wait for a repository. */
  sizeOf(repository: string): number {
    return this.#lines.get(repository)?.length ?? 0;
  }

  /** Adds a request. */
  add(request: Request): void {
    const { repository, namespace } = request;
    const line = this.#lines.get(repository) ?? [];
    line.splice(rankOf(line, request.order), 0, request);
    this.#lines.set(repository, line);
    const repositories = this.#namespaces.get(namespace) ?? new Set();
    this.#namespaces.set(namespace, repositories.add(repository));
    this.#size++;
    this.refresh(namespace);
  }

  /** Removes a request, if it waits. */
  remove({ repository, namespace, order, id }: SlotRequest): void {
    const line = this.#lines.get(repository) ?? [];
    const rank = rankOf(line, order);
    if (line[rank]?.id !== id) return;
    line.splice(rank, 1);
    this.#size--;
    if (line.length === 0) {
      this.#lines.delete(repository);
      const repositories = this.#namespaces.get(namespace);
      repositories?.delete(repository);
      if (repositories?.size === 0) this.#namespaces.delete(namespace);
    }
    this.refresh(namespace);
  }

  /** Must be called when a repository of the namespace got or lost room. */
  refresh(namespace: string): void {
    const open = this.#openLines(namespace).reduce((total, line) => total + line.length, 0);
    this.#openSize += open - (this.#round.get(namespace) ?? 0);
    if (open === 0) this.#round.delete(namespace);
    else this.#round.set(namespace, open);
  }

  /** Namespaces that could give a request now, the one whose turn is next first. */
  get openNamespaces(): Iterable<string> {
    return this.#round.keys();
  }

  /** Removes and returns the next request among the namespaces that may; undefined when there is none. */
  next(mayGo: (namespace: string) => boolean = () => true): Request | undefined {
    const namespace = this.#round.keys().find(mayGo);
    if (namespace === undefined) return undefined;
    const heads = this.#openLines(namespace).flatMap(([head]) => head === undefined ? [] : [head]);
    const first = heads.reduce((a, b) => a.order < b.order ? a : b);
    this.remove(first);
    this.#toTheEnd(namespace);
    return first;
  }

  /** How many are not blocked by their repository's limit. */
  get openSize(): number {
    return this.#openSize;
  }

  /** The place among those that wait for the same repository. */
  placeInRepository(request: SlotRequest): number {
    return rankOf(this.#lines.get(request.repository) ?? [], request.order) + 1;
  }

  /**
   * The place among those not blocked by their repository's limit, if nobody came or went; reads each namespace once.
   * `headStart` says how many requests another namespace may give before the turns begin.
   */
  placeInRound(request: SlotRequest, headStart: (namespace: string) => number = () => 0): number {
    const before = this.#openLines(request.namespace)
      .reduce((total, line) => total + rankOf(line, request.order), 0);
    let place = before + 1;
    let isAhead = true;
    for (const [namespace, open] of this.#round) {
      if (namespace === request.namespace) isAhead = false;
      else place += Math.min(open, headStart(namespace) + (isAhead ? before + 1 : before));
    }
    return place;
  }

  #toTheEnd(namespace: string): void {
    const open = this.#round.get(namespace);
    if (open === undefined) return;
    this.#round.delete(namespace);
    this.#round.set(namespace, open);
  }

  #openLines(namespace: string): readonly (readonly Request[])[] {
    return [...this.#namespaces.get(namespace) ?? []].filter(this.#hasRoom)
      .flatMap((repository) => {
        const line = this.#lines.get(repository);
        return line === undefined ? [] : [line];
      });
  }
}

/** How many requests come before that order. */
function rankOf(line: readonly SlotRequest[], order: string): number {
  let [low, high] = [0, line.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((line[middle]?.order ?? "") < order) low = middle + 1;
    else high = middle;
  }
  return low;
}
