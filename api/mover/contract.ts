import * as z from "zod";
import { catalogDigest } from "./catalog_listing.ts";
import { kopiaPolicy } from "../kopia_policy.ts";
import { FAILURE_CLASSES, type FailureClass } from "../catalogs/reasons.ts";

export { MOVER_ENV, MOVER_PATH } from "./environment.ts";

/**
 * What a mover is told and what it answers (deploy/docs/decisions/0004-mover-job-and-result.md). Controller and mover images may differ during an
 * upgrade: an unknown version or operation is refused by name, never guessed.
 */
export const CONTRACT_VERSION = 1;

/** Kubernetes keeps at most this many bytes of a termination message. */
export const RESULT_MAX_BYTES = 4096;

/** Exit codes of a mover; they agree with the result. */
export const MOVER_EXIT = { ok: 0, retryable: 1, terminal: 2 } as const;

/** Tag on every snapshot a run makes: the Backup's uid. Comes back from kopia as `tag:kopiur-run`. */
export const RUN_TAG = "kopiur-run";
/** Tag on every snapshot a run makes: `<namespace>/<BackupConfig>`. */
export const CONFIG_TAG = "kopiur-config";
/** Tag on every snapshot a run makes: `<namespace>/<Backup>`, by which one that was put back finds what it made. */
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
      /** True when `MOVER_PATH.caBundle` holds a private CA. */
      privateCa: z.boolean(),
    }),
  }),
]);
export type RepositoryTarget = z.infer<typeof repository>;

const { compression, ignore, upload, errorHandling } = kopiaPolicy.shape;

/** As in the recipe, but a knob this release does not know is refused: it would be left out without a word. */
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
      /** Path half of the kopia source, given as --override-source. */
      sourcePath: z.string().startsWith("/"),
      /** Uid of the Backup, value of {@link RUN_TAG}. */
      runId: z.string().min(1),
      /** Tags besides that of the run. */
      tags: z.record(z.string(), z.string()),
      description: z.string().optional(),
      /** What the policy of the source is to say; what is not set there goes back to what kopia inherits. */
      policy: policy.optional(),
      /** Refuse when the repository's unique id is another one, before anything is written. */
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
      /** Refuse when the repository's unique id is another one. */
      uniqueId: z.string().optional(),
      /** What the Backup's status knows; everything tagged with the run goes as well. */
      snapshots: z.array(z.strictObject({ id: z.string().min(1), sourcePath: z.string().startsWith("/") })),
      /**
       * Where and when movers of the run may have been killed: kopia writes its checkpoints without tags, so that only
       * source and time tell whose they are. Absent: none are looked for.
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

/** The work spec, JSON in an annotation of the pod that the pod mounts as a file. Holds no secret. */
export const workSpec = z.strictObject({
  version: z.literal(CONTRACT_VERSION),
  operation,
  identity,
  repository,
  /** Whose work this is; for logs and spans. */
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

/** The operations by their key in work spec and result. */
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

/** What a repository holds. */
export const repositoryStock = z.object({
  /** Finished snapshots. */
  snapshotCount: z.int().min(0),
  /** The newest snapshot of each source, added up. */
  totalSizeBytes: z.int().min(0),
});
export type RepositoryStock = z.infer<typeof repositoryStock>;

const named = z.object({ count: z.int().min(1), paths: z.array(z.string()) });

/** What became of names kopia cannot keep: it makes U+FFFD of each byte of a name that is not UTF-8. */
export const nameLoss = z.object({
  /** Files, folders and links that are in the snapshot under another name; those in such a folder are not counted. */
  renamed: named.optional(),
  /** Files and links, those in folders included, that no restore gives back: their name became that of another. */
  lost: named.optional(),
  /** True when not all names could be looked at: there may be more. */
  unknown: z.literal(true).optional(),
});
export type NameLoss = z.infer<typeof nameLoss>;

/** What a finished backup of one source measured. Byte and file counts kopia did not give are absent. */
export const backupResult = z.object({
  /** The snapshot of the run; when `unchanged`, the newest of the source, which belongs to another run. */
  snapshotId: z.string().min(1),
  /** When it was read from the source; when `unchanged`, when this run found that nothing changed. */
  startTime: z.iso.datetime(),
  endTime: z.iso.datetime(),
  sizeBytes: z.int().min(0),
  files: z.int().min(0),
  /** What was written to the storage, after deduplication and compression, kopia's own records included. */
  bytesNew: z.int().min(0).optional(),
  filesNew: z.int().min(0).optional(),
  filesUnchanged: z.int().min(0).optional(),
  unreadable: z.object({ count: z.int().min(1), paths: z.array(z.string()) }).optional(),
  /** What rules left out, a folder with all that is in it as one; absent: nothing. */
  excluded: z.object({ files: z.int().min(0), folders: z.int().min(0) }).optional(),
  /** Absent when nobody looked; empty when all names were kept. */
  names: nameLoss.optional(),
  /** True when an earlier pod of the same run had made the snapshot. */
  reused: z.boolean(),
  /** Kopia made no snapshot, as nothing changed since the one named here: it must not be deleted with this run. */
  unchanged: z.literal(true).optional(),
  /** What the repository held when the run ended. */
  repository: repositoryStock.optional(),
});
export type BackupResult = z.infer<typeof backupResult>;

/** What a bootstrap found. */
export const bootstrapResult = z.object({
  uniqueId: z.string().min(1),
  created: z.boolean(),
  ...repositoryStock.shape,
  /** Manifests nobody here can read: of another client, or of a later kopia. Absent: none. */
  unreadableManifests: z.int().min(1).optional(),
  /** What uploads left that are over and saved no whole snapshot. Absent: nothing. */
  unfinished: z.object({
    snapshotCount: z.int().min(1),
    /** Logical bytes these uploads had taken in. */
    sizeBytes: z.int().min(0),
    /** When the first of them was begun. */
    oldestTime: z.iso.datetime(),
  }).optional(),
  /** What the listing in the mover's log must add up to (catalog_listing.ts). */
  catalog: catalogDigest.optional(),
});
export type BootstrapResult = z.infer<typeof bootstrapResult>;

/** What a deletion did. */
export const snapshotDeleteResult = z.object({
  deleted: z.int().min(0),
  alreadyGone: z.int().min(0),
  /** Checkpoints of killed movers that were deleted as well; absent: none. */
  checkpoints: z.int().min(1).optional(),
  /**
   * Checkpoints that may be the run's own and stay, for they were written so lately that another client may still work
   * on them: how many, and when it is known. Absent: none.
   */
  left: z.object({ count: z.int().min(1), quietAt: z.iso.datetime() }).optional(),
});
export type SnapshotDeleteResult = z.infer<typeof snapshotDeleteResult>;

const failureClasses = Object.keys(FAILURE_CLASSES) as [FailureClass, ...FailureClass[]];

/** Why a mover failed. `message` is kopia's own last words, redacted; `tail` the last lines of its log. */
export const moverFailure = z.object({
  class: z.enum(failureClasses),
  message: z.string(),
  tail: z.string(),
  /** True when the mover ended before it let kopia save anything. Absent when something may have been saved. */
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
  /** The operation is absent when the work spec could not be understood. */
  z.object({ ...common, operation: z.enum(OPERATION_NAMES).optional(), failure: moverFailure }),
]);
export type MoverResult = z.infer<typeof moverResult>;

/** A termination message read: a result, or why it is none. Never throws, whatever a pod wrote. */
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
