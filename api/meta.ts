/** Group of all kinds (seed 000). */
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
  /** Name of the BackupConfig a Backup or its Job belongs to. */
  config: `${GROUP}/config`,
  /** Name of the Backup a Job or ConfigMap works for. */
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
  /** On a Namespace: "true" permits movers that run as root (design D11). */
  privilegedMovers: `${GROUP}/privileged-movers`,
  /** On a Backup: "true" drops the finalizer without touching the repository. */
  skipSnapshotCleanup: `${GROUP}/skip-snapshot-cleanup`,
  /** On a bootstrap Job: what it was started for (spec generation, Secret versions). */
  bootstrapFor: `${GROUP}/bootstrap-for`,
  /** On a mover Job: the source (PVC name) it reads. */
  source: `${GROUP}/source`,
  /** On a mover Job of a Backup: what its run was started with, as JSON, for a controller that died before it wrote that down. */
  run: `${GROUP}/run`,
} as const;

/** Category under which `kubectl get kopiur` lists everything. */
export const CATEGORY = "kopiur";
