import * as z from "zod";
import { cel, exactlyOneOf, ofForm } from "../cel.ts";
import type { KindDefinition } from "./definition.ts";
import { KIND_NAMES } from "../kind_names.ts";
import { kopiaPolicy } from "../kopia_policy.ts";
import { conditions, identity, moverSpec } from "./shared_types.ts";
import { deletionPolicy, IDENTITY_FORM, objectName } from "../words.ts";

const identityPart = ofForm(
  z.string().min(1).max(253),
  IDENTITY_FORM,
  'expected a part of user@host as kopia lists it: no "@", ":" or control character, and no blank at either end',
);

/** Reference to the repository a config writes to. */
export const repositoryRef = z.object({
  kind: z.enum(["Repository"]).default("Repository").describe("Kind of the repository."),
  name: objectName.describe("Name of the repository, in the namespace of this object."),
});
export type RepositoryRef = z.infer<typeof repositoryRef>;

/** Most sources of one run. */
export const SOURCES_MAX = 64;

const labelText = z.string().max(63).regex(/^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/);
const labelKey = z.string().min(1).max(317).regex(
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
);

/** A label selector as in Kubernetes: all requirements must hold; an empty one selects all. */
export const labelSelector = z.object({
  matchLabels: z.record(labelKey, labelText).optional().describe("Labels with exactly these values."),
  matchExpressions: z.array(
    z.object({
      key: labelKey.describe("Key of the label."),
      operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]).describe(
        "How the label is compared; NotIn also matches when there is no such label.",
      ),
      values: z.array(labelText).max(64).optional().describe("Values for In and NotIn."),
    }).meta(cel({
      rule:
        "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values) || size(self.values) == 0",
      message: "values are needed for In and NotIn, and must be left out for Exists and DoesNotExist",
    })),
  ).max(32).optional().describe("Comparisons, all of which must hold."),
});
export type LabelSelector = z.infer<typeof labelSelector>;

/** One entry of `sources`: a claim by name, or all that a selector matches when a run starts. */
const configSource = z.object({
  pvc: z.object({ name: objectName.describe("Name of the PersistentVolumeClaim.") }).optional().describe(
    "A PersistentVolumeClaim in the namespace of this BackupConfig, mounted read-only. While it has no volume, a run waits for it up to its start deadline and then goes on without it; when it lost its volume or is a raw block device, the run goes on without it at once. Such a run is partial.",
  ),
  pvcSelector: labelSelector.optional().describe(
    'The PersistentVolumeClaims of this namespace whose labels match when a run starts; an empty selector matches all. Left out, and named in the condition VolumesUsable: claims being deleted, without a volume, that lost it, and raw block devices. Left out as well: the repository\'s own volume and those with the annotation kopiur.home-operations.com/no-backup: "true".',
  ),
  sourcePathOverride: ofForm(
    z.string().max(512),
    /^\/[^:\p{Cc}]*$/u,
    'expected an absolute path without ":" and control characters, such as /data',
  ).optional().describe(
    "Kopia's source path for a claim that is named. Default: by sourcePathStrategy.",
  ),
  sourcePathStrategy: z.enum(["PvcName", "PvcNamespacedName"]).default("PvcName").describe(
    "Kopia's source path: /pvc/<name> or /pvc/<namespace>/<name>.",
  ),
}).refine(({ pvc, pvcSelector }) => (pvc === undefined) !== (pvcSelector === undefined), {
  message: "expected exactly one of pvc, pvcSelector",
}).refine(({ pvc, sourcePathOverride }) => pvc !== undefined || sourcePathOverride === undefined, {
  message: "sourcePathOverride is for a claim that is named: several claims cannot share one path",
}).meta(cel(
  exactlyOneOf("pvc", "pvcSelector"),
  {
    rule: "has(self.pvc) || !has(self.sourcePathOverride)",
    message: "sourcePathOverride is for a claim that is named: several claims cannot share one path",
  },
));

const keep = z.int().min(0).max(1_000_000).optional();

/** How many Backups with snapshots of a recipe are kept (deploy/docs/retention.md). */
export const retention = z.object({
  keepLatest: keep.describe("The newest so many."),
  keepHourly: keep.describe("The newest of each of the last N hours that have one."),
  keepDaily: keep.describe("The newest of each of the last N days that have one."),
  keepWeekly: keep.describe(
    "The newest of each of the last N weeks that have one; a week begins on Monday.",
  ),
  keepMonthly: keep.describe("The newest of each of the last N months that have one."),
  keepAnnual: keep.describe("The newest of each of the last N years that have one."),
});
export type Retention = z.infer<typeof retention>;

