import * as z from "zod";
import { catalogDigest } from "./catalog_listing.ts";
import { kopiaPolicy } from "../kopia_policy.ts";
import { FAILURE_CLASSES, type FailureClass } from "../catalogs/reasons.ts";

export { MOVER_ENV, MOVER_PATH } from "./environment.ts";

/**
 * The work spec and the result of a mover (deploy/docs/decisions/0004-mover-job-and-result.md). Controller and mover images may differ during an
 * upgrade: an unknown version or operation is refused by name, never guessed.
 */
export const CONTRACT_VERSION = 1;

/** The most bytes of a termination message that Kubernetes keeps. */
export const RESULT_MAX_BYTES = 4096;

/** Exit codes of a mover; they agree with the result. */
export const MOVER_EXIT = { ok: 0, retryable: 1, terminal: 2 } as const;

/** Tag on every snapshot of a run: the Backup's uid. Kopia returns it as `tag:kopiur-run`. */
export const RUN_TAG = "kopiur-run";
/** Tag on every snapshot of a run: `<namespace>/<BackupConfig>`. */
export const CONFIG_TAG = "kopiur-config";
/** Tag on every snapshot of a run: `<namespace>/<Backup>`, by which a Backup that was put back finds its snapshots. */
export const BACKUP_TAG = "kopiur-backup";

const identity = z.object({ username: z.string().min(1), hostname: z.string().min(1) });

const repository = z.union([
  z.strictObject({ filesystem: z.strictObject({ path: z.string().startsWith("/") }) }),
  z.strictObject({
    s3: z.strictObject({
      bucket: z.string().min(1),
      endpoint: z.string().min(1),
      prefix: z.string().optional(),
      region: z.string().optional(),
      disableTls: z.boolean(),
      insecureSkipVerify: z.boolean(),
      /** True when `MOVER_PATH.caBundle` has a private CA. */
      privateCa: z.boolean(),
    }),
  }),
]);
export type RepositoryTarget = z.infer<typeof repository>;

const { compression, ignore, upload, errorHandling } = kopiaPolicy.shape;

/** As in the recipe, but an unknown setting is refused, as it would be ignored silently. */
const policy = z.strictObject({
  ...kopiaPolicy.shape,
  compression: compression.unwrap().strict().optional(),
  ignore: ignore.unwrap().strict().optional(),
  upload: upload.unwrap().strict().optional(),
  errorHandling: errorHandling.unwrap().strict().optional(),
});

const operation = z.union([
  z.strictObject({
    backup: z.strictObject({
      /** Folder inside the container. */
      mountPath: z.string().startsWith("/"),
      /** The path of the kopia source, for --override-source. */
      sourcePath: z.string().startsWith("/"),
      /** Uid of the Backup, value of {@link RUN_TAG}. */
      runId: z.string().min(1),
      /** Tags besides that of the run. */
      tags: z.record(z.string(), z.string()),
      description: z.string().optional(),
      /** The policy of the source; fields that are not set are inherited by kopia. */
      policy: policy.optional(),
      /** Refuse a repository with another unique id, before anything is written. */
      uniqueId: z.string().optional(),
    }),
  }),
  z.strictObject({
    bootstrap: z.strictObject({
      /** Present only when a missing repository may be created. */
      create: z.strictObject({
        encryption: z.string().optional(),
        hash: z.string().optional(),
        splitter: z.string().optional(),
      }).optional(),
    }),
  }),
  z.strictObject({
    snapshotDelete: z.strictObject({
      runId: z.string().min(1),
      /** Refuse a repository with another unique id. */
      uniqueId: z.string().optional(),
      /** The snapshots in the Backup's status; everything tagged with the run is deleted as well. */
      snapshots: z.array(z.strictObject({ id: z.string().min(1), sourcePath: z.string().startsWith("/") })),
      /**
       * Where and when movers of the run may have been killed: checkpoints have no tags, so only
       * source and time show whose they are. Absent: none are searched.
       */
      checkpoints: z.strictObject({
        sourcePaths: z.array(z.string().startsWith("/")),
        from: z.iso.datetime(),
        to: z.iso.datetime(),
      }).optional(),
    }),
  }),
]);
export type MoverOperation = z.infer<typeof operation>;

