/** Group of all kinds. */
export const GROUP = "kopiur.home-operations.com";
/** The only served and stored version. */
export const VERSION = "v1alpha1";
/** `apiVersion` of all kinds. */
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Field manager of every server-side apply of the controller. */
export const FIELD_MANAGER = `${GROUP}/controller`;
/** The only finalizer in the product: a Backup holds its snapshot until this is dropped. */
export const FINALIZER = `${GROUP}/snapshot-cleanup`;

/** Label keys written on what the controller makes. */
export const LABEL = {
  /** How a Backup came to be: `scheduled`, `manual` or `discovered`. */
  origin: `${GROUP}/origin`,
  /** Name of the BackupSchedule that made a Backup; a label and no owner: runs outlive their schedule. */
  schedule: `${GROUP}/schedule`,
  /** Kopia's id of the snapshot a discovered Backup stands for. */
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

/** Annotation keys people or the controller write. */
export const ANNOTATION = {
  /** On a Namespace: "true" permits movers that run as root. */
  privilegedMovers: `${GROUP}/privileged-movers`,
  /** On a Backup: "true" drops the finalizer without touching the repository. */
  skipSnapshotCleanup: `${GROUP}/skip-snapshot-cleanup`,
  /** On a Backup: who deletes it as a matter of routine, `retention` or `history`; such a deletion never counts as a mistake. */
  deletedBy: `${GROUP}/deleted-by`,
  /** On a Backup: "true" lets its snapshots be deleted although many Backups are deleted, or they are the last ones. */
  confirmDeletion: `${GROUP}/confirm-deletion`,
  /** On a Backup: a word that says why its run is to be stopped, `Replaced` from a schedule; it then ends Failed. */
  cancelRun: `${GROUP}/cancel-run`,
  /** On a Backup, as JSON `{"at": RFC 3339, "ids": [...]}`: snapshots of it that the repository holds no longer. */
  snapshotMissing: `${GROUP}/snapshot-missing`,
  /** On a Backup: uid under which its run was started, and value of the tag of its snapshots; written once it ended, for the day on which it is put back without its status. */
  ranAs: `${GROUP}/ran-as`,
  /** On a Backup a schedule made: when that was, RFC 3339. One that the API server made much later was put back. */
  madeAt: `${GROUP}/made-at`,
  /** On a Backup that was put back without its status: "true" has it run again. */
  runAgain: `${GROUP}/run-again`,
  /** On a Repository: its own uid, a person's word that no other cluster lives on the snapshots of Backups that were put back. */
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
  /** On a mover Job: a hash of what the controller gave its pods, by which one that never ran is known to be out of date. */
  moverSettings: `${GROUP}/mover-settings`,
  /** On a mover Job of a Backup: name of the Repository it works on, for the count of movers. */
  repository: `${GROUP}/repository`,
  /** On a mover Job of a Backup: what its run was started with, as JSON, for a controller that died before it wrote that down. */
  run: `${GROUP}/run`,
} as const;

/** Category under which `kubectl get kopiur` lists everything. */
export const CATEGORY = "kopiur";
