import { deepEqual, throws } from "node:assert/strict";
import { parseSupervisorMessage } from "./supervisor_message.ts";

Deno.test("parseSupervisorMessage() takes the three kinds and nothing else", () => {
  deepEqual(parseSupervisorMessage('{"kind":"step","text":"x"}'), { kind: "step", text: "x" });
  deepEqual(parseSupervisorMessage('{"kind":"ready"}'), { kind: "ready" });
  throws(() => parseSupervisorMessage('{"kind":"other"}'));
  throws(() => parseSupervisorMessage("Segmentation fault"));
});
