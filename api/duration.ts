const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** What a duration field accepts: Go style without fractions (`90s`, `1h30m`), or whole seconds (`90`). */
export const DURATION_PATTERN = "^([0-9]+(s|m|h))+$|^[0-9]+$";

/** What a text is told that is no duration. */
export const DURATION_TEXT =
  "expected a duration such as 90s, 30m or 1h30m (no days: write 24h), or whole seconds";

/** Seconds of a duration that matches {@link DURATION_PATTERN}; undefined for any other text. */
export function parseDurationSeconds(text: string): number | undefined {
  if (!new RegExp(DURATION_PATTERN).test(text)) return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text);
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(s|m|h)/g)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit ?? ""] ?? 0);
  }
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}