/** The work spec: JSON in an annotation of the pod, which mounts it as a file. Contains no secret. */
export const workSpec = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  operation,
  identity,
  repository,
  /** The object it works for; for logs and spans. */
  target: z.strictObject({ kind: z.string(), namespace: z.string(), name: z.string() }),
  limits: z.strictObject({
    /** Time limit of the whole operation. */
    timeoutSeconds: z.int().min(1).optional(),
  }),
  cache: z.strictObject({
    contentCacheSizeMb: z.int().min(1).optional(),
    metadataCacheSizeMb: z.int().min(1).optional(),
  }),
});
export type WorkSpec = z.infer<typeof workSpec>;

/** The key of an operation in work spec and result. */
export type OperationKey = MoverOperation extends infer Each ? Each extends unknown ? keyof Each : never
  : never;

/** Every operation with its name in results and as metric label value. */
export const OPERATION_NAMES = {
  backup: "Backup",
  bootstrap: "BootstrapRepository",
  snapshotDelete: "SnapshotDelete",
} as const satisfies Readonly<Record<OperationKey, string>>;
export type MoverOperationName = typeof OPERATION_NAMES[OperationKey];

/** Which operation it is. */
export function operationKey(operation: MoverOperation): OperationKey {
  if ("backup" in operation) return "backup";
  if ("bootstrap" in operation) return "bootstrap";
  if ("snapshotDelete" in operation) return "snapshotDelete";
  return operation satisfies never;
}

/** The characters of a snapshot's id by which a listing names it. */
export const SHORT_ID_LENGTH = 12;

/** What one listing of a repository showed. */
export const repositoryStock = z.object({
  /** Finished snapshots. */
  snapshotCount: z.int().min(0),
  /** The sum of the newest snapshots of all sources. */
  totalSizeBytes: z.int().min(0),
  /** When the listing was begun. Absent in results of earlier releases: when the mover ended. */
  observedAt: z.iso.datetime().optional(),
  /** The beginnings of the ids of its snapshots that ended at that time or later: others were being saved meanwhile. */
  recent: z.object({ since: z.iso.datetime(), ids: z.array(z.string()).max(32) }).optional(),
});
export type RepositoryStock = z.infer<typeof repositoryStock>;

const named = z.object({ count: z.int().min(1), paths: z.array(z.string()) });

/** Names that kopia could not keep: it replaces each byte of a name that is not UTF-8 by U+FFFD. */
export const nameLoss = z.object({
  /** Files, folders and links that are in the snapshot under another name; the entries of such a folder are not counted. */
  renamed: named.optional(),
  /** Files and links, also in folders, that no restore brings back, as another file has their name. */
  lost: named.optional(),
  /** True when not all names could be checked: there may be more. */
  unknown: z.literal(true).optional(),
});
export type NameLoss = z.infer<typeof nameLoss>;

/** The result of a backup of one source. Counts that kopia did not give are absent. */
export const backupResult = z.object({
  /** The snapshot of the run; when `unchanged`, the newest of the source, which another run made. */
  snapshotId: z.string().min(1),
  /** The time of the snapshot; when `unchanged`, the time at which this run found nothing changed. */
  startTime: z.iso.datetime(),
  endTime: z.iso.datetime(),
  sizeBytes: z.int().min(0).optional(),
  files: z.int().min(0).optional(),
  /** Bytes written to the storage, after deduplication and compression, including kopia's metadata. */
  bytesNew: z.int().min(0).optional(),
  filesNew: z.int().min(0).optional(),
  filesUnchanged: z.int().min(0).optional(),
  unreadable: z.object({ count: z.int().min(1), paths: z.array(z.string()) }).optional(),
  /** What ignore rules left out; a folder counts once. Absent: nothing. */
  excluded: z.object({ files: z.int().min(0), folders: z.int().min(0) }).optional(),
  /** Absent when the names were not checked; empty when all were kept. */
  names: nameLoss.optional(),
  /** True when an earlier pod of the same run made the snapshot. */
  reused: z.boolean(),
  /** Kopia made no snapshot, as nothing changed since this one, which must not be deleted with this run. */
  unchanged: z.literal(true).optional(),
  /** By how much the source grew since its snapshot before this one. */
  grownBytes: z.int().optional(),
  /** What the run last saw of the repository, which may be before it saved its own snapshot. */
  repository: repositoryStock.optional(),
});
export type BackupResult = z.infer<typeof backupResult>;

