import assert from "node:assert/strict";
import { ServerClock } from "./server_clock.ts";

Deno.test("ServerClock goes on from the last answer, whatever our wall clock says", () => {
  let monotonicMs = 5_000;
  const server = new ServerClock({ monotonicMs: () => monotonicMs });
  assert.equal(server.now(), undefined);
  server.note("Fri, 02 Jan 2026 03:04:05 GMT");
  monotonicMs += 90_500;
  assert.equal(server.now()?.toISOString(), "2026-01-02T03:05:35.500Z");
  for (const nothing of [null, "", "soon"]) server.note(nothing);
  assert.equal(server.now()?.toISOString(), "2026-01-02T03:05:35.500Z");
  server.note("Thu, 01 Jan 2026 00:00:00 GMT");
  assert.equal(server.now()?.toISOString(), "2026-01-01T00:00:00.000Z");
});
