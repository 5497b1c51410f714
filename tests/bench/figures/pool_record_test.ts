import { equal, throws } from "node:assert/strict";
import { PoolRecord } from "./pool_record.ts";

/** A pool of two slots: full from 20 on, one free from 40 to 50, the last mover begins at 100. */
function aPool(): PoolRecord {
  const pool = new PoolRecord();
  for (
    const [atMs, change] of [[10, 1], [20, 1], [40, -1], [50, 1], [100, -1], [100, 1], [200, -1]] as const
  ) {
    pool.note(change, atMs);
  }
  return pool;
}

Deno.test("PoolRecord measures the share of the slots in use between its filling and the last start", () => {
  const pool = aPool();
  equal(pool.use(2), (2 * 80 - 10) / (2 * 80));
  equal(pool.most, 2);
  equal(pool.ended, 3);
});

Deno.test("PoolRecord refuses to say anything of a pool that was never full", () => {
  throws(() => aPool().use(3), /2 movers worked at most, expected all 3 slots in use/);
});
