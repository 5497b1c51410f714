import { RUN_TAG } from "../../api/mover/contract.ts";
import { eachSnapshot, type Kopia, listTagged } from "../kopia/client.ts";
import type { Snapshot, UnreadableManifest } from "../kopia/output.ts";
import { RepositorySurvey } from "./repository_survey.ts";

/** What the repository holds, seen from one run and source. */
export interface RunSurvey {
  readonly all: RepositorySurvey;
  /** The finished snapshot of this run; the oldest, should there ever be two. */
  readonly own: Snapshot | undefined;
  /** The newest finished snapshot of the source, whoever made it. */
  readonly newest: Snapshot | undefined;
}

/**
 * Lists the repository once for all three; the source is of the mover's own identity. What others wrote and nobody can
 * read is passed over; a manifest of this very run must be read, or the run would save a second one. Throws MoverError.
 */
export async function surveyRun(
  kopia: Kopia,
  run: { readonly runId: string; readonly sourcePath: string },
): Promise<RunSurvey> {
  const { identity } = kopia.connection;
  const all = new RepositorySurvey();
  let own: Snapshot | undefined;
  let newest: Snapshot | undefined;
  let withUnknownTags: UnreadableManifest | undefined;
  await eachSnapshot(kopia, {
    onSnapshot: (snapshot) => {
      all.add(snapshot);
      const { incomplete, source, tags, startTime } = snapshot;
      const isOfSource = source.path === run.sourcePath && source.username === identity.username &&
        source.hostname === identity.hostname;
      if (!isOfSource || incomplete !== undefined) return;
      if (newest === undefined || startTime > newest.startTime) newest = snapshot;
      const isOwn = tags[RUN_TAG] === run.runId;
      if (isOwn && (own === undefined || startTime < own.startTime)) own = snapshot;
    },
    onUnreadable: (manifest) => {
      all.addUnreadable();
      const { tags, error } = manifest;
      if (tags === undefined) withUnknownTags ??= manifest;
      else if (tags[RUN_TAG] === run.runId) throw error;
    },
  });
  if (own === undefined && withUnknownTags !== undefined) await refuseOwnUnreadable(kopia, run.runId);
  return { all, own, newest };
}

/** Kopia finds by tag what cannot be read here. */
async function refuseOwnUnreadable(kopia: Kopia, runId: string): Promise<void> {
  const [first] = (await listTagged(kopia, RUN_TAG, runId)).unreadable;
  if (first !== undefined) throw first.error;
}
