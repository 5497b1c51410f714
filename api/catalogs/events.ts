/**
 * Every Event the kinds plan by themselves, as data: what tools may match on. In addition, each object tells the outcome
 * of its pass when that changes, with the action "Reconcile" and any reason of the closed list.
 */
import type { Reason } from "./reasons.ts";

/** Events of one action: who gets them and when. */
export interface EventEntry {
  readonly type: "Normal" | "Warning";
  /** The reasons they may have; those of failures are the classes of the closed list. */
  readonly reasons: readonly Reason[];
  /** What was done, or what a person should do. */
  readonly action: string;
  /** Kinds of the objects they are about. */
  readonly on: readonly string[];
  readonly when: string;
}

/** The action of the Event each outcome tells by itself. */
export const OUTCOME_ACTION = "Reconcile";

const run = ["Backup", "BackupConfig"];

/** The Events, by kind and in the order of an object's life. */
export const EVENTS: readonly EventEntry[] = [
  {
    type: "Normal",
    reasons: ["InitSucceeded"],
    action: "Bootstrap",
    on: ["Repository"],
    when: "the storage was opened or created, and was not open before",
  },
  {
    type: "Warning",
    reasons: ["AuthFailure", "InitFailed"],
    action: "CheckCredentials",
    on: ["Repository"],
    when: "the password is wrong; InitFailed too when the repository was never open",
  },
  {
    type: "Warning",
    reasons: ["MissingCredentialsSecret", "MissingConfigMap"],
    action: "CheckCredentials",
    on: ["Repository", "Backup"],
    when: "a Secret or ConfigMap, or a key in it, is not there",
  },
  {
    type: "Warning",
    reasons: ["AccessDenied", "PermissionDenied", "InitFailed"],
    action: "CheckPermissions",
    on: ["Repository"],
    when: "the storage may not be used",
  },
  {
    type: "Warning",
    reasons: [
      ...["InitFailed", "Locked", "NotInitialized", "NotFound", "RepositoryReplaced"] as const,
      "CreationContested",
      ...["RepositoryUnavailable", "StorageFull", "SourceError", "UnexpectedOutput", "Unknown"] as const,
      ...[
        "InvalidWorkSpec",
        "BootstrapJobFailed",
        "ResultMissing",
        "Interrupted",
        "DeadlineExceeded",
      ] as const,
      ...[
        "StartDeadlineExceeded",
        "OutOfMemory",
        "Unschedulable",
        "PodNotStarted",
        "MoverLost",
        "VolumeNotFound",
      ] as const,
    ],
    action: "CheckBackend",
    on: ["Repository"],
    when: "the storage could not be opened",
  },
  {
    type: "Warning",
    reasons: ["PrivilegedMoverNotPermitted"],
    action: "AnnotateNamespaceForPrivilegedMovers",
    on: ["Repository", "Backup"],
    when: "a mover needs more than the namespace permits",
  },
  {
    type: "Warning",
    reasons: ["RefreshOverdue"],
    action: "CheckBackend",
    on: ["Repository"],
    when: "an open repository was not read again for several intervals",
  },
  {
    type: "Warning",
    reasons: ["RepositoryShared"],
    action: "CheckBackend",
    on: ["Repository"],
    when: "another Repository opens the same repository, or a copy of it",
  },
  {
    type: "Warning",
    reasons: ["CreationContested"],
    action: "CheckRepository",
    on: ["Repository"],
    when: "it waits, for another Repository may be creating a repository in the same storage",
  },
  {
    type: "Warning",
    reasons: ["UnexpectedOutput", "Forbidden", "CatalogShrunk"],
    action: "ReadCatalog",
    on: ["Repository"],
    when:
      "the list of its snapshots could not be read, a Backup for one of them could not be made, or most of what it should show is missing",
  },
  {
    type: "Normal",
    reasons: ["BackupSucceeded"],
    action: "Backup",
    on: run,
    when: "a run ended well, also when nothing had changed",
  },
  {
    type: "Warning",
    reasons: ["BackupPartial"],
    action: "Backup",
    on: run,
    when: "a run ended and something is missing from it",
  },
  {
    type: "Warning",
    reasons: ["BackupFailed"],
    action: "Backup",
    on: run,
    when: "no source of a run could be backed up",
  },
  {
    type: "Warning",
    reasons: ["EmptySnapshot"],
    action: "CheckSource",
    on: run,
    when: "a run ended and a source holds no files",
  },
  {
    type: "Warning",
    reasons: ["NamesChanged"],
    action: "RenameFiles",
    on: run,
    when: "a run ended and names that are not UTF-8 are others in its snapshot",
  },
  {
    type: "Warning",
    reasons: ["ConfigNotFound"],
    action: "CreateBackupConfig",
    on: ["Backup", "BackupSchedule"],
    when: "the BackupConfig it names is not there",
  },
  {
    type: "Warning",
    reasons: ["InvalidSpec"],
    action: "EditBackupConfig",
    on: ["Backup"],
    when: "its BackupConfig makes no sense",
  },
  {
    type: "Warning",
    reasons: ["RepositoryNotFound"],
    action: "CreateRepository",
    on: ["Backup"],
    when: "the repository is not there",
  },
  {
    type: "Warning",
    reasons: ["RepositoryReplaced"],
    action: "CheckRepository",
    on: ["Backup"],
    when: "the repository of that name is another one than the run was made with",
  },
  {
    type: "Warning",
    reasons: ["VolumeNotFound"],
    action: "CreateVolume",
    on: ["Backup"],
    when: "there is no volume to back up",
  },
  {
    type: "Warning",
    reasons: ["VolumeNotUsable"],
    action: "CheckVolume",
    on: run,
    when: "a claim it means has no volume, has lost it, is being deleted or is a raw block device",
  },
  {
    type: "Warning",
    reasons: ["Unschedulable"],
    action: "CheckScheduling",
    on: ["Backup"],
    when: "no node takes the mover",
  },
  {
    type: "Warning",
    reasons: ["PodNotStarted"],
    action: "CheckPod",
    on: ["Backup"],
    when:
      "the mover does not start, or its pod is gone or lost; told anew when a kubelet says what does not pass by itself",
  },
  {
    type: "Warning",
    reasons: ["Interrupted"],
    action: "CheckNode",
    on: ["Backup"],
    when: "the cluster evicted, drained or preempted a mover; each time, and at the tenth its source fails",
  },
  {
    type: "Warning",
    reasons: ["SnapshotMissing"],
    action: "CheckRepository",
    on: ["Backup"],
    when: "a scan of the repository did not find its snapshots",
  },
  {
    type: "Normal",
    reasons: ["SnapshotPresent"],
    action: "CheckRepository",
    on: ["Backup"],
    when: "a scan found them again",
  },
  {
    type: "Normal",
    reasons: ["Adopted"],
    action: "Adopt",
    on: ["Backup"],
    when: "it was put back without its status, and took up the snapshots its run had made",
  },
  {
    type: "Warning",
    reasons: ["NothingToAdopt"],
    action: "CheckRepository",
    on: ["Backup"],
    when: "it was put back without its status, and the repository shows no snapshot of it",
  },
  {
    type: "Warning",
    reasons: ["MassDeletionHeld"],
    action: "ConfirmDeletion",
    on: ["Backup"],
    when: "many Backups were deleted, so its snapshots stay until a person confirms",
  },
  {
    type: "Warning",
    reasons: ["LastSnapshotsHeld"],
    action: "ConfirmDeletion",
    on: ["Backup"],
    when: "its deletion would take the last snapshots of a source or more than half of a recipe's",
  },
  {
    type: "Warning",
    reasons: ["PinnedHeld"],
    action: "ConfirmDeletion",
    on: ["Backup"],
    when: "a rule deleted it, but it is pinned",
  },
  {
    type: "Warning",
    reasons: ["InheritedHeld"],
    action: "ConfirmDeletion",
    on: ["Backup"],
    when: "it was put back and is deleted, and another cluster may live on its snapshots",
  },
  {
    type: "Warning",
    reasons: ["InheritedHeld"],
    action: "ConfirmHeir",
    on: ["BackupConfig"],
    when: "Backups of it were put back, so retention deletes none of them until a person says that it may",
  },
  {
    type: "Normal",
    reasons: ["MassDeletionReleased"],
    action: "Delete",
    on: ["Backup"],
    when: "that was confirmed",
  },
  {
    type: "Normal",
    reasons: ["SnapshotDeleted"],
    action: "Delete",
    on: ["Backup"],
    when: "its snapshots were deleted with it",
  },
  {
    type: "Warning",
    reasons: ["SnapshotDeletionFailed"],
    action: "Delete",
    on: ["Backup"],
    when: "they could not be; once for each attempt",
  },
  {
    type: "Normal",
    reasons: ["SnapshotOrphaned"],
    action: "Orphan",
    on: ["Backup"],
    when: "it was deleted and its snapshots stay in the repository",
  },
  {
    type: "Normal",
    reasons: ["RetentionApplied"],
    action: "Prune",
    on: ["BackupConfig"],
    when: "Backups that no rule keeps were deleted",
  },
  {
    type: "Warning",
    reasons: ["RetentionHeld"],
    action: "Prune",
    on: ["BackupConfig"],
    when: "nothing is deleted while the order of the runs is in doubt",
  },
  {
    type: "Warning",
    reasons: ["NotWhole"],
    action: "CheckSource",
    on: ["BackupConfig"],
    when: "the newest snapshot of a source is partial, empty or shrunken, and takes no place from whole ones",
  },
  {
    type: "Normal",
    reasons: ["BackupCreated"],
    action: "Schedule",
    on: ["BackupSchedule"],
    when: "a Backup was made for a slot",
  },
  {
    type: "Warning",
    reasons: ["MissedSchedule", "SkippedSchedule"],
    action: "Schedule",
    on: ["BackupSchedule"],
    when: "slots passed without a Backup, or one was left out on purpose",
  },
  {
    type: "Normal",
    reasons: ["HistoryLimited"],
    action: "LimitHistory",
    on: ["BackupSchedule"],
    when: "old runs without a snapshot were deleted",
  },
  {
    type: "Normal",
    reasons: ["Suspended"],
    action: "Suspend",
    on: ["BackupSchedule"],
    when: "it was suspended",
  },
];

/** Whether an Event is one the catalog knows: tests let none pass that it does not. */
export function isKnownEvent(
  event: { readonly type: string; readonly reason: string; readonly action: string; readonly kind: string },
): boolean {
  if (event.action === OUTCOME_ACTION) return true;
  return EVENTS.some(({ type, reasons, action, on }) =>
    type === event.type && action === event.action && on.includes(event.kind) &&
    reasons.some((reason) => reason === event.reason)
  );
}
