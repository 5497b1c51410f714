/** Numbers as people read them. Pure. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** `512 B`, `1.5 GiB`: three digits at most, in powers of 1024. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be printed as 1024.
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

/** `45s`, `13m`, `9h`, `3d`: one unit, as kubectl prints ages. Less than nothing is nothing. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  if (whole < 2 * 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86400)}d`;
}

/** `9h ago`, or `in 3h` for a time to come; undefined for a text that is no time. */
export function ageText(time: string, now: Date): string | undefined {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  const seconds = (now.getTime() - at) / 1000;
  // A clock a little ahead of this one is not worth a prophecy.
  return seconds < -5 ? `in ${durationText(-seconds)}` : `${durationText(seconds)} ago`;
}
