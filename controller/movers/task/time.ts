/** Seconds since a time; 0 for what is no time. */
export function secondsSince(time: string, now: Date): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? 0 : (now.getTime() - ms) / 1000;
}

/** Whole seconds until a time; 0 for what is no time. */
export function secondsUntil(time: string, now: Date): number {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? 0 : Math.ceil((ms - now.getTime()) / 1000);
}

/** A time in milliseconds, `other` for what is no time. */
export function timeOr(text: string, other: Date): number {
  const time = Date.parse(text);
  return Number.isNaN(time) ? other.getTime() : time;
}
