/** Group of all kinds. */
export const GROUP = "kopiur.home-operations.com";
/** The only served and stored version. */
export const VERSION = "v1alpha1";
/** `apiVersion` of all kinds. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Field manager of every write of the controller. */
export const FIELD_MANAGER = `${GROUP}/controller`;
/** The only finalizer of the product: it keeps a Backup until its snapshots are handled. */
export const FINALIZER = `${GROUP}/snapshot-cleanup`;

/** Label keys written on what the controller makes. */
export const LABEL = {
  /** The origin of a Backup: `scheduled`, `manual` or `discovered`. */
  origin: `${GROUP}/origin`,
  /** Name of the BackupSchedule that made a Backup; a label and no owner: runs outlive their schedule. */
  schedule: `${GROUP}/schedule`,
  /** Kopia's id of a discovered Backup's snapshot. */
  snapshotId: `${GROUP}/snapshot-id`,
  /** Name of the BackupConfig a Backup or its Job belongs to. */
  config: `${GROUP}/config`,
  /** Name of the Backup a Job works for. */
  backup: `${GROUP}/backup`,
  /** Name of the Repository a bootstrap Job works for. */
  repository: `${GROUP}/repository`,
  /** What the mover of a Job does: `backup`, `bootstrap` or `snapshot-delete`. */
  operation: `${GROUP}/operation`,
  component: "app.kubernetes.io/component",
  managedBy: "app.kubernetes.io/managed-by",
  name: "app.kubernetes.io/name",
} as const;

/** Value of the managed-by label; owned-object watches select by it. */
export const MANAGED_BY = "kopiur";
/** Value of the component label on mover Jobs and pods. */
export const COMPONENT_MOVER = "mover";

/** Keys of annotations that people or the controller set. */
export const ANNOTATION = {
  /** On a Namespace: "true" permits movers that run as root. */
  privilegedMovers: `${GROUP}/privileged-movers`,
  /** On a Backup: "true" drops the finalizer without touching the repository. */
  skipSnapshotCleanup: `${GROUP}/skip-snapshot-cleanup`,
  /** On a Backup: the routine that deletes it, `retention` or `history`; such a deletion never counts as a mistake. */
  deletedBy: `${GROUP}/deleted-by`,
  /** On a Backup: "true" lets its snapshots be deleted although many Backups are deleted, or they are the last ones. */
  confirmDeletion: `${GROUP}/confirm-deletion`,
  /** On a Backup: why its run must be stopped, `Replaced` from a schedule; it then ends Failed. */
  cancelRun: `${GROUP}/cancel-run`,
  /** On a Backup, as JSON `{"at": RFC 3339, "ids": [...]}`: its snapshots that are gone from the repository. */
  snapshotMissing: `${GROUP}/snapshot-missing`,
  /** On a Backup: the uid its run was started under, and value of the tag of its snapshots; written when it ended, in case it is put back without its status. */
  ranAs: `${GROUP}/ran-as`,
  /** On a Backup of a schedule: when it was made, RFC 3339. When it was created much later, it was put back. */
  madeAt: `${GROUP}/made-at`,
  /** On a Backup that was put back without its status: "true" lets it run again. */
  runAgain: `${GROUP}/run-again`,
  /** On a Repository: its own uid; a person says that no other cluster uses the snapshots of Backups that were put back. */
  heir: `${GROUP}/heir`,
  /** On a PersistentVolumeClaim or a Namespace: "true" says that no backup is wanted, so none is missed. */
  noBackup: `${GROUP}/no-backup`,
  /** On a Repository: which of its Backups were deleted lately, as JSON; the memory of the deletion breaker for its namespace. */
  deletionMemory: `${GROUP}/deletion-memory`,
  /** On a bootstrap Job: what it was started for (spec generation, Secret versions). */
  bootstrapFor: `${GROUP}/bootstrap-for`,
  /** On a mover pod: its work spec, JSON; the pod mounts it as a file. */
  workSpec: `${GROUP}/work-spec`,
  /** On a mover Job: the source (PVC name) it reads. */
  source: `${GROUP}/source`,
  /** On a mover Job: a hash of its pods' settings, which shows whether a Job that never ran is outdated. */
  moverSettings: `${GROUP}/mover-settings`,
  /** On a mover Job of a Backup: name of the Repository it works on, for the count of movers. */
  repository: `${GROUP}/repository`,
  /** On a mover Job of a Backup: the pin of its run, as JSON, in case a controller dies before it records that. */
  run: `${GROUP}/run`,
} as const;

/** Category under which `kubectl get kopiur` lists everything. */
export const CATEGORY = "kopiur";
