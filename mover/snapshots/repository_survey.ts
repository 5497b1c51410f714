import type { RepositoryStock } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";

/** Counts the snapshots of a listing. Its memory grows with the sources, not with the snapshots. */
export class RepositorySurvey {
  #manifests = 0;
  #finished = 0;
  #unreadable = 0;
  readonly #newest = new Map<string, Pick<Snapshot, "startTime" | "sizeBytes">>();

  add({ incomplete, source, startTime, sizeBytes }: Snapshot): void {
    this.#manifests += 1;
    if (incomplete !== undefined) return;
    this.#finished += 1;
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
    };
  }
}
