/** A slot in the name of a Backup: its moment in UTC, to the second. */
const stampLength = "-20260102030405".length;

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
