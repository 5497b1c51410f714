import type { BootstrapResult } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";

/**
 * An upload counts as over when nothing was written for so long. A running kopia writes a checkpoint at least every
 * 45 minutes; the rest is a margin for slow storage and for clocks that differ.
 */
export const QUIET_SECONDS = 90 * 60;

/** The unfinished snapshots of one upload: those with the same source and start time. */
export interface UnfinishedUpload {
  readonly source: Snapshot["source"];
  /** By the clock of the client; kopia writes the same one into all snapshots of an upload. */
  readonly startTime: string;
  /** When the last of them was written, by the same clock. */
  readonly lastWriteMs: number;
  /** In any order; includes the snapshot the upload ended in, if `end` was called with it. */
  readonly snapshots: readonly Pick<Snapshot, "id" | "incomplete" | "tags">[];
  /** Logical bytes read so far. Kopia does not say how much storage that takes. */
  readonly sizeBytes: number;
}

/** Groups the unfinished snapshots of a listing by upload; finished ones are ignored. */
export class UnfinishedUploads {
  readonly #uploads = new Map<string, UnfinishedUpload>();

  add(snapshot: Snapshot): void {
    const { source, startTime, endTime, incomplete, sizeBytes = 0 } = snapshot;
    if (incomplete === undefined) return;
    const key = keyOf(source, startTime);
    const known = this.#uploads.get(key);
    const { id, tags } = snapshot;
    const writtenMs = Date.parse(endTime);
    this.#uploads.set(key, {
      source,
      startTime,
      lastWriteMs: Math.max(writtenMs, known?.lastWriteMs ?? writtenMs),
      snapshots: [...(known?.snapshots ?? []), { id, incomplete, tags }],
      sizeBytes: Math.max(sizeBytes, known?.sizeBytes ?? 0),
    });
  }

  /**
   * Marks the upload of a finished snapshot as over: kopia may write a last checkpoint at that moment and leave it.
   * Call it after all unfinished snapshots were added.
   */
  end({ source, startTime, id, tags }: Snapshot): void {
    const key = keyOf(source, startTime);
    const known = this.#uploads.get(key);
    if (known === undefined) return;
    this.#uploads.set(key, { ...known, snapshots: [...known.snapshots, { id, tags }] });
  }

  /** In the order of the listing. */
  get all(): readonly UnfinishedUpload[] {
    return [...this.#uploads.values()];
  }
}

function keyOf({ username, hostname, path }: Snapshot["source"], startTime: string): string {
  return JSON.stringify([username, hostname, path, startTime]);
}

/**
 * True when the upload cannot go on: it ended in a snapshot that is no checkpoint, or nothing was written for
 * QUIET_SECONDS (a time in the future does not count as silence). The checkpoints of a running upload must stay: kopia
 * resumes from them, and they keep maintenance from removing its data.
 */
export function uploadIsOver({ snapshots, lastWriteMs }: UnfinishedUpload, nowMs: number): boolean {
  return snapshots.some(({ incomplete }) => incomplete !== "checkpoint") ||
    nowMs - lastWriteMs >= QUIET_SECONDS * 1000;
}

/** The uploads that are over, for the result of a bootstrap; undefined when there are none. */
export function leftBehind(
  uploads: readonly UnfinishedUpload[],
  nowMs: number,
): BootstrapResult["unfinished"] {
  const over = uploads.filter((upload) => uploadIsOver(upload, nowMs));
  const [first] = over.map(({ startTime }) => startTime).toSorted();
  if (first === undefined) return undefined;
  return {
    snapshotCount: over.reduce((sum, { snapshots }) => sum + snapshots.length, 0),
    sizeBytes: over.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    oldestTime: first,
  };
}
