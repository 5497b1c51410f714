import * as z from "zod";
import { DURATION_PATTERN, DURATION_TEXT } from "./duration.ts";
import { cel, type CelRule, ofForm } from "./cel.ts";

const MONTHS = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC";
const WEEKDAYS = "SUN|MON|TUE|WED|THU|FRI|SAT";

/** The five fields in order, with what one value of each looks like; a parser knows more (that a range begins before it ends). */
const FIELDS = [
  ["minute", "[0-5]?[0-9]", "0-59"],
  ["hour", "(?:[01]?[0-9]|2[0-3])", "0-23"],
  ["day of month", "(?:0?[1-9]|[12][0-9]|3[01])", "1-31"],
  ["month", `(?:0?[1-9]|1[0-2]|${MONTHS})`, "1-12 or JAN-DEC"],
  ["day of week", `(?:[0-7]|${WEEKDAYS})`, "0-7 or SUN-SAT"],
] as const;

const FIVE_FIELDS = String.raw`^\s*\S+(?:\s+\S+){4}\s*$`;

function fieldRule([name, value, range]: typeof FIELDS[number], index: number): CelRule {
  const base = String.raw`(?:\*|H(?:\([0-9]{1,2}-[0-9]{1,2}\))?|${value}(?:-${value})?)`;
  const item = `${base}(?:/[1-9][0-9]?)?`;
  const pattern = String.raw`(?i)^\s*(?:\S+\s+){${index}}${item}(?:,${item})*(?:\s|$)`;
  return {
    rule: `!self.matches(r'${FIVE_FIELDS}') || self.matches(r'${pattern}')`,
    message:
      `the ${name} of the cron expression must be a list of *, H, values or ranges within ${range}, each with an optional step`,
  };
}

/** A cron expression of five fields with `H` tokens; what the API server cannot see of it, the controller says. */
export const cronText: z.ZodString = z.string().min(9).max(256).meta(cel(
  {
    rule: `self.matches(r'${FIVE_FIELDS}')`,
    message:
      "a cron expression has five fields: minute, hour, day of month, month, day of week (no seconds, no @daily: write H H * * *)",
  },
  ...FIELDS.map(fieldRule),
));

/** The window in which a slot's start is spread. */
export const jitterText: z.ZodString = ofForm(
  z.string().max(32),
  new RegExp(DURATION_PATTERN),
  DURATION_TEXT,
);

/** What the name of a time zone looks like; three letters are none, as BST is another place in every list. */
export const TIME_ZONE_PATTERN = "^(UTC|GMT|[A-Za-z]+(/[A-Za-z0-9_+-]+)+)$";

/** Name of an IANA time zone; whether it exists only the controller knows. */
export const timeZoneText: z.ZodString = z.string().max(64).meta(cel({
  rule: `self.matches('${TIME_ZONE_PATTERN}')`,
  message: "a time zone is an IANA name such as Europe/Berlin, or UTC",
}));
