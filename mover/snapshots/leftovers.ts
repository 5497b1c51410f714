import { RUN_TAG, type SnapshotDeleteResult } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";
import {
  QUIET_SECONDS,
  type UnfinishedUpload,
  UnfinishedUploads,
  uploadIsOver,
} from "./unfinished_uploads.ts";

/** The run whose leftovers are wanted. */
interface RunOfLeftovers {
  readonly runId: string;
  /** The time of the run, for a source whose mover may have been killed; absent for other sources. */
  readonly window?: { readonly from: string; readonly to: string } | undefined;
}

/** The checkpoints of a run. They have no tags, so they are not found by the run's tag. */
export interface RunLeftovers {
  /** Checkpoints that can be deleted. */
  readonly ids: readonly string[];
  /** Checkpoints that stay for now, as their upload may go on: how many, and the time of the last write. */
  readonly young: { readonly count: number; readonly lastWriteMs: number } | undefined;
}

/**
 * The checkpoints of a run among all snapshots of one source. Checkpoints have no tags. One belongs to the run when its
 * upload began within the run's window; if the upload ended in a snapshot, the tag of that decides. It can be deleted
 * once the upload is over: another cluster with the same identity may have begun it in the same minute. Pure.
 */
export function runLeftovers(source: readonly Snapshot[], run: RunOfLeftovers, nowMs: number): RunLeftovers {
  const unfinished = new UnfinishedUploads();
  for (const snapshot of source) unfinished.add(snapshot);
  for (const snapshot of source) if (snapshot.incomplete === undefined) unfinished.end(snapshot);
  const uploads = unfinished.all.filter((upload) => isOfRun(upload, run));
  const rest = uploads.filter((upload) => !uploadIsOver(upload, nowMs));
  return {
    ids: uploads.filter((upload) => uploadIsOver(upload, nowMs)).flatMap(checkpointIds),
    young: rest.length === 0 ? undefined : {
      count: rest.flatMap(checkpointIds).length,
      lastWriteMs: Math.max(...rest.map(({ lastWriteMs }) => lastWriteMs)),
    },
  };
}

/** The latest time a result can express; the clock of the client that wrote a checkpoint may be wrong. */
const LATEST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** The checkpoints of several sources that stay, for the result of a deletion. */
export function leftOf(leftovers: readonly RunLeftovers[]): SnapshotDeleteResult["left"] {
  const young = leftovers.flatMap((each) => each.young ?? []);
  if (young.length === 0) return undefined;
  const lastWriteMs = Math.max(...young.map((each) => each.lastWriteMs));
  return {
    count: young.reduce((sum, { count }) => sum + count, 0),
    quietAt: new Date(Math.min(lastWriteMs + QUIET_SECONDS * 1000, LATEST_MS)).toISOString(),
  };
}

/** By the tag of the snapshot the upload ended in; while there is none, by the time it began. */
function isOfRun({ snapshots, startTime }: UnfinishedUpload, { runId, window }: RunOfLeftovers): boolean {
  const ends = snapshots.filter((each) => !isPlainCheckpoint(each));
  if (ends.length > 0) return ends.every(({ tags }) => tags[RUN_TAG] === runId);
  if (window === undefined) return false;
  const startMs = Date.parse(startTime);
  return startMs >= Date.parse(window.from) && startMs <= Date.parse(window.to);
}

/** Only checkpoints without a tag: the others are found by it. */
function checkpointIds({ snapshots }: UnfinishedUpload): readonly string[] {
  return snapshots.filter(isPlainCheckpoint).map(({ id }) => id);
}

function isPlainCheckpoint({ incomplete, tags }: UnfinishedUpload["snapshots"][number]): boolean {
  return incomplete === "checkpoint" && Object.keys(tags).length === 0;
}
