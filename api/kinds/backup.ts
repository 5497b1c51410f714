import * as z from "zod";
import { repositoryRef } from "./backup_config.ts";
import type { KindDefinition } from "./definition.ts";
import { KIND_NAMES } from "../kind_names.ts";
import { kopiaPolicy } from "../kopia_policy.ts";
import { moverMemory } from "../mover/memory.ts";
import { reportedProgress } from "../mover/progress.ts";
import { cel, exactlyOneOf } from "../cel.ts";
import { conditions, identity, moverSpec } from "./shared_types.ts";
import { backupDescription, backupTags, deletionPolicy, objectName } from "../words.ts";

/** Limits of a run. */
export const failurePolicy = z.object({
  backoffLimit: z.int().min(0).max(20).default(2).describe("How often a failed mover pod is tried again."),
  activeDeadlineSeconds: z.int().min(1).max(2592000).default(86400).describe(
    "Longest time a mover of a source may work before it ends itself, with what it has to say. Its Job, waiting and retries included, gets startDeadlineSeconds and a minute more. Default: a day; what a mover read until then the next run finds.",
  ),
  startDeadlineSeconds: z.int().min(10).max(604800).default(1800).describe(
    "Longest time a source may wait for a mover that runs, all tries together but not its time in line for a slot, before it counts as failed. A mover that has no node or no pod for five minutes gives its slot back and asks for one again.",
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
    sourcePath: z.string().min(1).max(4096).describe("Path under which kopia files it."),
    startTime: z.iso.datetime().max(64).describe("Start of the snapshot, by kopia."),
    endTime: z.iso.datetime().max(64).describe("End of the snapshot, by kopia."),
    sizeBytes: z.int().min(0).optional().describe("Logical size of the snapshot."),
    files: z.int().min(0).optional().describe("Files in the snapshot."),
    description: z.string().max(512).optional().describe("What its maker said of it."),
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
    "The snapshot this Backup stands for, in place of a recipe; written by the controller for one no Backup made.",
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
    "True: a person says that the snapshots of this Backup are as they should be, though something could not be read or they hold much less than older ones. Retention then takes them for whole, and measures later ones by them. May be changed at any time.",
  ),
  failurePolicy: failurePolicy.optional().describe("Limits of this run, read when it starts."),
  deletionPolicy: deletionPolicy.optional().describe(
    "What deleting this Backup does to its snapshots. Default: the BackupConfig's defaultDeletionPolicy, of today (when it is gone, the last one that was seen) and at the start of the run the more careful one, else Delete; of a discovered one always Retain. May be changed until deletion.",
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
      "The first of them as kopia names them, on one line each: what no screen shows is written as in JSON.",
    ),
  });
}

