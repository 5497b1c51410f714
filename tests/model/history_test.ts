import assert from "node:assert/strict";
import { firstBroken, historyOf } from "./history.ts";
import { shorten } from "./shorten.ts";

/** So many steps the gate goes; `deno task model` goes a million. */
const STEPS = Number(Deno.env.get("KOPIUR_MODEL_STEPS") ?? 10_000);
/** The first seed; each history has the next one. */
const SEED = Number(Deno.env.get("KOPIUR_MODEL_SEED") ?? 1);
const STEPS_OF_A_HISTORY = 100;

Deno.test(`No history of ${STEPS} steps breaks a law of what may be deleted and who may hold a slot`, async () => {
  for (let seed = SEED; (seed - SEED) * STEPS_OF_A_HISTORY < STEPS; seed++) {
    const history = historyOf(seed, STEPS_OF_A_HISTORY);
    const broken = await firstBroken(history);
    if (broken === undefined) continue;
    const shortest = await shorten(history, 200);
    const steps = shortest.map((step) => JSON.stringify(step)).join("\n");
    assert.fail(`seed ${seed}: ${await firstBroken(shortest)}, after\n${steps}`);
  }
});
