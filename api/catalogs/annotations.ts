import { ANNOTATION } from "../meta.ts";

/** An annotation by which kinds and people talk to each other. */
export interface AnnotationEntry {
  /** Kind of the objects that carry it. */
  readonly on: string;
  /** Its value. */
  readonly value: string;
  readonly setBy: string;
  /** Who acts on it, and how. */
  readonly readBy: string;
  /** How it loses its meaning again. */
  readonly removedBy: string;
}

/** Every annotation of the product, by its name in {@link ANNOTATION}: kinds never import each other, so this is what they agree on. */
export const ANNOTATION_CATALOG: Readonly<Record<keyof typeof ANNOTATION, AnnotationEntry>> = {
  privilegedMovers: {
    on: "Namespace",
    value: '"true"',
    setBy: "a person who may edit the Namespace",
    readBy: "Repository and Backup, before a mover that asks for privilegedMode is made",
    removedBy: "by removing it; movers that work go on",
  },
  noBackup: {
    on: "PersistentVolumeClaim, Namespace",
    value: '"true"',
    setBy: "a person, or whoever makes the claim",
    readBy:
      "selectors of BackupConfigs, which leave the claim out; `kopiur_pvc_unprotected` and `kubectl kopiur status`, which miss no backup of it",
    removedBy: "by removing it",
  },
  heir: {
    on: "Repository",
    value: "its own uid, so that a copy of the object says nothing",
    setBy: "a person, best by `kubectl kopiur repository inherit`",
    readBy:
      "BackupConfig, whose retention then takes Backups that were put back like any other; Backup, whose deletion is then not held for having been put back",
    removedBy: "by `kubectl kopiur repository inherit --undo`, or by removing it",
  },
  deletionMemory: {
    on: "Repository",
    value: "JSON: which of its Backups were deleted lately",
    setBy: "Repository, once when it begins; Backup, just before it deletes its snapshots",
    readBy: "Backup: the deletion breaker counts what is no longer there",
    removedBy: "never; what is older than the window drops out of it",
  },
  deletedBy: {
    on: "Backup",
    value: "`retention` or `history`",
    setBy: "BackupConfig (retention) and BackupSchedule (history limits), just before they delete it",
    readBy:
      "Backup: the deletion breaker does not count it, where that routine would delete it by what is known today; BackupConfig, which counts those on their way",
    removedBy: "by the BackupConfig that keeps the Backup after all",
  },
  skipSnapshotCleanup: {
    on: "Backup",
    value: '"true"',
    setBy: "a person",
    readBy:
      "Backup: when it is deleted it lets go without touching the repository; a mover that deletes already is stopped first",
    removedBy: "by removing it while the Backup is still there",
  },
  confirmDeletion: {
    on: "Backup",
    value: '"true"; the uid of the Backup, and nothing else where it was put back',
    setBy: "a person, best by `kubectl kopiur deletions release`",
    readBy: "Backup: the deletion breaker holds it no longer",
    removedBy: "by removing it before the mover that deletes is made",
  },
  cancelRun: {
    on: "Backup",
    value: "`Replaced`, or any other word of a person",
    setBy: "BackupSchedule with concurrencyPolicy Replace, once the next run is there; a person",
    readBy: "Backup: its movers are stopped and it ends Failed; BackupSchedule, which says it once",
    removedBy: "not: the run ends; of a run that has ended it means nothing",
  },
  snapshotMissing: {
    on: "Backup",
    value: 'JSON `{"at": RFC 3339, "ids": [...]}`',
    setBy: "Repository, when a listing of its snapshots lacks some of the Backup",
    readBy:
      "Backup (condition SnapshotPresent); BackupConfig, for which the run is no success any more; the deletion breaker and retention, which do not rely on it",
    removedBy: "by the Repository, when a listing shows them again",
  },
  ranAs: {
    on: "Backup",
    value: "uid under which its run was started; the tag of its snapshots",
    setBy: "Backup, with the end of its run, when its own movers made all its snapshots",
    readBy:
      "Backup, when it was put back without its status, to find its snapshots; BackupConfig, which then does not delete it by retention",
    removedBy: "never",
  },
  madeAt: {
    on: "Backup",
    value: "RFC 3339",
    setBy: "BackupSchedule, when it makes the Backup",
    readBy: "Backup and BackupSchedule: an object that is much younger than that was put back",
    removedBy: "never",
  },
  runAgain: {
    on: "Backup",
    value: '"true"',
    setBy: "a person",
    readBy: "Backup: one that was put back without its status runs like a new one",
    removedBy: "by removing it before the run has begun; afterwards it means nothing",
  },
  bootstrapFor: {
    on: "Pod (bootstrap)",
    value: "generation of the spec and versions of the Secrets it was started for",
    setBy: "Repository, when it makes the Job",
    readBy: "Repository, to see that a Job was made for what is no longer so",
    removedBy: "never; it goes with the pod",
  },
  workSpec: {
    on: "Pod (mover)",
    value: "JSON",
    setBy: "Repository and Backup, when they make the Job",
    readBy: "the mover, which has it mounted as a file",
    removedBy: "never; it goes with the pod",
  },
  moverSettings: {
    on: "Job (mover)",
    value: "a hash of what its pods were given",
    setBy: "Repository and Backup, when they make the Job",
    readBy: "Backup, to make a Job that never ran anew when its settings were changed",
    removedBy: "never; it goes with the Job",
  },
  source: {
    on: "Job (mover of a Backup)",
    value: "name of the PersistentVolumeClaim it reads",
    setBy: "Backup, when it makes the Job",
    readBy: "people who look at Jobs",
    removedBy: "never; it goes with the Job",
  },
  repository: {
    on: "Job (mover of a Backup)",
    value: "name of the Repository it works on",
    setBy: "Backup, when it makes the Job",
    readBy: "the ledger of slots, which counts movers of each Repository",
    removedBy: "never; it goes with the Job",
  },
  run: {
    on: "Job (mover of a Backup)",
    value: "JSON: what its run was started with",
    setBy: "Backup, when it makes the Job",
    readBy: "Backup, when a controller died before its status said so",
    removedBy: "never; it goes with the Job",
  },
};
