import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import {
  isAccepted,
  isInherited,
  missingIds,
  missingNote,
  repositoryKeyText,
  repositoryOfRun,
  type RetentionRun,
  type Routine,
  runSnapshots,
  type RunSummary,
  textAt,
  valueAt,
} from "../shared/mod.ts";

/** A Backup of a recipe, as far as its recipe cares; flat and small, for there are ten thousand of them. */
export interface RecipeRun extends RetentionRun, Pick<RunSummary, "phase" | "isDeleting"> {
  /** It was put back: a run of another object made its snapshots. */
  readonly isInherited: boolean;
  /** It Succeeded and lacks nothing. */
  readonly isComplete: boolean;
  /** Paths it tried and did not save. */
  readonly failed: readonly string[];
  readonly uid: string;
  /** The version all this was read of. */
  readonly resourceVersion?: string;
  /** When the API server made it, in milliseconds since the epoch; 0 when that is not known. */
  readonly createdMs: number;
  /** `repositoryKeyText` and kopia's id of the repository its snapshots are in. */
  readonly repository: string | undefined;
  readonly uniqueId: string | undefined;
  /** Something it made or stands on is said to be gone from the repository: it is no success any more. */
  readonly isGone: boolean;
  /** Retention deletes it, or was about to. */
  readonly isMarked: boolean;
}

/** Value of the annotation that says who deletes a Backup. */
export const MARK: Routine = "retention";

/** What a recipe asks of a Backup; read by hand, as `runSummary` is. */
export function recipeRun(backup: KubeObject, summary: RunSummary): RecipeRun {
  const { uid = "", resourceVersion, creationTimestamp = "", annotations } = backup.metadata;
  const { name, phase, isDeleting, timeMs } = summary;
  const { saved, unchanged, failed } = runSnapshots(backup);
  const repository = repositoryOfRun(backup);
  const wasPutBack = isInherited(backup);
  const isGone = holdsWhatIsGone(backup);
  return {
    name,
    phase,
    hasFailed: phase === "Failed",
    isDeleting,
    timeMs,
    isAccepted: isAccepted(backup),
    saved,
    unchanged,
    failed,
    isInherited: wasPutBack,
    isComplete: phase === "Succeeded" && !isGone && !saysIncomplete(backup),
    uid,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    // It ran before it was made, and no clock is to blame for that.
    createdMs: wasPutBack ? 0 : Date.parse(creationTimestamp) || 0,
    isExempt: valueAt(backup, "spec", "pin") === true,
    repository: repository && repositoryKeyText(repository, summary.namespace),
    uniqueId: textAt(backup, "status", "resolved", "repository", "uniqueId"),
    isGone,
    isMarked: annotations?.[ANNOTATION.deletedBy] === MARK,
  };
}

function holdsWhatIsGone(backup: KubeObject): boolean {
  const ids = missingIds(missingNote(backup));
  const entries = valueAt(backup, "status", "snapshots");
  return ids.length > 0 && Array.isArray(entries) &&
    entries.some((entry) =>
      ids.includes(textAt(entry, "kopiaSnapshotID") ?? textAt(entry, "unchangedSince") ?? "")
    );
}

function saysIncomplete(backup: KubeObject): boolean {
  const conditions = valueAt(backup, "status", "conditions");
  return Array.isArray(conditions) &&
    conditions.some((each) => textAt(each, "type") === "Complete" && textAt(each, "status") === "False");
}
