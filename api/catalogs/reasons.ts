/**
 * The closed list of reasons: condition reason, Event reason and metric label at once, so that
 * cardinality is bounded by construction. The value is
 * the stable sentence people read; raw text of kopia goes to Events and logs only.
 */
export const REASONS = {
  // Going well
  Ready: "Everything this object needs is there",
  Bootstrapped: "The repository was opened",
  Initializing: "The repository is being opened",
  Running: "Movers are at work",
  BackupSucceeded: "All sources were backed up",
  BackupPartial: "The backup is incomplete: a source failed, or files could not be read or lost their names",
  BackupFailed: "No source could be backed up",
  InitSucceeded: "The repository was opened for the first time",
  InitFailed: "The repository could not be opened",
  SnapshotDeleted: "The snapshots of the Backup were deleted",
  SnapshotDeletionFailed: "The snapshots of the Backup could not be deleted",
  SnapshotOrphaned: "The Backup was deleted and its snapshots were left in the repository",
  Deleting: "The snapshots of the Backup are being deleted",
  EmptySnapshot: "The source holds no files",
  NamesChanged: "Names that are not UTF-8 are others in the snapshot",
  CatalogRead: "The listing of the snapshots was read",
  CatalogShrunk: "The listing lacks most of the snapshots it should show",
  RepositoryShared: "Another Repository shows the same unique id",
  Complete:
    "All that kopia can save of every source is in the snapshots; it saves no sockets, pipes and devices",
  Available: "The credentials are there",
  Permitted: "The mover is permitted",
  Unchanged: "Nothing changed since the newest snapshot, so kopia made none",
  Discovered: "The snapshot was found in the repository",
  SnapshotPresent: "The repository holds the snapshots",
  SnapshotMissing: "A snapshot of the Backup is gone from the repository",
  Adopted: "The snapshots of a Backup that was put back were taken up",
  PutBack: "The Backup was put back without its status, so it runs nothing and looks for its snapshots",
  NothingToAdopt: "The Backup was put back without its status, and the repository shows no snapshot of it",
  BackupCreated: "The schedule made a Backup",
  Suspended: "The schedule is suspended",
  RetentionApplied: "Backups beyond the retention were deleted",
  HistoryLimited: "Old runs without a snapshot were deleted",
  NotWhole: "The newest snapshot of a source is not whole, so it takes no place from older ones",
  RetentionHeld: "Retention deletes nothing while the order of the runs is in doubt",
  // Waiting for something
  NoSlot: "All mover slots are taken",
  NoVolumeMatches: "No PersistentVolumeClaim matches the selector",
  MassDeletionHeld: "Many Backups are deleted: their snapshots stay until a person confirms",
  LastSnapshotsHeld: "The snapshots are the last ones: they stay until a person confirms",
  PinnedHeld: "A rule deleted the Backup, but it is pinned: its snapshots stay until a person decides",
  InheritedHeld:
    "Backups were put back, and another cluster may live on their snapshots: they stay until a person decides",
  MassDeletionReleased: "The deletion of the snapshots was confirmed",
  SettlingDeletion: "The deletion begins in a moment, so that a mistake can be noticed",
  MissedSchedule: "A slot of the schedule passed without a Backup",
  SkippedSchedule: "A slot was left out because the Backup before it still runs",
  NeverDue: "The schedule never comes due",
  ConfigNotFound: "The BackupConfig does not exist",
  RepositoryNotFound: "The repository does not exist",
  RepositoryNotReady: "The repository is not ready",
  CreationContested: "Another may be creating a repository in the same storage at the same moment",
  RepositoryReplaced: "The repository of that name is not the one the snapshots were written to",
  MissingCredentialsSecret: "A Secret or a key in it is missing",
  MissingConfigMap: "A ConfigMap or a key in it is missing",
  VolumeNotFound: "A PersistentVolumeClaim does not exist",
  VolumeNotUsable: "A PersistentVolumeClaim cannot be backed up",
  PrivilegedMoverNotPermitted: "The namespace does not permit privileged movers",
  Unschedulable: "A mover pod cannot be scheduled",
  PodNotStarted: "A mover pod was scheduled but does not start",
  MoverLost: "A mover is out of sight",
  RefreshOverdue: "The repository was not read again for several intervals",
  NameTaken: "Another object has the name of one that is to be made",
  NamespaceTerminating: "The namespace is being deleted",
  // Failures of kopia and its storage
  AuthFailure: "The repository password is wrong",
  AccessDenied: "The storage refused the credentials",
  PermissionDenied: "A file or folder may not be accessed",
  Locked: "The repository is locked by another process",
  NotInitialized: "The storage holds no repository",
  NotFound: "Something that was asked for does not exist in the repository or storage",
  RepositoryUnavailable: "The storage cannot be reached",
  StorageFull: "The storage or cache has no space left",
  SourceError: "The source could not be read",
  UnexpectedOutput: "Kopia answered something that cannot be understood",
  Unknown: "Kopia failed for a reason that is not known",
  // Failures of the mover around kopia
  InvalidWorkSpec: "The mover cannot understand its work spec",
  BootstrapJobFailed: "The bootstrap Job ended without a result",
  ResultMissing: "The mover ended without a result",
  Interrupted: "The mover was stopped before it finished",
  DeadlineExceeded: "The time limit was reached",
  StartDeadlineExceeded: "The mover pod did not start in time",
  OutOfMemory: "The mover ran out of memory",
  Replaced: "A newer run of the schedule took its place",
  Cancelled: "The run was stopped on request",
  // Failures of the controller
  InvalidSpec: "The object is accepted by its schema but makes no sense",
  Conflict: "The object changed meanwhile",
  Forbidden: "The API server refused the request",
  KubeApiError: "The API server could not be asked",
  InternalError: "The controller failed in an unexpected way",
} as const;

/** One member of the closed list. */
export type Reason = keyof typeof REASONS;

/** Classes a failed mover can name, with whether another try may help. */
export const FAILURE_CLASSES = {
  AuthFailure: "terminal",
  AccessDenied: "terminal",
  PermissionDenied: "terminal",
  Locked: "retryable",
  NotInitialized: "terminal",
  CreationContested: "retryable",
  NotFound: "terminal",
  RepositoryReplaced: "terminal",
  RepositoryUnavailable: "retryable",
  StorageFull: "retryable",
  SourceError: "retryable",
  UnexpectedOutput: "retryable",
  Unknown: "retryable",
  InvalidWorkSpec: "terminal",
  Interrupted: "retryable",
  DeadlineExceeded: "retryable",
} as const satisfies Partial<Record<Reason, "terminal" | "retryable">>;

/** Class of a failure as the mover reports it. */
export type FailureClass = keyof typeof FAILURE_CLASSES;

/** True when the same work may succeed later without a person acting. */
export function isRetryable(failureClass: FailureClass): boolean {
  return FAILURE_CLASSES[failureClass] === "retryable";
}

/** True when a text is a member of the closed list. */
export function isReason(text: string): text is Reason {
  return Object.hasOwn(REASONS, text);
}
