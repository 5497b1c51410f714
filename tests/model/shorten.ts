import { firstBroken, type Step } from "./history.ts";

/** The shortest history found that still breaks a law, by leaving out ever smaller parts; not the shortest there is. */
export async function shorten(steps: readonly Step[], mostRuns: number): Promise<readonly Step[]> {
  let shortest = steps;
  let runs = 0;
  for (let size = Math.ceil(shortest.length / 2); size >= 1 && runs < mostRuns;) {
    let isShorter = false;
    for (let from = 0; from < shortest.length && runs < mostRuns;) {
      const shorter = [...shortest.slice(0, from), ...shortest.slice(from + size)];
      runs++;
      if (await firstBroken(shorter) === undefined) from += size;
      else [shortest, isShorter] = [shorter, true];
    }
    if (size === 1 && !isShorter) break;
    if (size > 1) size = Math.ceil(size / 2);
  }
  return shortest;
}
