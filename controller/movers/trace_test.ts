import assert from "node:assert/strict";
import { workSpan, workTrace } from "./trace.ts";

Deno.test("workTrace() is the same for the same work and another one for any other", () => {
  const run = workTrace("uid-1", "run");
  assert.deepEqual(workTrace("uid-1", "run"), run);
  assert.match(run.traceId, /^[0-9a-f]{32}$/);
  assert.match(run.traceparent, new RegExp(`^00-${run.traceId}-[0-9a-f]{16}-01$`));
  const others = [workTrace("uid-1", "deletion"), workTrace("uid-2", "run"), workTrace("", "run")];
  assert.equal(new Set([run, ...others].map(({ traceId }) => traceId)).size, 4);
});

Deno.test("workSpan() bears times that cannot be read or that go backwards", () => {
  const run = { kind: "Backup", key: { namespace: "apps", name: "run" } };
  const [early, late] = ["2026-01-02T03:00:00Z", "2026-01-02T03:01:00Z"];
  const cases: readonly (readonly [string | undefined, string | undefined, string, string])[] = [
    [early, late, early, late],
    [undefined, late, late, late],
    [early, "soon", early, early],
    [late, early, early, early],
  ];
  for (const [startTime, endTime, start, end] of cases) {
    const { span } = workSpan(workTrace("uid", "run"), run, { name: "x", startTime, endTime });
    assert.deepEqual([span.startMs, span.endMs], [Date.parse(start), Date.parse(end)]);
  }
  const { span } = workSpan(workTrace("uid", "run"), run, {
    name: "x",
    startTime: undefined,
    endTime: "",
  });
  assert.deepEqual([span.startMs, span.endMs], [0, 0]);
});
