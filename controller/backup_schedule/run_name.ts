import { shortHash } from "../shared/short_hash.ts";

const longestName = 63;
const stampLength = "-20260102030405".length;
const hashLength = 8;

/**
 * Name of the Backup a schedule makes for a slot: `<schedule>-<slot in UTC>`, always the same, so that one slot has one
 * Backup whoever makes it how often. At most 63 characters, so that it is a label value as well: a longer name of a
 * schedule gives way to its beginning and a hash of it.
 */
export function runName(schedule: string, slotMs: number): string {
  const stamp = new Date(slotMs).toISOString().replace(/\.[0-9]+Z$/, "").replace(/[^0-9]/g, "");
  const room = longestName - stampLength;
  if (schedule.length <= room) return `${schedule}-${stamp}`;
  const head = schedule.slice(0, room - hashLength - 1).replace(/[^a-z0-9]+$/, "");
  return `${head}-${shortHash(schedule, hashLength)}-${stamp}`;
}

/** The slot in the name of a Backup, undefined for a name that holds none. Quick, for it is asked of every Backup. */
export function slotOfRun(name: string): number | undefined {
  const stamp = name.slice(1 - stampLength);
  if (stamp.length !== stampLength - 1 || name.at(-stampLength) !== "-" || !/^\d+$/.test(stamp)) {
    return undefined;
  }
  const part = (from: number, to: number) => Number(stamp.slice(from, to));
  const month = part(4, 6);
  if (month < 1 || month > 12) return undefined;
  return Date.UTC(part(0, 4), month - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14));
}
