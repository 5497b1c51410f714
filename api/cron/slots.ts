import { Cron as Calendar } from "croner";
import type { Cron } from "./cron.ts";
import { type CronZone, instantOfWall } from "./zone.ts";

/** The moments a cron expression names in a time zone; all times are milliseconds since the epoch. */
export interface CronSlots {
  /** The first slot after a moment; undefined when there is none. */
  after(instantMs: number): number | undefined;
  /** The last slot that is not after a moment; undefined when there is none. */
  upTo(instantMs: number): number | undefined;
}

/**
 * The slots of a cron expression. Croner does the calendar, on the wall clock; what a time is that the clock shows twice
 * (once: the first) or never (the first moment after) is decided here, for every pattern alike.
 */
export function slotsOfCron(cron: Cron, zone: CronZone): CronSlots {
  const calendar = new Calendar(patternOf(cron), {
    mode: "5-part",
    timezone: "Etc/UTC",
    domAndDow: cron.days === "both",
    paused: true,
  });

  function nextWall(wallMs: number): number | undefined {
    return calendar.nextRun(new Date(wallMs))?.getTime();
  }

  /** Not after that wall time. Croner leaves out the second it is given only when it is given it to the millisecond. */
  function previousWall(wallMs: number): number | undefined {
    return calendar.previousRuns(1, new Date(wallMs + 1))[0]?.getTime();
  }

  /** Wall times that come twice lie behind the clock's second time round, those in a gap all mean the moment after it. */
  function after(instantMs: number): number | undefined {
    let wall = nextWall(zone.wallAt(instantMs));
    while (wall !== undefined) {
      const slot = instantOfWall(wall, zone);
      if (slot > instantMs) return slot;
      wall = nextWall(wall);
    }
    return undefined;
  }

  function upTo(instantMs: number): number | undefined {
    const now = zone.wallAt(instantMs);
    let wall = previousWall(now);
    // The clock shows its times for the second time: later ones of the first time are over as well.
    for (
      let later = instantOfWall(now, zone) < instantMs ? nextWall(now) : undefined;
      later !== undefined && instantOfWall(later, zone) <= instantMs;
      later = nextWall(later)
    ) wall = later;
    return wall === undefined ? undefined : instantOfWall(wall, zone);
  }

  return { after, upTo };
}

function patternOf({ minutes, hours, daysOfMonth, months, daysOfWeek }: Cron): string {
  return [minutes, hours, daysOfMonth, months, daysOfWeek].map((values) => values.join(",")).join(" ");
}
