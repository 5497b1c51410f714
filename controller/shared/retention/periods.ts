/** A span of the calendar of which retention keeps one run. */
export type Period = "hour" | "day" | "week" | "month" | "year";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The epoch was a Thursday, three days after the Monday its ISO week began with. */
const DAYS_INTO_WEEK = 3;

/**
 * Number of the period that a moment (milliseconds since the epoch) lies in, in UTC: one number for all moments of
 * a period, and later periods have greater ones. Weeks are those of ISO 8601.
 */
export function periodOf(period: Period, timeMs: number): number {
  switch (period) {
    case "hour":
      return Math.floor(timeMs / HOUR_MS);
    case "day":
      return Math.floor(timeMs / DAY_MS);
    case "week":
      return Math.floor((Math.floor(timeMs / DAY_MS) + DAYS_INTO_WEEK) / 7);
    case "month":
      return monthOf(Math.floor(timeMs / DAY_MS));
    case "year":
      return Math.floor(monthOf(Math.floor(timeMs / DAY_MS)) / 12);
  }
}

const DAYS_OF_ERA = 146_097;
/** From 1 March of the year 0 to the epoch. */
const DAYS_TO_EPOCH = 719_468;

/**
 * Months from January of the year 0 to that of a day since the epoch. Without Date, which would take half the time
 * of a retention: the calendar repeats every 400 years, and in years that begin in March the leap day is the last
 * and the months follow one straight line.
 */
function monthOf(day: number): number {
  const fromMarch = day + DAYS_TO_EPOCH;
  const era = Math.floor(fromMarch / DAYS_OF_ERA);
  const dayOfEra = fromMarch - era * DAYS_OF_ERA;
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) +
    Math.floor(dayOfEra / (DAYS_OF_ERA - 1));
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const dayOfYear = dayOfEra -
    (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  return (era * 400 + yearOfEra) * 12 + monthFromMarch + 2;
}