/** Spec of a BackupConfig. */
export const backupConfigSpec = z.object({
  repository: repositoryRef.describe("The repository snapshots go to."),
  identity: z.object({
    username: identityPart.optional().describe(
      "User half of the kopia identity. Default: the name of this BackupConfig.",
    ),
    hostname: identityPart.optional().describe("Host half of the kopia identity. Default: the namespace."),
  }).optional().describe(
    "Kopia stores the history of snapshots under user@host:path; changing it after the first success starts a new history. To continue the history of another client, give both halves as kopia lists them, upper case, blanks and all.",
  ),
  sources: z.array(configSource).min(1).max(SOURCES_MAX).meta(cel(
    {
      rule: "self.all(a, !has(a.pvc) || self.exists_one(b, has(b.pvc) && b.pvc.name == a.pvc.name))",
      message: "each PersistentVolumeClaim may be named once",
    },
  )).describe(
    "What is backed up: one mover Job and one snapshot for each PersistentVolumeClaim, at most 64.",
  ),
  retention: retention.optional().describe(
    "Which Backups with snapshots are kept: those that any of these rules keeps, and those with spec.pin. The others are deleted, a few at a time, after status.retention.pending listed them for a minute. Periods are UTC. Empty, or all 0: every Backup is kept.",
  ),
  policy: kopiaPolicy.optional().describe(
    "How kopia makes the snapshots of this config's sources; a field that is not set is kopia's default, or that of the repository.",
  ),
  defaultDeletionPolicy: deletionPolicy.optional().describe(
    "What deleting a Backup does to its snapshots when the Backup does not say: Delete (default) removes them, Retain and Orphan keep them; Orphan is counted.",
  ),
  mover: moverSpec.optional().describe(
    "How movers of this config run; fields set here win over the Repository's.",
  ),
});
export type BackupConfigSpec = z.infer<typeof backupConfigSpec>;

/** Status of a BackupConfig. */
export const backupConfigStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec that this status is about."),
  resolved: z.object({
    identity: identity.describe("The identity in use."),
    sources: z.array(z.object({
      pvc: z.string().describe("Name of the PersistentVolumeClaim."),
      sourcePath: z.string().describe("Kopia's source path."),
    })).max(SOURCES_MAX).describe("The sources in use: of a selector, the claims that match now."),
  }).optional().describe("The resolved spec."),
  sources: z.array(z.object({
    sourcePath: z.string().describe("Kopia's source path."),
    pvc: z.string().describe("Name of the PersistentVolumeClaim."),
    lastSuccessTime: z.iso.datetime().optional().describe(
      "End of the newest Backup that saved it or found it unchanged. Absent when there was none.",
    ),
    lastAttemptTime: z.iso.datetime().optional().describe(
      "End of the newest Backup that tried to save it. Absent when there was none.",
    ),
  })).max(SOURCES_MAX).optional().describe("Each current source in the newest Backups."),
  consecutiveFailures: z.int().min(0).optional().describe("Failed Backups since the newest Succeeded one."),
  consecutiveIncomplete: z.int().min(0).optional().describe(
    "Backups since the newest complete one: Failed ones, and Succeeded ones with condition Complete=False.",
  ),
  lastCompleteBackup: z.object({
    backupRef: z.object({ name: z.string().describe("Name of the Backup.") }).describe("The Backup."),
    time: z.iso.datetime().describe("When it ended."),
  }).optional().describe(
    "The newest complete Backup; stays when that Backup is deleted.",
  ),
  lastBackup: z.object({
    backupRef: z.object({ name: z.string().describe("Name of the Backup.") }).describe("The Backup."),
    phase: z.enum(["Succeeded", "Failed"]).describe("How it ended."),
    outcome: z.enum(["success", "partial", "failure"]).describe(
      "Partial: something could not be read or lost its name, or a source failed.",
    ),
    time: z.iso.datetime().describe("When it ended."),
    message: z.string().describe("What happened, in one sentence."),
    snapshotIDs: z.array(z.string()).max(64).describe("Kopia's ids of the snapshots made."),
    sizeBytes: z.int().min(0).optional().describe("Logical size of all snapshots."),
    bytesNew: z.int().min(0).optional().describe("Bytes that were new to kopia."),
    filesNew: z.int().min(0).optional().describe("Files read because they were new or changed."),
    filesUnchanged: z.int().min(0).optional().describe("Files taken over from the previous snapshot."),
    durationSeconds: z.number().min(0).optional().describe(
      "From the first mover's start to the last one's end.",
    ),
    unreadable: z.int().min(0).optional().describe("Files and folders that could not be read."),
    renamed: z.int().min(1).optional().describe(
      "Files, folders and links that are saved under another name, as theirs is not UTF-8. Absent: none is known.",
    ),
    lost: z.int().min(1).optional().describe(
      "Files and links that no restore brings back, as their name is not UTF-8 and became that of another. Absent: none is known.",
    ),
    traceId: z.string().regex(/^[0-9a-f]{32}$/).optional().describe("Trace of the run."),
  }).optional().describe("The newest finished Backup; stays when that Backup is deleted."),
  lastSuccessfulBackup: z.object({
    backupRef: z.object({ name: z.string().describe("Name of the Backup.") }).describe("The Backup."),
    time: z.iso.datetime().describe("End of its last snapshot."),
    sizeBytes: z.int().min(0).optional().describe("Logical size of all snapshots."),
    files: z.int().min(0).optional().describe("Files in all snapshots."),
    bytesNew: z.int().min(0).optional().describe("Bytes that were new to kopia."),
    filesNew: z.int().min(0).optional().describe("Files read because they were new or changed."),
    filesUnchanged: z.int().min(0).optional().describe("Files taken over from the previous snapshots."),
    durationSeconds: z.number().min(0).optional().describe(
      "From the first mover's start to the last one's end.",
    ),
  }).optional().describe("The newest Succeeded Backup; stays when that Backup is deleted."),
  retention: z.object({
    activeBackupCount: z.int().min(0).describe(
      "Existing Succeeded Backups, including those that retention will delete.",
    ),
    forGeneration: z.int().min(0).optional().describe("Generation of the spec that pending was made for."),
    pending: z.array(z.object({
      name: z.string().describe("Name of the Backup."),
      endTime: z.iso.datetime().describe("When it ended."),
      since: z.iso.datetime().describe("Since when it is listed here; it may be deleted a minute later."),
    })).max(20).optional().describe("The Backups that retention deletes next, the oldest first."),
    pendingSince: z.iso.datetime().optional().describe("Since when the first of them is listed."),
    pendingCount: z.int().min(0).describe(
      "All Backups that retention will delete, including those in pending.",
    ),
    newest: z.object({
      name: z.string().describe("Name of the Backup."),
      endTime: z.iso.datetime().describe("When it ended."),
    }).optional().describe(
      "The newest Succeeded Backup with a snapshot that retention ever saw; while no existing one is as new, nothing is deleted.",
    ),
    notWhole: z.object({
      partial: z.int().min(0).describe("Snapshots of which something could not be read or lost its name."),
      empty: z.int().min(0).describe("Snapshots without a file, where older ones have some."),
      shrunken: z.int().min(0).describe(
        "Snapshots with less than half of the bytes or files of an older one, or of unknown size.",
      ),
      heldBackCount: z.int().min(0).describe(
        "Backups that retention would delete if all these snapshots were whole.",
      ),
      snapshots: z.array(z.object({
        name: z.string().describe("Name of the Backup."),
        sourcePath: z.string().describe("Kopia's source path."),
        state: z.enum(["partial", "empty", "shrunken"]).describe("What it is."),
      })).max(20).describe("The newest of them, the newest first."),
    }).optional().describe(
      "Snapshots that are not whole: they take no place from whole ones. Absent when there are none. If one is right, set spec.accept on its Backup.",
    ),
    lastPruneAt: z.iso.datetime().optional().describe("When retention last deleted a Backup."),
    lastPruneDeleted: z.int().min(0).optional().describe("How many it deleted then."),
  }).optional().describe("What retention did and is about to do."),
  conditions,
});
export type BackupConfigStatus = z.infer<typeof backupConfigStatus>;

