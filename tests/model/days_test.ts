import assert from "node:assert/strict";
import { Days, type Sickness } from "./days.ts";

/** So many days go by with everything that can be sick; 0, as in the gate: an hour. */
const DAYS = Number(Deno.env.get("KOPIUR_DAYS") ?? 0);
/** A Backup begins at once; an opening may find the namespace's own Repository in the slot kept for it, being read. */
const START_SECONDS: Readonly<Record<string, number>> = { Backup: 5, Repository: 30 };
/** The mover of a deletion works for half a minute, behind a settling time of another half. */
const DELETION_SECONDS = 120;
const HOURS_TO_MEND = 8;
/** A Repository that cannot be opened rests an hour, stands two hours behind newcomers, then in line with its like. */
const LONGEST_PAUSE_HOURS = 8;

/** A hundred storages, a run of sixty-four sources and twenty deletions in one namespace, and none of them works. */
const EVERYTHING: Sickness = { repositories: 100, sources: 64, deletions: 20, maxMovers: 20 };
/** One of each sort. */
const ONE_OF_EACH: Sickness = { repositories: 6, sources: 6, deletions: 4, maxMovers: 6 };

/** What the good namespace must not notice, after so many hours. */
function assertUnharmed(days: Days, hours: number): void {
  assert.deepEqual(days.broken.slice(0, 5), []);
  const late = days.runs.filter(({ kind, startSeconds = Infinity }) =>
    !(startSeconds <= (START_SECONDS[kind] ?? 0))
  );
  assert.deepEqual(late, [], `${late.length} of ${days.runs.length} began late`);
  const count = (kind: string, phase: string) =>
    days.runs.filter((run) => run.kind === kind && run.phase === phase).length;
  assert.equal(count("Backup", "Succeeded"), hours);
  assert.equal(count("Repository", "Ready"), hours + 1);
  const slow = days.deletions.filter((seconds) => !(seconds <= DELETION_SECONDS));
  assert.deepEqual(slow, []);
}

async function mended(days: Days): Promise<readonly string[]> {
  days.mend();
  for (let hour = 0; hour < HOURS_TO_MEND; hour++) await days.passHour();
  return days.unmended;
}

Deno.test("Whatever hangs in one namespace, another one's Backups and first openings begin within seconds", async () => {
  const days = new Days(EVERYTHING);
  const hours = DAYS === 0 ? 1 : DAYS * 24;
  const began = performance.now();
  await days.begin();
  for (let hour = 0; hour < hours; hour++) {
    // A node that is lost for half a day every other day, and one that is lost for good.
    if (hour % 48 === 6) days.loseNode("b");
    if (hour % 48 === 20) days.returnNode("b");
    if (hour === 30) days.loseNode("c");
    await days.passHour();
    if (hour % 24 === 23) console.log(days.figures(), `${Math.round((performance.now() - began) / 1000)} s`);
  }
  assertUnharmed(days, hours);
  const { count: reads = 0 } = days.tries.get("repo") ?? {};
  assert.ok(reads >= hours / 3, `the sick namespace's own Repository was read ${reads} times in ${hours} h`);
  assert.ok(days.longestPauseHours <= LONGEST_PAUSE_HOURS, `${days.longestPauseHours} h between two tries`);
  if (DAYS > 0) assert.deepEqual(await mended(days), []);
  await days.end();
});

Deno.test("What cannot work gives its slot back again and again, and does its work once all is mended", async () => {
  const days = new Days(ONE_OF_EACH);
  await days.begin();
  for (let hour = 0; hour < 6; hour++) {
    if (hour === 1) days.loseNode("c");
    if (hour === 2) days.loseNode("b");
    if (hour === 4) days.returnNode("b");
    await days.passHour();
  }
  assertUnharmed(days, 6);
  const tried = (what: string) => days.tries.get(what)?.count ?? 0;
  for (const what of ["hangs-2", "hangs-3", "old-0", "source data-2", "source data-3"]) {
    assert.ok(tried(what) >= 4, `${what} was tried ${tried(what)} times`);
  }
  assert.ok(tried("repo") >= 5, `the namespace's own Repository was read ${tried("repo")} times`);
  assert.deepEqual(await mended(days), []);
  assert.deepEqual(days.broken, []);
  await days.end();
});
