import { shortHash } from "../shared/objects/names.ts";

export { slotOfRun } from "../shared/mod.ts";

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
