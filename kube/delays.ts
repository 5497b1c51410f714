/** A value and when it is due. */
interface Delay<T> {
  readonly id: string;
  readonly value: T;
  readonly dueMs: number;
}

/** Values that wait until they are due, at most one per id; adding and taking is O(log n). */
export class Delays<T> {
  /** A binary heap by `dueMs`; replaced and dropped entries stay in it until they reach the top. */
  readonly #heap: Delay<T>[] = [];
  readonly #current = new Map<string, Delay<T>>();

  get size(): number {
    return this.#current.size;
  }

  /** Entries of the heap, replaced ones included. */
  get heapSize(): number {
    return this.#heap.length;
  }

  /** Adds a value; an earlier due time of the same id wins. */
  add(id: string, value: T, dueMs: number): void {
    const known = this.#current.get(id);
    if (known !== undefined && known.dueMs <= dueMs) return;
    const delay = { id, value, dueMs };
    this.#current.set(id, delay);
    this.#push(delay);
    if (this.#heap.length > 2 * this.#current.size + 64) this.#rebuild();
  }

  /** Forgets an id. */
  drop(id: string): void {
    this.#current.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.#current.clear();
    this.#heap.length = 0;
  }

  /** The earliest due time; undefined when nothing waits. */
  nextDueMs(): number | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#current.get(first.id) === first) return first.dueMs;
      this.#pop();
    }
    return undefined;
  }

  /** Removes and returns what is due, earliest first. */
  takeDue(nowMs: number): readonly T[] {
    const due: T[] = [];
    for (let next = this.nextDueMs(); next !== undefined && next <= nowMs; next = this.nextDueMs()) {
      const delay = this.#pop();
      if (delay === undefined) break;
      this.#current.delete(delay.id);
      due.push(delay.value);
    }
    return due;
  }

  /** Without this an id that is replaced again and again would fill the heap. */
  #rebuild(): void {
    this.#heap.length = 0;
    for (const delay of this.#current.values()) this.#push(delay);
  }

  #push(delay: Delay<T>): void {
    const heap = this.#heap;
    let at = heap.push(delay) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.dueMs <= delay.dueMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = delay;
  }

  #pop(): Delay<T> | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (let below = smallerChild(heap, at); below !== undefined; below = smallerChild(heap, at)) {
      const child = heap[below];
      if (child === undefined || child.dueMs >= last.dueMs) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function smallerChild(heap: readonly Delay<unknown>[], at: number): number | undefined {
  const left = heap[2 * at + 1];
  const right = heap[2 * at + 2];
  if (left === undefined) return undefined;
  return right !== undefined && right.dueMs < left.dueMs ? 2 * at + 2 : 2 * at + 1;
}
