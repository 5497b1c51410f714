import assert from "node:assert/strict";
import { formatTraceparent, parseTraceparent } from "./traceparent.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";

Deno.test("parseTraceparent() reads version 00 and what later versions promise to keep", () => {
  const cases: Readonly<Record<string, number>> = {
    [`00-${traceId}-${spanId}-01`]: 1,
    [`  00-${traceId}-${spanId}-00\n`]: 0,
    [`01-${traceId}-${spanId}-01-more`]: 1,
    [`cc-${traceId}-${spanId}-ff`]: 255,
  };
  for (const [text, traceFlags] of Object.entries(cases)) {
    assert.deepEqual(parseTraceparent(text), { traceId, spanId, traceFlags }, text);
  }
});

Deno.test("parseTraceparent() takes nothing else", () => {
  const bad = [
    undefined,
    "",
    "garbage",
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01\n00-${traceId}-${spanId}-01`,
    "0".repeat(1_000_000),
  ];
  for (const text of bad) assert.equal(parseTraceparent(text), undefined, text?.slice(0, 80));
});

Deno.test("formatTraceparent() renders what parseTraceparent() reads", () => {
  const span = { traceId, spanId, traceFlags: 1 };
  assert.equal(formatTraceparent(span), `00-${traceId}-${spanId}-01`);
  assert.deepEqual(parseTraceparent(formatTraceparent(span)), span);
});
