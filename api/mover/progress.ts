import { parseJson } from "../json.ts";
import * as z from "zod";

/**
 * The progress of a working mover (deploy/docs/decisions/0029-progress-channel.md): from time to time one line of its log, of
 * which the last one counts.
 *
 *     kopiur-progress {"bytesDone":1200000000,"filesDone":51, …}
 *
 * It contains only numbers, and the name of a kopia command. No other line of a mover begins so: log lines begin with a time or a brace, whatever
 * the names of files in them are.
 */
export const PROGRESS_LINE_PREFIX = "kopiur-progress";
/** How much of the end of a log is read for the last such line. */
export const PROGRESS_LOG_PART = { lastLines: 64, limitBytes: 64 * 1024 } as const;

const LONGEST_LINE = 1024;

/** The progress of a mover: of a backup of one source, or of another operation that moves files. */
export const moverProgress = z.object({
  bytesDone: z.int().min(0).describe(
    "Bytes of files that were dealt with: read, or taken over unchanged. Rounded by kopia to about a tenth of its unit.",
  ),
  filesDone: z.int().min(0).describe("Files that were dealt with."),
  bytesEstimated: z.int().min(0).optional().describe(
    "An estimate of all there is to do: the size of the newest snapshot of the source, else what is used of a file system that is the volume's own. Absent: nothing says it, or it was too low.",
  ),
  bytesWritten: z.int().min(0).describe("Bytes written to the storage, after deduplication and compression."),
  errors: z.int().min(0).optional().describe("Files and folders that could not be read. Absent: none."),
  bytesPerSecond: z.int().min(0).optional().describe(
    "Bytes dealt with in a second, over about the last two minutes. Absent: too early to say.",
  ),
  secondsLeft: z.int().min(0).optional().describe(
    "What is left of the estimate at this rate. Absent where one of them is.",
  ),
  still: z.object({
    command: z.string().max(32).regex(/^[a-z -]+$/).describe("Kopia's command."),
    since: z.iso.datetime().describe("When it last did, by the mover's clock."),
  }).optional().describe(
    "Set while kopia shows no sign of life for more than a minute, as when the storage does not answer.",
  ),
});
export type MoverProgress = Readonly<z.infer<typeof moverProgress>>;

/** The same in a status. */
export const reportedProgress = moverProgress.extend({
  pod: z.string().describe("Name of the pod whose mover said it."),
  observedAt: z.iso.datetime().describe(
    "When the controller first saw these figures: as old as that, they tell of a mover that does not get on, or cannot be heard.",
  ),
});

/** The progress line, without its end. */
export function progressLine(progress: MoverProgress): string {
  return `${PROGRESS_LINE_PREFIX} ${JSON.stringify(progress)}`;
}

/** The last progress in the end of a log; undefined when there is none. Never throws, whatever is in the log. */
export function lastProgress(logText: string): MoverProgress | undefined {
  // For a pattern, a line may also begin after characters that no container runtime treats as a line end.
  for (const line of logText.split("\n").reverse()) {
    if (!line.startsWith(`${PROGRESS_LINE_PREFIX} {`) || line.length > LONGEST_LINE) continue;
    const parsed = moverProgress.safeParse(parseJson(line.slice(PROGRESS_LINE_PREFIX.length)));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}