/** Sources that the newest Backup that tried them did not save. */
export function lackingSources(
  sources: BackupConfigStatus["sources"] = [],
): NonNullable<BackupConfigStatus["sources"]> {
  return sources.filter(({ lastSuccessTime, lastAttemptTime }) =>
    lastAttemptTime !== undefined &&
    (lastSuccessTime === undefined || Date.parse(lastSuccessTime) < Date.parse(lastAttemptTime))
  );
}

/** The BackupConfig kind, the recipe. */
export const backupConfigKind: KindDefinition = {
  ...KIND_NAMES.backupConfig,
  description: "A recipe: which volumes go into which repository, and how. It starts nothing by itself.",
  spec: backupConfigSpec,
  status: backupConfigStatus,
  columns: [
    { name: "Repository", type: "string", jsonPath: ".spec.repository.name", description: "Repository" },
    {
      name: "Ready",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: "Whether a Backup could run now",
    },
    {
      name: "Last Success",
      type: "date",
      jsonPath: ".status.lastSuccessfulBackup.time",
      description: "When it last succeeded",
    },
    {
      name: "Failures",
      type: "integer",
      jsonPath: ".status.consecutiveFailures",
      description: "Failed Backups since then",
      priority: 1,
    },
    {
      name: "Incomplete",
      type: "integer",
      jsonPath: ".status.consecutiveIncomplete",
      description: "Backups since the newest complete one",
      priority: 1,
    },
    {
      name: "Kept",
      type: "integer",
      jsonPath: ".status.retention.activeBackupCount",
      description: "Succeeded Backups there are",
      priority: 1,
    },
    {
      name: "Going",
      type: "integer",
      jsonPath: ".status.retention.pendingCount",
      description: "Backups that retention is about to delete",
      priority: 1,
    },
    {
      name: "Reason",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: "Why",
      priority: 1,
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Age" },
  ],
};
