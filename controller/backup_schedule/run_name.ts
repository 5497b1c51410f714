import { shortHash } from "../shared/objects/names.ts";

export { slotOfRun } from "../shared/mod.ts";

const longestName = 63;
const stampLength = "-20260102030405".length;
const hashLength = 8;

/**
 * The name of the Backup of a slot: `<schedule>-<slot in UTC>`. It is always the same, so that a slot has only one
 * Backup, however often it is made. At most 63 characters, so that it is a label value as well: a longer schedule name
 * is cut and gets a hash.
 */
export function runName(schedule: string, slotMs: number): string {
  const stamp = new Date(slotMs).toISOString().replace(/\.[0-9]+Z$/, "").replace(/[^0-9]/g, "");
  const room = longestName - stampLength;
  if (schedule.length <= room) return `${schedule}-${stamp}`;
  const head = schedule.slice(0, room - hashLength - 1).replace(/[^a-z0-9]+$/, "");
  return `${head}-${shortHash(schedule, hashLength)}-${stamp}`;
}
