import * as z from "zod";
import { repositoryRef } from "./backup_config.ts";
import type { KindDefinition } from "./definition.ts";
import { KIND_NAMES } from "../kind_names.ts";
import { kopiaPolicy } from "../kopia_policy.ts";
import { moverMemory } from "../mover/memory.ts";
import { reportedProgress } from "../mover/progress.ts";
import { cel, exactlyOneOf } from "../cel.ts";
import { conditions, identity, moverSpec, recentSnapshots } from "./shared_types.ts";
import { backupDescription, backupTags, deletionPolicy, objectName } from "../words.ts";

/** Limits of a run. */
export const failurePolicy = z.object({
  backoffLimit: z.int().min(0).max(20).default(2).describe("How often a failed mover pod is tried again."),
  activeDeadlineSeconds: z.int().min(1).max(2592000).default(86400).describe(
    "The longest time a mover of a source may work before it ends itself with a result. Its Job, waiting and retries included, gets startDeadlineSeconds and a minute more. Default: a day; the next run continues from what a mover uploaded by then.",
  ),
  startDeadlineSeconds: z.int().min(10).max(604800).default(1800).describe(
    "The longest time a source may wait for a running mover before it fails: all tries together, without the time in the queue for a slot. A mover that has no node or no pod for five minutes gives its slot back and asks for one again.",
  ),
});

/** A snapshot that was found in a repository; bounded throughout, as rules compare it. */
const discovered = z.object({
  repository: repositoryRef.extend({
    uniqueId: z.string().min(1).max(128).describe("Kopia's unique id of the repository it was found in."),
  }).describe("The repository it was found in."),
  snapshot: z.object({
    id: z.string().min(1).max(128).describe("Kopia's id of the snapshot."),
    identity: z.object({
      username: z.string().max(255).describe("User half of the kopia identity."),
      hostname: z.string().max(255).describe("Host half of the kopia identity."),
    }).describe("The identity it was made under."),
    sourcePath: z.string().min(1).max(4096).describe("Kopia's source path."),
    startTime: z.iso.datetime().max(64).describe("Start of the snapshot, by kopia."),
    endTime: z.iso.datetime().max(64).describe("End of the snapshot, by kopia."),
    sizeBytes: z.int().min(0).optional().describe("Logical size of the snapshot."),
    files: z.int().min(0).optional().describe("Files in the snapshot."),
    description: z.string().max(512).optional().describe("The description that its maker gave it."),
  }).describe("The snapshot."),
});
export type DiscoveredSnapshot = z.infer<typeof discovered>;

/** Spec of a Backup. */
export const backupSpec = z.object({
  configRef: z.object({
    name: objectName.describe("Name of the BackupConfig, in the namespace of this Backup."),
  }).meta(cel(
    { rule: "self == oldSelf", message: "configRef cannot be changed: make a new Backup" },
  )).optional().describe("The recipe to run."),
  discovered: discovered.meta(cel(
    { rule: "self == oldSelf", message: "discovered cannot be changed: it is written by the controller" },
  )).optional().describe(
    "The snapshot that a discovered Backup represents, instead of a recipe; set by the controller.",
  ),
  tags: backupTags.optional().describe(
    "Kopia tags of the snapshots in addition to ours, read when a mover starts. Keys without a colon, not beginning with kopiur-.",
  ),
  description: backupDescription.optional().describe(
    "Kopia description of the snapshots, read when a mover starts.",
  ),
  pin: z.boolean().optional().describe(
    "Keep this Backup whatever the retention of its BackupConfig says. May be changed at any time.",
  ),
  accept: z.boolean().optional().describe(
    "True: a person says that the snapshots of this Backup are right, although something could not be read or they contain much less than older ones. Retention then treats them as whole and compares later ones with them. May be changed at any time.",
  ),
  failurePolicy: failurePolicy.optional().describe("Limits of this run, read when it starts."),
  deletionPolicy: deletionPolicy.optional().describe(
    "What deleting this Backup does to its snapshots. Default: the BackupConfig's defaultDeletionPolicy, namely the more careful of today's (the last one seen, when the BackupConfig is gone) and that at the start of the run, else Delete. A discovered Backup always has Retain. May be changed until deletion.",
  ),
}).refine(({ configRef, discovered }) => (configRef === undefined) !== (discovered === undefined), {
  message: "expected exactly one of configRef, discovered",
}).meta(cel(
  exactlyOneOf("configRef", "discovered"),
  {
    rule: "has(self.configRef) == has(oldSelf.configRef)",
    message: "a Backup cannot be turned into another sort of Backup: make a new one",
  },
  {
    rule: "!has(self.discovered) || !has(self.deletionPolicy) || self.deletionPolicy == 'Retain'",
    message: "deletionPolicy of a discovered Backup must be Retain: nothing here made its snapshot",
  },
));
export type BackupSpec = z.infer<typeof backupSpec>;

