import { hashBelow } from "./hash.ts";

/** One of the five fields: its name and its range. */
export interface CronFieldKind {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Highest value `H` alone stands for: each month has 28 days, and 7 is Sunday again. */
  readonly hashHigh: number;
  /** Names in the order of their numbers, the first one being `low`. */
  readonly names: readonly string[];
}

/** The fields of a cron expression, in order. */
export const CRON_FIELDS: readonly CronFieldKind[] = [
  { name: "minute", low: 0, high: 59, hashHigh: 59, names: [] },
  { name: "hour", low: 0, high: 23, hashHigh: 23, names: [] },
  { name: "day of month", low: 1, high: 31, hashHigh: 28, names: [] },
  {
    name: "month",
    low: 1,
    high: 12,
    hashHigh: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  {
    name: "day of week",
    low: 0,
    high: 6,
    hashHigh: 6,
    names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
  },
];

/** A parsed field: its numbers in order, and its text with every `H` replaced. */
export interface CronField {
  readonly values: readonly number[];
  readonly text: string;
  /** True when it has a `*`: then it does not count as restricted (crontab(5)). */
  readonly isOpen: boolean;
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const ITEM = /^(?:(\*)|(H)(?:\((\d{1,2})-(\d{1,2})\))?|([A-Z0-9]+)(?:-([A-Z0-9]+))?)(?:\/(\d{1,2}))?$/;
const SUNDAY_AGAIN = 7;

/** Reads one field; throws a RangeError whose message says what is wrong with which part, and what is expected. */
export function parseCronField(text: string, index: number, seed: string): CronField {
  const kind = CRON_FIELDS[index];
  if (kind === undefined) throw new RangeError(`field ${index} is no field of a cron expression`);
  const items = text.toUpperCase().split(",").map((item) => parseItem(item, { kind, index, seed }));
  const values = new Set(items.flatMap(({ values }) => values));
  return {
    values: [...values].toSorted((a, b) => a - b),
    text: items.map((item) => item.text).join(","),
    isOpen: text.includes("*"),
  };
}

interface Place {
  readonly kind: CronFieldKind;
  readonly index: number;
  readonly seed: string;
}

function parseItem(item: string, place: Place): { values: readonly number[]; text: string } {
  const { kind } = place;
  const match = ITEM.exec(item);
  if (match === null) {
    throw new RangeError(
      `${kind.name} is "${item}", expected *, H, a value or a range, with or without /step`,
    );
  }
  const [, star, hashed, hashLow, hashHigh, first, last, stepText] = match;
  const step = stepText === undefined ? undefined : stepOf(Number(stepText), kind);
  if (hashed !== undefined) {
    const range = hashLow === undefined || hashHigh === undefined
      ? { first: kind.low, last: kind.hashHigh }
      : rangeOf(hashLow, hashHigh, kind);
    return hashedItem(range, step, place);
  }
  const range = star !== undefined || first === undefined
    ? { first: kind.low, last: kind.high }
    : last !== undefined
    ? rangeOf(first, last, kind)
    : { first: valueOf(first, kind), last: step === undefined ? valueOf(first, kind) : kind.high };
  return { values: valuesOf(range, step ?? 1, kind), text: item };
}

/** `H` is one value of the range; `H/n` is every n-th, beginning with one of the first n. */
function hashedItem(range: Range, step: number | undefined, { kind, index, seed }: Place) {
  const width = range.last - range.first + 1;
  const first = range.first + hashBelow(seed, index, Math.min(step ?? width, width));
  if (step === undefined || first + step > range.last) {
    return { values: [first % weekOf(kind)], text: `${first}` };
  }
  const values = valuesOf({ first, last: range.last }, step, kind);
  return { values, text: `${first}-${range.last}/${step}` };
}

function rangeOf(firstText: string, lastText: string, kind: CronFieldKind): Range {
  const first = valueOf(firstText, kind);
  const end = valueOf(lastText, kind);
  // A week that ends on Sunday: FRI-SUN, 5-0, 5-7, and 0-7, which is all of it.
  const endsOnSunday = kind.name === "day of week" && end === 0 && firstText !== lastText;
  const last = endsOnSunday ? SUNDAY_AGAIN : end;
  if (first > last) {
    throw new RangeError(
      `${kind.name} is "${firstText}-${lastText}", expected a range that begins before it ends`,
    );
  }
  return { first, last };
}

function valueOf(text: string, kind: CronFieldKind): number {
  const named = kind.names.indexOf(text);
  if (named >= 0) return kind.low + named;
  const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (kind.name === "day of week" && value === SUNDAY_AGAIN) return 0;
  if (value >= kind.low && value <= kind.high) return value;
  const names = kind.names.length === 0 ? "" : ` or ${kind.names[0]} to ${kind.names.at(-1)}`;
  throw new RangeError(
    `${kind.name} is "${text}", expected a number from ${kind.low} to ${kind.high}${names}`,
  );
}

function stepOf(step: number, kind: CronFieldKind): number {
  const most = kind.high - kind.low + 1;
  if (step >= 1 && step <= most) return step;
  // Every 90 minutes cannot be said: a step counts from the beginning of each hour.
  throw new RangeError(`${kind.name} has the step "${step}", expected one from 1 to ${most}`);
}

function valuesOf({ first, last }: Range, step: number, kind: CronFieldKind): readonly number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value % weekOf(kind));
  return values;
}

/** Days of the week go round; nothing else does. */
function weekOf({ name }: CronFieldKind): number {
  return name === "day of week" ? SUNDAY_AGAIN : Number.POSITIVE_INFINITY;
}
