import { type RepositoryStock, SHORT_ID_LENGTH } from "../../api/mover/contract.ts";
import { eachSnapshot, type Kopia } from "../kopia/client.ts";
import type { Snapshot } from "../kopia/output.ts";

/** A snapshot that ended longer before a listing is in it: uploads end sooner, and clocks differ by less. */
const RECENT_MS = 10 * 60_000;
const MOST_RECENT = 32;

/** Counts the snapshots of a listing. Its memory grows with the sources, not with the snapshots. */
export class RepositorySurvey {
  readonly #begunMs: number;
  #since: string;
  readonly #recent: Pick<Snapshot, "id" | "endTime">[] = [];
  #manifests = 0;
  #finished = 0;
  #unreadable = 0;
  readonly #newest = new Map<string, { readonly startTime: string; readonly sizeBytes: number }>();

  /** Begins with the listing. */
  constructor(now: number) {
    this.#begunMs = now;
    this.#since = new Date(now - RECENT_MS).toISOString();
  }

  add({ id, incomplete, source, startTime, endTime, sizeBytes = 0 }: Snapshot): void {
    this.#manifests += 1;
    if (incomplete !== undefined) return;
    this.#finished += 1;
    if (endTime >= this.#since) this.#keepRecent({ id, endTime });
    const key = JSON.stringify([source.username, source.hostname, source.path]);
    const known = this.#newest.get(key);
    if (known === undefined || startTime > known.startTime) this.#newest.set(key, { startTime, sizeBytes });
  }

  /** Counts an unreadable manifest. */
  addUnreadable(): void {
    this.#manifests += 1;
    this.#unreadable += 1;
  }

  get unreadable(): number {
    return this.#unreadable;
  }

  /** True when there was no manifest at all, not even an incomplete or unreadable one. */
  get isEmpty(): boolean {
    return this.#manifests === 0;
  }

  get stock(): RepositoryStock {
    return {
      snapshotCount: this.#finished,
      totalSizeBytes: this.#newest.values().reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      observedAt: new Date(this.#begunMs).toISOString(),
      recent: { since: this.#since, ids: this.#recent.map(({ id }) => id.slice(0, SHORT_ID_LENGTH)) },
    };
  }

  /** Times are compared as texts: all have the same form (UTC, milliseconds). */
  #keepRecent(snapshot: Pick<Snapshot, "id" | "endTime">): void {
    this.#recent.push(snapshot);
    if (this.#recent.length <= MOST_RECENT) return;
    this.#recent.sort((a, b) => a.endTime < b.endTime ? 1 : -1);
    const dropped = this.#recent.pop()?.endTime ?? "";
    // A millisecond more: everything that ended before is taken for seen.
    this.#since = new Date(Date.parse(dropped) + 1).toISOString();
    while ((this.#recent.at(-1)?.endTime ?? this.#since) < this.#since) this.#recent.pop();
  }
}

/** Lists a repository for its numbers alone. Throws MoverError. */
export async function stockOf(kopia: Kopia): Promise<RepositoryStock> {
  const survey = new RepositorySurvey(kopia.clock());
  await eachSnapshot(kopia, {
    onSnapshot: (snapshot) => survey.add(snapshot),
    onUnreadable: () => survey.addUnreadable(),
  });
  return survey.stock;
}