/** Phases of a Backup that is a run, for people. */
export const runPhases = ["Pending", "Running", "Succeeded", "Failed", "Deleting"] as const;
/** Phases of a Backup, for people: those of a run, and that of a snapshot that was found. */
export const backupPhases = [...runPhases, "Discovered"] as const;

/** How a Backup came to be. */
export const backupOrigins = ["scheduled", "manual", "discovered"] as const;
export type BackupOrigin = typeof backupOrigins[number];

function namedPaths(what: string) {
  return z.object({
    count: z.int().min(1).describe(what),
    paths: z.array(z.string()).max(10).describe(
      "The first of them, as kopia names them, one line each; invisible characters are written as in JSON.",
    ),
  });
}

/** How one source of a run stands. */
export const snapshotEntry = z.object({
  source: z.string().describe("Name of the PersistentVolumeClaim; of a discovered snapshot its path."),
  sourcePath: z.string().describe("Kopia's source path."),
  phase: z.enum(["Pending", "Running", "Succeeded", "Failed"]).describe("The state of this source."),
  kopiaSnapshotID: z.string().optional().describe("Kopia's id of the snapshot."),
  unchanged: z.boolean().optional().describe(
    "True when nothing changed since the newest snapshot of this source, so that kopia made none for this run.",
  ),
  unchangedSince: z.string().optional().describe("Kopia's id of that newest snapshot."),
  leftUnfinished: z.boolean().optional().describe(
    "True when an earlier mover may have left an unfinished snapshot in the repository, which is deleted with this Backup.",
  ),
  job: moverMemory.optional().describe("The mover Job."),
  startTime: z.iso.datetime().optional().describe("Start of the snapshot, by kopia."),
  endTime: z.iso.datetime().optional().describe("End of the snapshot, by kopia."),
  durationSeconds: z.number().min(0).optional().describe("From start to end."),
  sizeBytes: z.int().min(0).optional().describe("Logical size of the snapshot."),
  files: z.int().min(0).optional().describe("Files in the snapshot."),
  grownBytes: z.int().optional().describe(
    "Logical bytes by which the source grew since its snapshot before this one; negative where it shrank.",
  ),
  bytesNew: z.int().min(0).optional().describe("Bytes that were new to kopia."),
  filesNew: z.int().min(0).optional().describe("Files read because they were new or changed."),
  filesUnchanged: z.int().min(0).optional().describe("Files taken over from the previous snapshot."),
  unreadable: z.object({
    count: z.int().min(1).describe("Files and folders that could not be read."),
    paths: z.array(z.string()).max(10).describe("The first of them."),
  }).optional().describe("What is missing from the snapshot because it could not be read."),
  excluded: z.object({
    files: z.int().min(0).describe("Files."),
    folders: z.int().min(0).describe("Folders, each counted once with everything in it."),
  }).optional().describe(
    "What ignore rules left out (the policy, .kopiaignore files, CACHEDIR.TAG). Absent: nothing.",
  ),
  names: z.object({
    renamed: namedPaths(
      "Files, folders and links with such a name; the entries of such a folder are not counted.",
    ).optional().describe("What is in the snapshot under another name than in the source."),
    lost: namedPaths("Files and links, those in folders included; an empty folder is one.").optional()
      .describe(
        "What no restore brings back, as another file has its name. The snapshot is partial.",
      ),
    unknown: z.boolean().optional().describe(
      "True when not all names could be checked: there may be more.",
    ),
  }).optional().describe(
    "Names that kopia could not keep: it replaces each byte of a name that is not UTF-8 by the character U+FFFD. Absent: it kept every name, or the release that made the Backup did not check.",
  ),
  failure: z.object({
    class: z.string().describe("Failure class, one of the reasons."),
    message: z.string().describe("Stable sentence of the class."),
    exitCode: z.int().optional().describe("Exit code of the mover."),
    resultKnown: z.boolean().describe(
      "False when the mover left no result, or another one had run before it: a snapshot may exist all the same.",
    ),
    nothingSaved: z.boolean().optional().describe(
      "True when it is proven that nothing of this source was saved in the repository, not even unfinished: no mover ran, or the only one ended before it began to save.",
    ),
    logTail: z.string().max(4096).optional().describe("Last lines of the mover's log."),
  }).optional().describe("Why this source failed."),
});
export type SnapshotEntry = z.infer<typeof snapshotEntry>;