/** The result of a bootstrap. */
export const bootstrapResult = z.object({
  uniqueId: z.string().min(1),
  created: z.boolean(),
  ...repositoryStock.shape,
  /** Unreadable manifests, of another client or a later kopia. Absent: none. */
  unreadableManifests: z.int().min(1).optional(),
  /** Unfinished snapshots of uploads that are over. Absent: none. */
  unfinished: z.object({
    snapshotCount: z.int().min(1),
    /** Logical bytes that these uploads had read. */
    sizeBytes: z.int().min(0),
    /** When the first of them began. */
    oldestTime: z.iso.datetime(),
  }).optional(),
  /** The digest of the listing in the mover's log (catalog_listing.ts). */
  catalog: catalogDigest.optional(),
});
export type BootstrapResult = z.infer<typeof bootstrapResult>;

/** The result of a deletion. */
export const snapshotDeleteResult = z.object({
  deleted: z.int().min(0),
  alreadyGone: z.int().min(0),
  /** Checkpoints of killed movers that were deleted as well; absent: none. */
  checkpoints: z.int().min(1).optional(),
  /**
   * Checkpoints that may be of the run but stay, as they were written so recently that another client may still work
   * on them: how many, and when that will be clear. Absent: none.
   */
  left: z.object({ count: z.int().min(1), quietAt: z.iso.datetime() }).optional(),
  /** The repository after the deletion. Absent: nothing was deleted, or it could not be listed any more. */
  repository: repositoryStock.optional(),
});
export type SnapshotDeleteResult = z.infer<typeof snapshotDeleteResult>;

const failureClasses = Object.keys(FAILURE_CLASSES) as [FailureClass, ...FailureClass[]];

/** Why a mover failed. `message` is kopia's last message, redacted; `tail` the last lines of its log. */
export const moverFailure = z.object({
  class: z.enum(failureClasses),
  message: z.string(),
  tail: z.string(),
  /** True when the mover ended before it asked kopia to save anything. Absent when something may have been saved. */
  nothingSaved: z.literal(true).optional(),
});

const common = {
  version: z.literal(CONTRACT_VERSION),
  operation: z.enum(OPERATION_NAMES),
  /** Wall time of the whole operation. */
  durationSeconds: z.number().min(0),
};

/** The termination message: one JSON document of at most {@link RESULT_MAX_BYTES} bytes. */
export const moverResult = z.union([
  z.object({ ...common, backup: backupResult }),
  z.object({ ...common, bootstrap: bootstrapResult }),
  z.object({ ...common, snapshotDelete: snapshotDeleteResult }),
  /** The operation is absent when the work spec could not be read. */
  z.object({ ...common, operation: z.enum(OPERATION_NAMES).optional(), failure: moverFailure }),
]);
export type MoverResult = z.infer<typeof moverResult>;

/** Parses a termination message: a result, or why it is none. Never throws, whatever a pod wrote. */
export function parseMoverResult(
  text: string | undefined,
): { readonly kind: "result"; readonly result: MoverResult } | {
  readonly kind: "unreadable";
  readonly why: string;
} {
  if (text === undefined || text.trim() === "") {
    return { kind: "unreadable", why: "the termination message is empty" };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "unreadable", why: `the termination message is not JSON (${text.length} characters)` };
  }
  const parsed = moverResult.safeParse(json);
  if (parsed.success) return { kind: "result", result: parsed.data };
  return {
    kind: "unreadable",
    why: `the termination message is not a mover result of version ${CONTRACT_VERSION}`,
  };
}
