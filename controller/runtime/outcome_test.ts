import assert from "node:assert/strict";
import { REASONS, StalledError, TransientError, WaitingError } from "../../api/mod.ts";
import { ApiAnswer } from "../../kube/mod.ts";
import { outcomeOfError } from "./outcome.ts";

Deno.test("outcomeOfError() waits as long as a WaitingError asks", () => {
  const error = new WaitingError("VolumeNotFound", 'Cannot start: claim "data" does not exist', 30);
  assert.deepEqual(outcomeOfError(error), {
    kind: "waiting",
    reason: "VolumeNotFound",
    message: 'Cannot start: claim "data" does not exist',
    recheckAfterSeconds: 30,
  });
});

Deno.test("outcomeOfError() stalls over a StalledError until something changes", () => {
  const error = new StalledError("InvalidSpec", "Cannot read the spec");
  const expected = { kind: "stalled", reason: "InvalidSpec", message: "Cannot read the spec", error };
  assert.deepEqual(outcomeOfError(error), expected);
});

Deno.test("outcomeOfError() asks again what the API server refused, for no watch tells when it would not", () => {
  const error = new StalledError("Forbidden", "Cannot create", {
    cause: new ApiAnswer(403, "Forbidden", []),
  });
  const outcome = outcomeOfError(error);
  assert.equal(outcome.kind === "stalled" && outcome.recheckAfterSeconds, 300);
});

Deno.test("outcomeOfError() keeps the volatile text of a failure out of the message", () => {
  const error = new TransientError("KubeApiError", "Cannot create: request 4711 timed out at 12:00:01");
  assert.deepEqual(outcomeOfError(error), {
    kind: "failed",
    reason: "KubeApiError",
    message: REASONS.KubeApiError,
    error,
  });
});

Deno.test("outcomeOfError() takes anything else that was thrown for a failure of ours", () => {
  for (const thrown of [new TypeError("x is undefined"), "a text", undefined, null, { code: 1 }]) {
    const outcome = outcomeOfError(thrown);
    assert.equal(outcome.kind, "failed");
    assert.equal(outcome.reason, "InternalError");
    assert.equal(outcome.kind === "failed" && outcome.error instanceof Error, true);
  }
});