/** How far the mover of one source is. */
export const sourceProgress = z.object({
  source: z.string().describe("Name of the PersistentVolumeClaim."),
  ...reportedProgress.shape,
});
export type SourceProgress = z.infer<typeof sourceProgress>;

/** Status of a Backup. */
export const backupStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec that this status is about."),
  phase: z.enum(backupPhases).optional().describe(
    "Pending: waits; the Ready condition says for what. Running. Succeeded, possibly with condition Complete=False. Failed. Deleting. Discovered: represents a snapshot found in a repository.",
  ),
  origin: z.enum(backupOrigins).optional().describe(
    "Who made it: a BackupSchedule, a person, or the controller for a snapshot found in a repository.",
  ),
  message: z.string().optional().describe("What happens or happened, in one sentence."),
  traceId: z.string().regex(/^[0-9a-f]{32}$/).optional().describe(
    "Trace id of the run, in OpenTelemetry and in the log lines of controller and movers.",
  ),
  resolved: z.object({
    repository: repositoryRef.extend({
      uniqueId: z.string().optional().describe(
        "Kopia's unique id of the repository at the start of the run.",
      ),
    }).describe("The repository written to."),
    config: z.string().describe("Name of the BackupConfig."),
    identity: identity.describe("The identity snapshots were made under."),
    deletionPolicy: deletionPolicy.describe(
      "The config's default deletion policy at the start of the run; it applies when it is more careful than today's, or the config is gone.",
    ),
    lastDeletionPolicy: deletionPolicy.optional().describe(
      "The config's last default deletion policy, if it differs from that at the start of the run; it applies when the config is gone and this is the more careful one.",
    ),
    mover: moverSpec.optional().describe(
      "The mover settings at the start of the run. User and groups stay as they are; scheduling and resources of a later mover are those of BackupConfig and Repository at that time.",
    ),
    policy: kopiaPolicy.optional().describe("What the config sets in kopia's policy of the sources."),
  }).optional().describe("What the run was started with; deletion needs nothing else."),
  snapshots: z.array(snapshotEntry).max(64).optional().meta({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["source"],
  }).describe("One entry per source."),
  stopAskedAt: z.iso.datetime().optional().describe(
    "When the movers of the run were first stopped, because it is cancelled or deleted. The wait for them is limited.",
  ),
  progress: z.array(sourceProgress).max(64).optional().meta({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["source"],
  }).describe(
    "The progress of the working movers, one entry per source, written at most every 30 seconds. The result of a source that ended is in its entry of snapshots.",
  ),
  adopted: z.object({
    run: z.string().describe("Uid of the object under which the run was started, the tag of its snapshots."),
    at: z.iso.datetime().describe("When the snapshots were adopted."),
  }).optional().describe(
    "Set when the Backup was put back without its status and adopted the snapshots of its run: it ran long before it was created.",
  ),
  timing: z.object({
    startTime: z.iso.datetime().describe("When the first mover Job was made."),
    endTime: z.iso.datetime().optional().describe("End of the last snapshot, or of the last mover."),
    durationSeconds: z.number().min(0).optional().describe("From start to end."),
  }).optional().describe("When it ran."),
  stats: z.object({
    sizeBytes: z.int().min(0).optional().describe("Logical size of all snapshots."),
    files: z.int().min(0).optional().describe("Files in all snapshots."),
    bytesNew: z.int().min(0).optional().describe("Bytes that were new to kopia."),
    filesNew: z.int().min(0).optional().describe("Files read because they were new or changed."),
    filesUnchanged: z.int().min(0).optional().describe("Files taken over from the previous snapshots."),
    unreadable: z.int().min(0).optional().describe("Files and folders that could not be read."),
    renamed: z.int().min(0).optional().describe(
      "Files, folders and links that are saved under another name.",
    ),
    lost: z.int().min(0).optional().describe(
      "Files and links that no restore brings back, as another file has their name.",
    ),
  }).optional().describe("Sums over all sources. A sum is absent when kopia did not tell a part of it."),
  repository: z.object({
    snapshotCount: z.int().min(0).describe("Snapshots in the repository."),
    totalSizeBytes: z.int().min(0).describe("Logical bytes: the newest snapshot of each source, added up."),
    observedAt: z.iso.datetime().describe("When the listing was begun."),
    recent: recentSnapshots.optional(),
  }).optional().describe(
    "The newest listing of the repository by a mover of this run, mostly before it saved its own snapshot.",
  ),
  deletion: z.object({
    job: moverMemory.optional().describe("The mover Job that deletes them."),
    failures: z.int().min(0).describe(
      "Failed attempts to delete the snapshots; once they are gone, to look again for what was left.",
    ),
    lastJob: z.string().optional().describe(
      "Uid of the last failed attempt's Job, so that it is counted once.",
    ),
    retryAt: z.iso.datetime().optional().describe("When the next attempt is."),
    settlingSince: z.iso.datetime().optional().describe(
      "When the controller first saw the deletion; from then on it waits a moment for others that belong to it.",
    ),
    startedAt: z.iso.datetime().optional().describe(
      "When the first mover for it was made: from then on some of the snapshots may be gone.",
    ),
    waitingSince: z.iso.datetime().optional().describe(
      "Since when its mover does not start, or is lost.",
    ),
    unstarted: z.int().min(0).optional().describe("Movers that were given up because they did not start."),
    checkpointWaits: z.int().min(1).optional().describe(
      "Movers that left checkpoints of killed ones, as these were too young to be sure that no upload continues from them. The snapshots are gone by then.",
    ),
    stoppingSince: z.iso.datetime().optional().describe("Since when a mover of it is being stopped."),
  }).optional().describe("The state of the deletion of the snapshots."),
  conditions,
});
export type BackupStatus = z.infer<typeof backupStatus>;

