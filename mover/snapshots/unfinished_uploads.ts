import type { BootstrapResult } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";

/**
 * So long after its last sign of life an upload is taken to be over. While it goes on kopia writes a checkpoint every
 * 45 minutes or more often, whatever flags it got; the rest is for slow storage and for clocks that are not the same.
 */
export const QUIET_SECONDS = 90 * 60;

/** What an upload left that is no whole snapshot: all that kopia wrote down of one source since one moment. */
export interface UnfinishedUpload {
  readonly source: Snapshot["source"];
  /** When it was begun, by the clock of whoever made it; kopia writes the same one into all of them. */
  readonly startTime: string;
  /** When the last of them was written, by the same clock. */
  readonly lastWriteMs: number;
  /** In no order that matters; with the snapshot it ended in, where that was looked for. */
  readonly snapshots: readonly Pick<Snapshot, "id" | "incomplete" | "tags">[];
  /** Logical bytes it had taken in by then. Kopia does not tell how much of that nothing else holds. */
  readonly sizeBytes: number;
}

/** Puts the unfinished snapshots of a listing together by upload; finished ones are passed over. */
export class UnfinishedUploads {
  readonly #uploads = new Map<string, UnfinishedUpload>();

  add(snapshot: Snapshot): void {
    const { source, startTime, endTime, incomplete, sizeBytes } = snapshot;
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
   * Says of a finished snapshot that its upload is over: kopia may write one checkpoint more at the moment of the end,
   * and then does not drop it. To be called when the unfinished ones are known.
   */
  end({ source, startTime, id, tags }: Snapshot): void {
    const key = keyOf(source, startTime);
    const known = this.#uploads.get(key);
    if (known === undefined) return;
    this.#uploads.set(key, { ...known, snapshots: [...known.snapshots, { id, tags }] });
  }

  /** In the order in which they were first met. */
  get all(): readonly UnfinishedUpload[] {
    return [...this.#uploads.values()];
  }
}

function keyOf({ username, hostname, path }: Snapshot["source"], startTime: string): string {
  return JSON.stringify([username, hostname, path, startTime]);
}

/**
 * True when nobody can be at work on it any more: kopia said its last word on it, or has been silent for too long. A
 * time to come is no silence. Of one that is not over a checkpoint is what kopia goes on from, and what keeps
 * maintenance from taking the data of a long run away.
 */
export function uploadIsOver({ snapshots, lastWriteMs }: UnfinishedUpload, nowMs: number): boolean {
  return snapshots.some(({ incomplete }) => incomplete !== "checkpoint") ||
    nowMs - lastWriteMs >= QUIET_SECONDS * 1000;
}

/** What the uploads that are over left behind, as a bootstrap tells it; undefined when nothing. */
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
