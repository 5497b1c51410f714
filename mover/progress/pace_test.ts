import assert from "node:assert/strict";
import { Pace } from "./pace.ts";

/** The rate at the end of a list of what was seen: seconds and bytes. */
function rateOf(seen: readonly (readonly [number, number])[], atSeconds?: number): number | undefined {
  const pace = new Pace(0);
  for (const [seconds, bytes] of seen) pace.note(bytes, seconds * 1000);
  return pace.perSecond(1000 * (atSeconds ?? seen.at(-1)?.[0] ?? 0));
}

Deno.test("Pace says nothing before there is something to say", () => {
  assert.equal(rateOf([]), undefined);
  assert.equal(rateOf([[60, 0]]), undefined, "nothing moved");
  assert.equal(rateOf([[4, 1000]]), undefined, "it is too early");
  assert.equal(rateOf([[5, 1000]]), 200);
});

Deno.test("Pace forgets how fast it was long ago", () => {
  const slowThenFast = [...steady(0, 600, 10), ...steady(600, 800, 1000, 6000)];
  assert.equal(Math.round(rateOf(slowThenFast) ?? 0), 1000);
});

Deno.test("Pace is slower and slower while nothing moves", () => {
  const seen = steady(0, 100, 50);
  assert.equal(rateOf(seen), 50);
  assert.equal(rateOf(seen, 200), 25);
  assert.equal(rateOf(seen, 5000), 1);
});

Deno.test("Pace bears figures that are so rounded that they move once in a quarter of an hour", () => {
  const step = 100e9;
  const seen = Array.from({ length: 40 }, (_, index) => [index * 900, index * step] as const);
  const rate = rateOf(seen, 39 * 900 + 400) ?? 0;
  const truth = step / 900;
  assert.ok(Math.abs(rate / truth - 1) < 0.2, `${rate} of ${truth}`);
});

Deno.test("Pace begins anew when the figure goes back", () => {
  assert.equal(rateOf([[10, 1e9], [20, 5]]), undefined);
  assert.equal(rateOf([[10, 1e9], [20, 0], [30, 1000]]), 100);
});

function steady(from: number, to: number, rate: number, start = 0): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  for (let at = from + 5; at <= to; at += 5) found.push([at, start + (at - from) * rate]);
  return found;
}
