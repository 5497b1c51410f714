import { RUN_TAG, type SnapshotDeleteResult } from "../../api/mover/contract.ts";
import type { Snapshot } from "../kopia/output.ts";
import {
  QUIET_SECONDS,
  type UnfinishedUpload,
  UnfinishedUploads,
  uploadIsOver,
} from "./unfinished_uploads.ts";

/** The run whose leftovers are looked for. */
interface RunOfLeftovers {
  readonly runId: string;
  /** When it was at work, of a source of which its mover may have been killed; absent of others. */
  readonly window?: { readonly from: string; readonly to: string } | undefined;
}

/** What a run left that has no tag, by which it would be found. */
export interface RunLeftovers {
  /** Ids of checkpoints that go with it. */
  readonly ids: readonly string[];
  /** Of those that stay for now, as their upload may go on: how many, and the last sign of life. */
  readonly young: { readonly count: number; readonly lastWriteMs: number } | undefined;
}

/**
 * The checkpoints of a run among all snapshots of one source. They have no tags: what was begun while the run was at work
 * is its own, unless kopia's last word on that upload says another one; and it goes once the upload is over, for another
 * cluster with the same identity may have begun it in the same minute. Those of other clients, of later runs and of any
 * that has a tag stay. Pure.
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

/** The last time a result can hold: a client's clock, and so the end of its checkpoint, may be anything. */
const LATEST_MS = Date.parse("9999-12-31T23:59:59.999Z");

/** What stays of several sources, as a deletion tells it. */
export function leftOf(leftovers: readonly RunLeftovers[]): SnapshotDeleteResult["left"] {
  const young = leftovers.flatMap((each) => each.young ?? []);
  if (young.length === 0) return undefined;
  const lastWriteMs = Math.max(...young.map((each) => each.lastWriteMs));
  return {
    count: young.reduce((sum, { count }) => sum + count, 0),
    quietAt: new Date(Math.min(lastWriteMs + QUIET_SECONDS * 1000, LATEST_MS)).toISOString(),
  };
}

/** Kopia's last word on an upload carries the tags of its run; without it only the time tells whose it is. */
function isOfRun({ snapshots, startTime }: UnfinishedUpload, { runId, window }: RunOfLeftovers): boolean {
  const telling = snapshots.filter((each) => !isPlainCheckpoint(each));
  if (telling.length > 0) return telling.every(({ tags }) => tags[RUN_TAG] === runId);
  if (window === undefined) return false;
  const startMs = Date.parse(startTime);
  return startMs >= Date.parse(window.from) && startMs <= Date.parse(window.to);
}

/** What has a tag is found by it. */
function checkpointIds({ snapshots }: UnfinishedUpload): readonly string[] {
  return snapshots.filter(isPlainCheckpoint).map(({ id }) => id);
}

function isPlainCheckpoint({ incomplete, tags }: UnfinishedUpload["snapshots"][number]): boolean {
  return incomplete === "checkpoint" && Object.keys(tags).length === 0;
}
