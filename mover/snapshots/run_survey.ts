import { RUN_TAG } from "../../api/mover/contract.ts";
import { eachSnapshot, type Kopia, listTagged } from "../kopia/client.ts";
import type { Snapshot, UnreadableManifest } from "../kopia/output.ts";
import { RepositorySurvey } from "./repository_survey.ts";

/** The snapshots of a repository, as seen by one run and source. */
export interface RunSurvey {
  readonly all: RepositorySurvey;
  /** The finished snapshot of this run; the oldest if there are several. */
  readonly own: Snapshot | undefined;
  /** The newest finished snapshot of the source, of any run. */
  readonly newest: Snapshot | undefined;
}

/**
 * Lists the repository once for all three; the source has the mover's identity. Unreadable manifests of others are only
 * counted. An unreadable manifest of this run throws, as the run would otherwise save a second snapshot. Throws
 * MoverError.
 */
export async function surveyRun(
  kopia: Kopia,
  run: { readonly runId: string; readonly sourcePath: string },
): Promise<RunSurvey> {
  const { identity } = kopia.connection;
  const all = new RepositorySurvey(kopia.clock());
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

/** Asks kopia for the manifests with the run's tag, as the tags of some could not be read here. */
async function refuseOwnUnreadable(kopia: Kopia, runId: string): Promise<void> {
  const [first] = (await listTagged(kopia, RUN_TAG, runId)).unreadable;
  if (first !== undefined) throw first.error;
}
