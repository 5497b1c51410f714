import { type CronField, parseCronField } from "./field.ts";

/** A parsed cron expression. */
export interface Cron {
  /** With every `H` written out, names in capitals. */
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
  /** Whether a day must be in both lists of days, or in one of them: when neither field has a `*` (crontab(5)). */
  readonly days: "both" | "either";
}

/** The result of parsing a cron expression; `why` is a sentence that says how to correct it. */
export type CronReading =
  | { readonly kind: "cron"; readonly cron: Cron }
  | { readonly kind: "senseless"; readonly why: string };

const longest = 256;

/**
 * Reads a cron expression of five fields: names, lists, ranges, steps, and `H`, `H/n`, `H(a-b)`, `H(a-b)/n`, which
 * stand for values that `seed` (the uid of the object) decides once and for all.
 */
export function parseCron(text: string, seed: string): CronReading {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  const fields = text.trim().split(/\s+/);
  if (text.length > longest || fields.length !== 5) {
    const many = text.trim() === "" ? "it is empty" : `it has ${fields.length} fields`;
    return senseless(shown, `${many}, expected five: minute, hour, day of month, month, day of week`);
  }
  try {
    const [minute, hour, dayOfMonth, month, dayOfWeek] = fields.map((field, index) =>
      parseCronField(field, index, seed)
    );
    if (!minute || !hour || !dayOfMonth || !month || !dayOfWeek) {
      return senseless(shown, "a field is missing");
    }
    return { kind: "cron", cron: cronOf(minute, hour, dayOfMonth, month, dayOfWeek) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return senseless(shown, error.message);
  }
}

function cronOf(...fields: readonly [CronField, CronField, CronField, CronField, CronField]): Cron {
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields;
  return {
    text: fields.map((field) => field.text).join(" "),
    minutes: minute.values,
    hours: hour.values,
    daysOfMonth: dayOfMonth.values,
    months: month.values,
    daysOfWeek: dayOfWeek.values,
    days: dayOfMonth.isOpen || dayOfWeek.isOpen ? "both" : "either",
  };
}

function senseless(text: string, why: string): CronReading {
  return { kind: "senseless", why: `Cannot read the cron expression "${text}": ${why}` };
}
