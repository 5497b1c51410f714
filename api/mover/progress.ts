import * as z from "zod";

/**
 * What a mover says while it works (deploy/docs/decisions/0029-progress-channel.md): now and then one line of its log, of
 * which the last one counts.
 *
 *     kopiur-progress {"bytesDone":1200000000,"filesDone":51, …}
 *
 * It holds numbers alone. No other line of a mover begins so: those of its log begin with a time or a brace, whatever
 * the names of files in them are.
 */
export const PROGRESS_LINE_PREFIX = "kopiur-progress";
/** So much of the end of a log is read for the last such line. */
export const PROGRESS_LOG_PART = { lastLines: 64, limitBytes: 64 * 1024 } as const;

const LONGEST_LINE = 1024;

/** How far the work of a mover is: a backup of one source, or whatever else moves files. */
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
});
export type MoverProgress = Readonly<z.infer<typeof moverProgress>>;

/** The same as a status tells it. */
export const reportedProgress = moverProgress.extend({
  pod: z.string().describe("Name of the pod whose mover said it."),
  observedAt: z.iso.datetime().describe(
    "When the controller first saw these figures: as old as that, they tell of a mover that does not get on, or cannot be heard.",
  ),
});

/** The line that says it, without its end. */
export function progressLine(progress: MoverProgress): string {
  return `${PROGRESS_LINE_PREFIX} ${JSON.stringify(progress)}`;
}

/** What a mover said last, from the end of its log; undefined where it says nothing. Never throws, whatever the log holds. */
export function lastProgress(logText: string): MoverProgress | undefined {
  // To a pattern, a line may also begin behind a character that no container runtime takes for its end.
  for (const line of logText.split("\n").reverse()) {
    if (!line.startsWith(`${PROGRESS_LINE_PREFIX} {`) || line.length > LONGEST_LINE) continue;
    const parsed = moverProgress.safeParse(parseJson(line.slice(PROGRESS_LINE_PREFIX.length)));
    if (parsed.success) return parsed.data;
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
