import { equal } from "node:assert/strict";
import { nodeIsReady } from "./ready.ts";

const ready = {
  conditions: [{ type: "MemoryPressure", status: "False" }, { type: "Ready", status: "True" }],
};

Deno.test("nodeIsReady() wants the condition true and the taint gone", () => {
  equal(nodeIsReady({ spec: {}, status: ready }), true);
  equal(nodeIsReady({ spec: { taints: [{ key: "node.kubernetes.io/not-ready" }] }, status: ready }), false);
  equal(nodeIsReady({ spec: { taints: [{ key: "other" }] }, status: ready }), true);
  equal(nodeIsReady({ spec: {}, status: { conditions: [{ type: "Ready", status: "Unknown" }] } }), false);
  equal(nodeIsReady({ spec: {}, status: {} }), false);
});
