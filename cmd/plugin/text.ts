/** Numbers, names and foreign texts for one line of output, and the order of rows. Pure. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;
/** The most names in one message. */
const MOST_NAMES = 10;

/** `512 B`, `1.5 GiB`: at most three digits, in powers of 1024. */
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

/** `45s`, `13m`, `9h`, `3d`: one unit, as kubectl prints ages. A negative duration is 0. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 120) return `${whole}s`;
  if (whole < 2 * 3600) return `${Math.floor(whole / 60)}m`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)}h`;
  return `${Math.floor(whole / 86400)}d`;
}

/** `9h ago`, or `in 3h` for a future time; undefined for a text that is no time. */
export function ageText(time: string, now: Date): string | undefined {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  const seconds = (now.getTime() - at) / 1000;
  // Another clock may be a few seconds ahead.
  return seconds < -5 ? `in ${durationText(-seconds)}` : `${durationText(seconds)} ago`;
}

/** `1 Backup`, `2 Backups`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Quoted names for a sentence: the first ten, and the number of the others. */
export function quotedNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `"${name}"`).join(", ");
  return names.length <= MOST_NAMES ? shown : `${shown} and ${names.length - MOST_NAMES} more`;
}

/** The "expected" part of a message about a name that does not exist. */
export function expectedNames(kind: string, names: readonly string[]): string {
  return names.length === 0
    ? `expected a ${kind} to be there, but there is none: is it another namespace?`
    : `expected ${names.length === 1 ? "" : "one of "}${quotedNames(names)}`;
}

/** A foreign text on one line, without control characters and without marks that change the direction of text. */
export function harmlessText(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, " ").trim();
}

/** Orders rows by namespace and name. */
export function byName(
  a: { readonly namespace: string; readonly name: string },
  b: { readonly namespace: string; readonly name: string },
): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
