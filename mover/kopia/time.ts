import * as z from "zod";

const form = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;

/**
 * Converts a time as Go writes it (RFC 3339, up to nanoseconds, any offset) to UTC with milliseconds, rounded down.
 * Undefined for any other text and for days that do not exist.
 */
export function parseGoTime(text: string): string | undefined {
  const [, seconds, fraction = "", offset] = form.exec(text) ?? [];
  if (seconds === undefined || offset === undefined) return undefined;
  const time = new Date(`${seconds}.${fraction.slice(0, 3).padEnd(3, "0")}${offset}`);
  const day = Date.parse(`${seconds}Z`);
  if (Number.isNaN(time.getTime()) || Number.isNaN(day)) return undefined;
  // Date reads February 30th as March 2nd.
  return new Date(day).toISOString().startsWith(seconds) ? time.toISOString() : undefined;
}

/** A field with such a time. */
export const goTime = z.string().transform((text, context) => {
  const time = parseGoTime(text);
  if (time !== undefined) return time;
  context.addIssue({ code: "custom", message: "not a time of RFC 3339" });
  return z.NEVER;
});
