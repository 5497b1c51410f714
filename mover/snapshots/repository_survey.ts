import type { RepositoryStock } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";

/** Counts the snapshots of a listing as they go by; costs memory per source, not per snapshot. */
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

  /** Counts a manifest that cannot be read. */
  addUnreadable(): void {
    this.#manifests += 1;
    this.#unreadable += 1;
  }

  /** Manifests that could not be read. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** True when there was not a single manifest, incomplete and unreadable ones included. */
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
