import * as z from "zod";

/** What a status remembers about the movers of one task: about the last Job, and about all of them. */
export const moverMemory = z.object({
  name: z.string().describe("Name of the mover Job."),
  attempts: z.int().min(0).describe("Mover Jobs made for this, by the number of the last one."),
  startedAt: z.iso.datetime().optional().describe(
    "When this Job's mover began to run. Absent while it was never seen running.",
  ),
  podGoneSince: z.iso.datetime().optional().describe(
    "When it was first seen that this Job, whose mover had begun, has no pod any more. Absent while it has one.",
  ),
  waitingSince: z.iso.datetime().optional().describe(
    "Since when it waits for a mover that runs, all tries together; moved on by its time in line for a slot. Absent while one does.",
  ),
  slotsGivenBack: z.int().min(0).optional().describe(
    "Times since then that its mover was given up, and its slot given back, for it did not run; of what is tried for ever, since a mover of it came to an end.",
  ),
  stoppedAt: z.iso.datetime().optional().describe(
    "When this Job was given up, for its mover did not run. Absent again once the Job is gone.",
  ),
  stoppedWhy: z.string().max(4096).optional().describe("Why it did not run, in the cluster's own words."),
  stoppedReason: z.enum(["Unschedulable", "PodNotStarted", "MoverLost"]).optional().describe(
    "Why, as a reason.",
  ),
  retryAt: z.iso.datetime().optional().describe("When a slot is asked for again after that."),
  disruptions: z.int().min(0).optional().describe(
    "Movers of it that the cluster ended: evicted, drained or preempted. At the tenth it fails.",
  ),
  disruptedAt: z.iso.datetime().optional().describe("When the last such pod was made."),
  disruptedWhy: z.string().max(4096).optional().describe("Why it was ended, in the cluster's own words."),
});
export type MoverMemory = z.infer<typeof moverMemory>;