/** How one source of a run stands. */
export const snapshotEntry = z.object({
  source: z.string().describe("Name of the PersistentVolumeClaim; of a discovered snapshot its path."),
  sourcePath: z.string().describe("Path under which kopia files it."),
  phase: z.enum(["Pending", "Running", "Succeeded", "Failed"]).describe("How this source stands."),
  kopiaSnapshotID: z.string().optional().describe("Kopia's id of the snapshot."),
  unchanged: z.boolean().optional().describe(
    "True when nothing changed since the newest snapshot of this source, so that kopia made none for this run.",
  ),
  unchangedSince: z.string().optional().describe("Kopia's id of that newest snapshot."),
  leftUnfinished: z.boolean().optional().describe(
    "True when a mover before the one that found this may have left something unfinished in the repository, which goes with this Backup.",
  ),
  job: moverMemory.optional().describe("The mover Job."),
  startTime: z.iso.datetime().optional().describe("Start of the snapshot, by kopia."),
  endTime: z.iso.datetime().optional().describe("End of the snapshot, by kopia."),
  durationSeconds: z.number().min(0).optional().describe("From start to end."),
  sizeBytes: z.int().min(0).optional().describe("Logical size of the snapshot."),
  files: z.int().min(0).optional().describe("Files in the snapshot."),
  bytesNew: z.int().min(0).optional().describe("Bytes that were new to kopia."),
  filesNew: z.int().min(0).optional().describe("Files read because they were new or changed."),
  filesUnchanged: z.int().min(0).optional().describe("Files taken over from the previous snapshot."),
  unreadable: z.object({
    count: z.int().min(1).describe("Files and folders that could not be read."),
    paths: z.array(z.string()).max(10).describe("The first of them."),
  }).optional().describe("What the snapshot lacks because it could not be read."),
  excluded: z.object({
    files: z.int().min(0).describe("Files."),
    folders: z.int().min(0).describe("Folders, each with all that is in it as one."),
  }).optional().describe(
    "What rules left out: those of the policy, .kopiaignore files and CACHEDIR.TAG. Absent: nothing.",
  ),
  names: z.object({
    renamed: namedPaths(
      "Files, folders and links of such a name; what is in such a folder is not counted.",
    ).optional().describe("What is in the snapshot under another name than in the source."),
    lost: namedPaths("Files and links, those in folders included; an empty folder is one.").optional()
      .describe(
        "What no restore gives back, as its name became that of another. The snapshot is partial.",
      ),
    unknown: z.boolean().optional().describe(
      "True when not all names could be looked at: there may be more.",
    ),
  }).optional().describe(
    "What became of names kopia cannot keep: it makes the character U+FFFD of each byte of a name that is not UTF-8. Absent: it kept every name, or the release that made the Backup did not look.",
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
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec this status speaks of."),
  phase: z.enum(backupPhases).optional().describe(
    "Pending: waits, the Ready condition says for what. Running. Succeeded, possibly with condition Complete=False. Failed. Deleting. Discovered: stands for a snapshot found in a repository.",
  ),
  origin: z.enum(backupOrigins).optional().describe(
    "How it came to be: by a BackupSchedule, by a person's hand, or found in a repository.",
  ),
  message: z.string().optional().describe("What happens or happened, in one sentence."),
  traceId: z.string().regex(/^[0-9a-f]{32}$/).optional().describe(
    "Trace of the run, in OpenTelemetry and in the log lines of controller and movers.",
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
      "The config's default deletion policy at the start of the run; holds where it is more careful than that of today, or the config is gone.",
    ),
    lastDeletionPolicy: deletionPolicy.optional().describe(
      "What the config said last, where that is not what it said at the start of the run; holds when the config is gone and this is the more careful one.",
    ),
    mover: moverSpec.optional().describe(
      "The mover choices at the start of the run. User and groups stay so; where a later mover of it runs and what it may use is what BackupConfig and Repository say then.",
    ),
    policy: kopiaPolicy.optional().describe("What the config sets in kopia's policy of the sources."),
  }).optional().describe("What the run was started with; deletion needs nothing else."),
  snapshots: z.array(snapshotEntry).max(64).optional().meta({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["source"],
  }).describe("One entry per source."),
  stopAskedAt: z.iso.datetime().optional().describe(
    "When the movers of the run were first told to stop, because it is cancelled or deleted. They are not waited for without end.",
  ),
  progress: z.array(sourceProgress).max(64).optional().meta({
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["source"],
  }).describe(
    "How far the movers are that work now, one entry per source, written at most every 30 seconds. Of a source that ended its entry in snapshots says what was done.",
  ),
  adopted: z.object({
    run: z.string().describe("Uid of the object under which the run was started, the tag of its snapshots."),
    at: z.iso.datetime().describe("When the snapshots were taken up."),
  }).optional().describe(
    "Set when the Backup was put back without its status and took up the snapshots its run had made: it ran long before it was created.",
  ),
  timing: z.object({
    startTime: z.iso.datetime().describe("When the first mover Job was made."),
    endTime: z.iso.datetime().optional().describe("End of the last snapshot, or of the last mover."),
    durationSeconds: z.number().min(0).optional().describe("From start to end."),
  }).optional().describe("When it ran."),
  stats: z.object({
    sizeBytes: z.int().min(0).describe("Logical size of all snapshots."),
    files: z.int().min(0).describe("Files in all snapshots."),
    bytesNew: z.int().min(0).optional().describe("Bytes that were new to kopia."),
    filesNew: z.int().min(0).optional().describe("Files read because they were new or changed."),
    filesUnchanged: z.int().min(0).optional().describe("Files taken over from the previous snapshots."),
    unreadable: z.int().min(0).optional().describe("Files and folders that could not be read."),
    renamed: z.int().min(0).optional().describe(
      "Files, folders and links that are saved under another name.",
    ),
    lost: z.int().min(0).optional().describe("Files and links whose name became that of another."),
  }).optional().describe("Sums over all sources."),
  repository: z.object({
    snapshotCount: z.int().min(0).describe("Snapshots in the repository."),
    totalSizeBytes: z.int().min(0).describe("Logical bytes: the newest snapshot of each source, added up."),
    observedAt: z.iso.datetime().describe("When that mover ended."),
  }).optional().describe("What the last mover of this run saw in the repository."),
  deletion: z.object({
    job: moverMemory.optional().describe("The mover Job that deletes them."),
    failures: z.int().min(0).describe(
      "Failed attempts to delete the snapshots; once they are gone, to look again at what was left.",
    ),
    lastJob: z.string().optional().describe(
      "Uid of the last failed attempt's Job, so that it is counted once.",
    ),
    retryAt: z.iso.datetime().optional().describe("When it is tried again."),
    settlingSince: z.iso.datetime().optional().describe(
      "When the controller first saw the deletion: it waits a moment from then on, for those that come with it.",
    ),
    startedAt: z.iso.datetime().optional().describe(
      "When the first mover for it was made: from then on some of the snapshots may be gone.",
    ),
    waitingSince: z.iso.datetime().optional().describe(
      "Since when its mover does not start, or is out of sight.",
    ),
    unstarted: z.int().min(0).optional().describe("Movers that were given up because they did not start."),
    checkpointWaits: z.int().min(1).optional().describe(
      "Movers that had to leave what killed ones wrote down, as it was too young to tell that nobody works on it. The snapshots are gone by then.",
    ),
    stoppingSince: z.iso.datetime().optional().describe("Since when a mover of it is being stopped."),
  }).optional().describe("How the deletion of the snapshots stands."),
  conditions,
});
export type BackupStatus = z.infer<typeof backupStatus>;

/** The Backup kind: one run, one snapshot per source. */
export const backupKind: KindDefinition = {
  ...KIND_NAMES.backup,
  description:
    "One run of a BackupConfig: one snapshot per source. Deleting it deletes its snapshots, by policy. Or a snapshot found in a repository, which stays.",
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
