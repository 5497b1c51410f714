import type { Cron } from "./cron.ts";

/** The shortest and the longest time between two slots. */
export interface CronInterval {
  readonly shortestSeconds: number;
  readonly longestSeconds: number;
}

const DAY_SECONDS = 86_400;
/** After 28 years weekdays and leap days fall together again; those from 1 January 2000 on, a Saturday, stand for all. */
const CYCLE_YEARS = 28;
const CYCLE_DAYS = 10_227;
const SATURDAY = 6;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * The interval of a cron expression, undefined when it never comes due. By the calendar alone: the hour that clocks are
 * put forward or back is not counted, nor is it that 2100 has no leap day.
 */
export function cronInterval(cron: Cron): CronInterval | undefined {
  const times = cron.hours.flatMap((hour) => cron.minutes.map((minute) => (hour * 60 + minute) * 60));
  const days = dayDistances(cron);
  const [firstTime, lastTime] = [times[0], times.at(-1)];
  if (days === undefined || firstTime === undefined || lastTime === undefined) return undefined;
  const overnight = firstTime - lastTime;
  const seconds = [days.least * DAY_SECONDS + overnight, days.most * DAY_SECONDS + overnight];
  times.reduce((before, time) => (seconds.push(time - before), time));
  return { shortestSeconds: Math.min(...seconds), longestSeconds: Math.max(...seconds) };
}

/** How many days lie between two that match; undefined when none does. */
function dayDistances(cron: Cron): { readonly least: number; readonly most: number } | undefined {
  const [daysOfMonth, months, daysOfWeek] = [cron.daysOfMonth, cron.months, cron.daysOfWeek].map(toMask);
  let [first, last, least, most] = [-1, -1, CYCLE_DAYS, 0];
  let day = 0;
  for (let index = 0; index < CYCLE_YEARS * 12; index++) {
    const month = index % 12;
    const length = (MONTH_DAYS[month] ?? 0) + (month === 1 && index % 48 === 1 ? 1 : 0);
    if (isIn(months, month + 1)) {
      for (let date = 1; date <= length; date++) {
        const inMonth = isIn(daysOfMonth, date);
        const inWeek = isIn(daysOfWeek, (day + date - 1 + SATURDAY) % 7);
        if (cron.days === "both" ? !inMonth || !inWeek : !inMonth && !inWeek) continue;
        meet(day + date - 1);
      }
    }
    day += length;
  }
  if (first < 0) return undefined;
  meet(first + CYCLE_DAYS);
  return { least, most };

  function meet(matching: number): void {
    if (last >= 0) {
      least = Math.min(least, matching - last);
      most = Math.max(most, matching - last);
    } else first = matching;
    last = matching;
  }
}

function toMask(values: readonly number[]): number {
  return values.reduce((mask, value) => mask | (1 << value), 0);
}

function isIn(mask: number | undefined, value: number): boolean {
  return ((mask ?? 0) & (1 << value)) !== 0;
}
