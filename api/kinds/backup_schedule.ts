import * as z from "zod";
import { failurePolicy } from "./backup.ts";
import { cronText, jitterText, timeZoneText } from "../cron_text.ts";
import type { KindDefinition } from "./definition.ts";
import { KIND_NAMES } from "../kind_names.ts";
import { conditions } from "./shared_types.ts";
import { backupDescription, backupTags, deletionPolicy, objectName } from "../words.ts";

/** What is done with a slot while a Backup of an earlier one still runs. */
export const concurrencyPolicies = ["Forbid", "Allow", "Replace"] as const;

/** Spec of a BackupSchedule. */
export const backupScheduleSpec = z.object({
  configRef: z.object({
    name: objectName.describe("Name of the BackupConfig, in the namespace of this BackupSchedule."),
  }).describe("The recipe to run; it may be made later than the schedule."),
  schedule: z.object({
    cron: cronText.describe(
      "When a Backup is due: minute, hour, day of month, month, day of week. Names, lists, ranges and steps are allowed. H is a value that is different for each schedule, as in H H * * * or H(0-29)/10 * * * *.",
    ),
    jitter: jitterText.optional().describe(
      "Each slot starts up to this much later, as 90s, 30m or 1h30m; the delay differs from slot to slot, but is fixed for each. No longer than the shortest time between two slots.",
    ),
    timezone: timeZoneText.default("UTC").describe(
      "IANA time zone of the cron expression. Slots in an hour that is skipped in spring come due right after it; an hour that comes twice in autumn counts once.",
    ),
    runOnCreate: z.boolean().default(false).describe(
      "Make a Backup also when the schedule is created.",
    ),
    suspend: z.boolean().default(false).describe(
      "Make no Backups; slots that pass meanwhile are not made up for. Running Backups go on.",
    ),
    concurrencyPolicy: z.enum(concurrencyPolicies).default("Forbid").describe(
      "When a slot comes while a Backup of this schedule has not ended: Forbid skips the slot, Allow runs both, Replace makes the new one and, once it is there, stops the older ones.",
    ),
    startingDeadlineSeconds: z.int().min(0).max(31536000).optional().describe(
      "A slot that could not start for longer than this is skipped instead of being made up for. Default: the newest slot is always made up for.",
    ),
  }).describe("When Backups are made."),
  failedJobsHistoryLimit: z.int().min(0).max(1000).default(3).describe(
    "How many Failed Backups of this schedule that saved no source are kept. The BackupConfig's retention decides about the others.",
  ),
  successfulJobsHistoryLimit: z.int().min(0).max(1000).default(3).describe(
    "How many Succeeded Backups of this schedule without a snapshot, because nothing had changed, are kept. The BackupConfig's retention decides about the others.",
  ),
  backupTemplate: z.object({
    tags: backupTags.optional().describe("Kopia tags of the snapshots."),
    description: backupDescription.optional().describe("Kopia description of the snapshots."),
    deletionPolicy: deletionPolicy.optional().describe(
      "What deleting such a Backup does to its snapshots. Default: as the BackupConfig says.",
    ),
    failurePolicy: failurePolicy.optional().describe("Limits of each run."),
  }).optional().describe("Fields of the Backups it makes, besides their BackupConfig."),
});
export type BackupScheduleSpec = z.infer<typeof backupScheduleSpec>;

const backupRef = z.object({ name: z.string().describe("Name of the Backup.") });