/** The Backup kind: one run, one snapshot per source. */
export const backupKind: KindDefinition = {
  ...KIND_NAMES.backup,
  description:
    "One run of a BackupConfig, with one snapshot per source; deleting it deletes its snapshots, by policy. Or a discovered snapshot, which stays.",
  spec: backupSpec,
  status: backupStatus,
  columns: [
    { name: "Config", type: "string", jsonPath: ".spec.configRef.name", description: "BackupConfig" },
    { name: "Origin", type: "string", jsonPath: ".status.origin", description: "How it came to be" },
    { name: "Phase", type: "string", jsonPath: ".status.phase", description: "Phase" },
    {
      name: "Reason",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: "Why it is in that phase",
    },
    {
      name: "Snapshot",
      type: "string",
      jsonPath: ".status.snapshots[0].kopiaSnapshotID",
      description: "Kopia's id of the first snapshot",
    },
    {
      name: "Size",
      type: "integer",
      jsonPath: ".status.stats.sizeBytes",
      description: "Logical bytes",
      priority: 1,
    },
    {
      name: "Seconds",
      type: "string",
      jsonPath: ".status.timing.durationSeconds",
      description: "Duration",
      priority: 1,
    },
    {
      name: "Trace",
      type: "string",
      jsonPath: ".status.traceId",
      description: "Trace of the run",
      priority: 1,
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Age" },
  ],
};
