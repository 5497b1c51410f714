import { type BackupScheduleSpec, parseDurationSeconds } from "../mod.ts";
import { parseCron } from "./cron.ts";
import { cronInterval } from "./interval.ts";
import { jitterSeconds } from "./jitter.ts";
import { slotsOfCron } from "./slots.ts";
import { cronZone } from "./zone.ts";

/** When a schedule makes its Backups. All times are milliseconds since the epoch. */
export interface Timetable {
  /** The cron expression with every `H` written out. */
  readonly cron: string;
  readonly timezone: string;
  /** Longest time between two slots; undefined when it never comes due. */
  readonly intervalSeconds: number | undefined;
  /** The first slot after a moment. */
  slotAfter(instantMs: number): number | undefined;
  /** The last slot that is not after a moment. */
  slotUpTo(instantMs: number): number | undefined;
  /** When the work of a slot begins: its jitter later. */
  startOf(slotMs: number): number;
}

/** What became of reading a timetable; `why` is a sentence that says how to mend it. */
export type TimetableReading =
  | { readonly kind: "timetable"; readonly timetable: Timetable }
  | { readonly kind: "senseless"; readonly why: string };

/** The timetable of a schedule; its uid decides what is left to chance. */
export function readTimetable(schedule: BackupScheduleSpec["schedule"], uid: string): TimetableReading {
  const { cron: text, timezone, jitter = "0s" } = schedule;
  const reading = parseCron(text, uid);
  if (reading.kind === "senseless") return reading;
  const { cron } = reading;
  const zone = cronZone(timezone);
  if (zone === undefined) {
    return senseless(
      `Cannot read the time zone "${timezone}": it is not known, expected an IANA name such as "Europe/Berlin", or "UTC"`,
    );
  }
  const window = parseDurationSeconds(jitter);
  if (window === undefined) {
    return senseless(
      `Cannot read the jitter "${jitter}": it is no duration, expected one such as "90s", "30m" or "1h30m"`,
    );
  }
  const interval = cronInterval(cron);
  if (interval !== undefined && window > interval.shortestSeconds) {
    return senseless(
      `Cannot spread the slots of "${text}" over "${jitter}": two of them may be only ${interval.shortestSeconds} seconds apart, expected a jitter no longer than that`,
    );
  }
  const slots = slotsOfCron(cron, zone);
  return {
    kind: "timetable",
    timetable: {
      cron: cron.text,
      timezone,
      intervalSeconds: interval?.longestSeconds,
      slotAfter: interval === undefined ? () => undefined : slots.after,
      slotUpTo: interval === undefined ? () => undefined : slots.upTo,
      startOf: (slotMs) => slotMs + jitterSeconds(uid, slotMs, window) * 1000,
    },
  };
}

function senseless(why: string): TimetableReading {
  return { kind: "senseless", why };
}
