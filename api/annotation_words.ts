import { ANNOTATION } from "./meta.ts";

/** A word that kinds and people say to each other by an annotation. */
export interface AnnotationWord {
  /** Kind of the objects that carry it. */
  readonly on: string;
  /** What stands there. */
  readonly value: string;
  readonly saidBy: string;
  /** Who acts on it, and how. */
  readonly heardBy: string;
  /** How it loses its meaning again. */
  readonly takenBack: string;
}

/** Every annotation of the product, by its name in {@link ANNOTATION}: kinds never import each other, so this is what they agree on. */
export const ANNOTATION_WORDS: Readonly<Record<keyof typeof ANNOTATION, AnnotationWord>> = {
  privilegedMovers: {
    on: "Namespace",
    value: '"true"',
    saidBy: "a person who may edit the Namespace",
    heardBy: "Repository and Backup, before a mover that asks for privilegedMode is made",
    takenBack: "by removing it; movers that work go on",
  },
  noBackup: {
    on: "PersistentVolumeClaim, Namespace",
    value: '"true"',
    saidBy: "a person, or whoever makes the claim",
    heardBy:
      "selectors of BackupConfigs, which leave the claim out; `kopiur_pvc_unprotected` and `kubectl kopiur status`, which miss no backup of it",
    takenBack: "by removing it",
  },
  heir: {
    on: "Repository",
    value: "its own uid, so that a copy of the object says nothing",
    saidBy: "a person, best by `kubectl kopiur repository inherit`",
    heardBy:
      "BackupConfig, whose retention then takes Backups that were put back like any other; Backup, whose deletion is then not held for having been put back",
    takenBack: "by `kubectl kopiur repository inherit --undo`, or by removing it",
  },
  deletionMemory: {
    on: "Repository",
    value: "JSON: which of its Backups were deleted lately",
    saidBy: "Repository, once when it begins; Backup, just before it deletes its snapshots",
    heardBy: "Backup: the deletion breaker counts what is no longer there",
    takenBack: "never; what is older than the window drops out of it",
  },
  deletedBy: {
    on: "Backup",
    value: "`retention` or `history`",
    saidBy: "BackupConfig (retention) and BackupSchedule (history limits), just before they delete it",
    heardBy:
      "Backup: the deletion breaker does not count it, where that routine would delete it by what is known today; BackupConfig, which counts those on their way",
    takenBack: "by the BackupConfig that keeps the Backup after all",
  },
  skipSnapshotCleanup: {
    on: "Backup",
    value: '"true"',
    saidBy: "a person",
    heardBy:
      "Backup: when it is deleted it lets go without touching the repository; a mover that deletes already is stopped first",
    takenBack: "by removing it while the Backup is still there",
  },
  confirmDeletion: {
    on: "Backup",
    value: '"true"; the uid of the Backup, and nothing else where it was put back',
    saidBy: "a person, best by `kubectl kopiur deletions release`",
    heardBy: "Backup: the deletion breaker holds it no longer",
    takenBack: "by removing it before the mover that deletes is made",
  },
  cancelRun: {
    on: "Backup",
    value: "`Replaced`, or any other word of a person",
    saidBy: "BackupSchedule with concurrencyPolicy Replace, once the next run is there; a person",
    heardBy: "Backup: its movers are stopped and it ends Failed; BackupSchedule, which says it once",
    takenBack: "not: the run ends; of a run that has ended it means nothing",
  },
  snapshotMissing: {
    on: "Backup",
    value: 'JSON `{"at": RFC 3339, "ids": [...]}`',
    saidBy: "Repository, when a listing of what it holds lacks snapshots of the Backup",
    heardBy:
      "Backup (condition SnapshotPresent); BackupConfig, for which the run is no success any more; the deletion breaker and retention, which do not rely on it",
    takenBack: "by the Repository, when a listing shows them again",
  },
  ranAs: {
    on: "Backup",
    value: "uid under which its run was started; the tag of its snapshots",
    saidBy: "Backup, with the end of its run, where its own movers made all it holds",
    heardBy:
      "Backup, when it was put back without its status, to find its snapshots; BackupConfig, which then does not delete it by retention",
    takenBack: "never",
  },
  madeAt: {
    on: "Backup",
    value: "RFC 3339",
    saidBy: "BackupSchedule, when it makes the Backup",
    heardBy: "Backup and BackupSchedule: an object that is much younger than that was put back",
    takenBack: "never",
  },
  runAgain: {
    on: "Backup",
    value: '"true"',
    saidBy: "a person",
    heardBy: "Backup: one that was put back without its status runs like a new one",
    takenBack: "by removing it before the run has begun; afterwards it means nothing",
  },
  bootstrapFor: {
    on: "Job (bootstrap)",
    value: "generation of the spec and versions of the Secrets it was started for",
    saidBy: "Repository, when it makes the Job",
    heardBy: "Repository, to see that a Job was made for what is no longer so",
    takenBack: "never; it goes with the Job",
  },
  workSpec: {
    on: "Pod (mover)",
    value: "JSON",
    saidBy: "Repository and Backup, when they make the Job",
    heardBy: "the mover, which has it mounted as a file",
    takenBack: "never; it goes with the pod",
  },
  moverSettings: {
    on: "Job (mover)",
    value: "a hash of what its pods were given",
    saidBy: "Repository and Backup, when they make the Job",
    heardBy: "Backup, to make a Job that never ran anew when its settings were changed",
    takenBack: "never; it goes with the Job",
  },
  source: {
    on: "Job (mover of a Backup)",
    value: "name of the PersistentVolumeClaim it reads",
    saidBy: "Backup, when it makes the Job",
    heardBy: "people who look at Jobs",
    takenBack: "never; it goes with the Job",
  },
  repository: {
    on: "Job (mover of a Backup)",
    value: "name of the Repository it works on",
    saidBy: "Backup, when it makes the Job",
    heardBy: "the ledger of slots, which counts movers of each Repository",
    takenBack: "never; it goes with the Job",
  },
  run: {
    on: "Job (mover of a Backup)",
    value: "JSON: what its run was started with",
    saidBy: "Backup, when it makes the Job",
    heardBy: "Backup, when a controller died before its status said so",
    takenBack: "never; it goes with the Job",
  },
};