/** Status of a BackupSchedule. Slots are named by the time the cron expression gives; jitter comes on top. */
export const backupScheduleStatus = z.object({
  observedGeneration: z.int().min(0).optional().describe("Generation of the spec that this status is about."),
  resolved: z.object({
    cron: z.string().describe("The cron expression with every H written out."),
    timezone: z.string().describe("Its time zone."),
    intervalSeconds: z.int().min(1).optional().describe(
      "The longest time between two slots; absent when it never comes due.",
    ),
  }).optional().describe("The resolved spec; absent while it is invalid."),
  suspendedSince: z.iso.datetime().optional().describe("When the suspension was noticed."),
  handledUntil: z.iso.datetime().optional().describe("Slots up to here were handled."),
  repeatsUntil: z.iso.datetime().optional().describe(
    "Slots up to here were handled before the clock was set back; absent when it was not.",
  ),
  pendingSlot: z.iso.datetime().optional().describe(
    "A slot that came due and waits for its BackupConfig.",
  ),
  lastSchedule: z.object({
    at: z.iso.datetime().describe("The slot."),
    backupRef: backupRef.describe("The Backup that was made for it."),
  }).optional().describe("The newest slot a Backup was made for."),
  nextSchedule: z.object({
    at: z.iso.datetime().describe("The slot."),
    startAt: z.iso.datetime().describe("When its Backup is made: the slot with its jitter."),
    backupRef: backupRef.describe("The name its Backup will have."),
  }).optional().describe("The next slot; absent while suspended."),
  lastSuccessfulSchedule: z.object({
    at: z.iso.datetime().describe("The slot."),
    backupRef: backupRef.describe("Its Backup, which may have been deleted since."),
  }).optional().describe("The newest slot whose Backup Succeeded."),
  consecutiveFailures: z.int().min(0).optional().describe(
    "Failed Backups of this schedule since the newest that Succeeded.",
  ),
  missedSlots: z.object({
    total: z.int().min(0).describe(
      "Slots that passed without a Backup because controller or BackupConfig were missing; at most 1000 are counted for one absence.",
    ),
    lastAt: z.iso.datetime().optional().describe("The newest of them."),
  }).optional().describe("Slots that were missed."),
  skippedSlots: z.object({
    forbid: z.int().min(0).describe("Skipped because an earlier Backup still ran."),
    startingDeadline: z.int().min(0).describe("Skipped because startingDeadlineSeconds was over."),
    lastAt: z.iso.datetime().optional().describe("The newest of them."),
    lastReason: z.enum(["Forbid", "StartingDeadline"]).optional().describe("Why that one was skipped."),
  }).optional().describe("Slots that were skipped on purpose."),
  removedRuns: z.object({
    total: z.int().min(0).describe("Old runs without a snapshot that were deleted."),
    failuresInARow: z.int().min(0).describe("Those of them that count as consecutiveFailures."),
    last: z.array(z.string()).max(10).describe("The ones that were deleted last."),
  }).optional().describe("What the history limits deleted."),
  conditions,
});
export type BackupScheduleStatus = z.infer<typeof backupScheduleStatus>;

/** The BackupSchedule kind, the trigger. */
export const backupScheduleKind: KindDefinition = {
  ...KIND_NAMES.backupSchedule,
  description: "Makes Backups of a BackupConfig at set times. Deleting it deletes no Backup.",
  spec: backupScheduleSpec,
  status: backupScheduleStatus,
  columns: [
    { name: "Config", type: "string", jsonPath: ".spec.configRef.name", description: "BackupConfig" },
    { name: "Schedule", type: "string", jsonPath: ".spec.schedule.cron", description: "Cron expression" },
    {
      name: "Suspended",
      type: "boolean",
      jsonPath: ".spec.schedule.suspend",
      description: "Whether it makes Backups",
    },
    {
      name: "Last",
      type: "date",
      jsonPath: ".status.lastSchedule.at",
      description: "The newest slot a Backup was made for",
    },
    {
      // kubectl shows a date that lies ahead as <invalid>.
      name: "Next",
      type: "string",
      jsonPath: ".status.nextSchedule.startAt",
      description: "When the next Backup is made",
    },
    {
      name: "Time Zone",
      type: "string",
      jsonPath: ".spec.schedule.timezone",
      description: "Time zone of the cron expression",
      priority: 1,
    },
    {
      name: "Failures",
      type: "integer",
      jsonPath: ".status.consecutiveFailures",
      description: "Failed Backups since the newest that Succeeded",
      priority: 1,
    },
    {
      name: "Reason",
      type: "string",
      jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
      description: "Whether it will make a Backup, or why not",
      priority: 1,
    },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "Age" },
  ],
};
