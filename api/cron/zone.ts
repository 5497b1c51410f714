import { TIME_ZONE_PATTERN } from "../mod.ts";

const HOUR_MS = 3_600_000;
/** Wall clocks are at most 14 h off UTC, and once a whole day was left out (Apia, 2011). */
const BESIDE_MS = 38 * HOUR_MS;

/** A time zone: which time its wall clocks show. A wall time is written as the instant at which UTC shows the same. */
export interface CronZone {
  readonly name: string;
  /** The wall time at an instant. */
  wallAt(instantMs: number): number;
}

/** The zone of an IANA name, undefined when there is none. */
export function cronZone(name: string): CronZone | undefined {
  if (!new RegExp(TIME_ZONE_PATTERN).test(name)) return undefined;
  if (name === "UTC") return { name, wallAt: sameTime };
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    return { name, wallAt: (instantMs) => wallTime(format, instantMs) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The instant at which the wall clock shows a time: the first one when it shows it twice (the clock was put back), and
 * the first instant after the gap when it never does (it was put forward).
 */
export function instantOfWall(wallMs: number, zone: CronZone): number {
  const before = offsetAt(wallMs - BESIDE_MS, zone);
  const after = offsetAt(wallMs + BESIDE_MS, zone);
  const fits = [before, after].map((offset) => wallMs - offset).toSorted((a, b) => a - b)
    .find((instant) => zone.wallAt(instant) === wallMs);
  return fits ?? firstAfterGap(wallMs - after, wallMs - before, zone);
}

/** Between an instant before the clock was put forward and one after it: the first one after it. */
function firstAfterGap(lowMs: number, highMs: number, zone: CronZone): number {
  const old = offsetAt(lowMs, zone);
  let [low, high] = [lowMs, highMs];
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2000) * 1000;
    if (offsetAt(middle, zone) === old) low = middle;
    else high = middle;
  }
  return high;
}

function offsetAt(instantMs: number, zone: CronZone): number {
  return zone.wallAt(instantMs) - instantMs;
}

function sameTime(instantMs: number): number {
  return instantMs;
}

function wallTime(format: Intl.DateTimeFormat, instantMs: number): number {
  const part = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  for (const { type, value } of format.formatToParts(instantMs)) {
    if (type in part) part[type as keyof typeof part] = Number(value);
  }
  const milliseconds = instantMs - Math.floor(instantMs / 1000) * 1000;
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) + milliseconds;
}
