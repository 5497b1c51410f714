import * as z from "zod";
import type { KindDefinition } from "./definition.ts";
import { cel, conditions, deletionPolicy, identity, moverSpec, objectName } from "./shared_types.ts";

const identityPart = z.string().min(1).max(63).regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/);

/** Reference to the repository a config writes to. */
export const repositoryRef = z.object({
  kind: z.enum(["Repository"]).default("Repository").describe("Kind of the repository."),
  name: objectName.describe("Name of the repository, in the namespace of this object."),
});
export type RepositoryRef = z.infer<typeof repositoryRef>;

/** Spec of a BackupConfig. */
export const backupConfigSpec = z.object({
  repository: repositoryRef.describe("The repository snapshots go to."),
  identity: z.object({
    username: identityPart.optional().describe(
      "User half of the kopia identity. Default: the name of this BackupConfig.",
    ),
    hostname: identityPart.optional().describe("Host half of the kopia identity. Default: the namespace."),
  }).optional().describe(
    "Kopia files the history of snapshots under user@host:path; changing it after the first success starts a new history.",
  ),
  sources: z.array(z.object({
    pvc: z.object({ name: objectName.describe("Name of the PersistentVolumeClaim.") }).describe(
      "A PersistentVolumeClaim in the namespace of this BackupConfig, mounted read-only.",
    ),
    sourcePathOverride: z.string().max(512).regex(/^\/[^:\p{Cc}]*$/u).optional().describe(
      "Path under which kopia files the snapshot. Default: /pvc/<name>.",
    ),
  })).min(1).max(64).meta(cel(
    {
      rule: "self.all(a, self.exists_one(b, b.pvc.name == a.pvc.name))",
      message: "each PersistentVolumeClaim may be named once",
    },
  )).describe("What is backed up: one mover Job and one snapshot each."),
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
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec this status speaks of."),
  resolved: z.object({
    identity: identity.describe("The identity in use."),
    sources: z.array(z.object({
      pvc: z.string().describe("Name of the PersistentVolumeClaim."),
      sourcePath: z.string().describe("Path under which kopia files it."),
    })).max(64).describe("The sources in use."),
  }).optional().describe("What the spec means, written out."),
  consecutiveFailures: z.int().min(0).optional().describe("Failed Backups since the newest Succeeded one."),
  lastBackup: z.object({
    backupRef: z.object({ name: z.string().describe("Name of the Backup.") }).describe("The Backup."),
    phase: z.enum(["Succeeded", "Failed"]).describe("How it ended."),
    outcome: z.enum(["success", "partial", "failure"]).describe(
      "Partial: something could not be read or a source failed.",
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
    traceId: z.string().regex(/^[0-9a-f]{32}$/).optional().describe("Trace of the run."),
  }).optional().describe("The newest finished Backup (seed 002)."),
  lastSuccessfulBackup: z.object({
    backupRef: z.object({ name: z.string().describe("Name of the Backup.") }).describe("The Backup."),
    time: z.iso.datetime().describe("End of its last snapshot."),
  }).optional().describe("The newest Succeeded Backup."),
  conditions,
});
export type BackupConfigStatus = z.infer<typeof backupConfigStatus>;

/** The BackupConfig kind, the recipe (domain.md §2.3). */
export const backupConfigKind: KindDefinition = {
  kind: "BackupConfig",
  plural: "backupconfigs",
  singular: "backupconfig",
  shortNames: ["kopiabc"],
  scope: "Namespaced",
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
      name: "Reason",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: "Why",
      priority: 1,
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Age" },
  ],
};
