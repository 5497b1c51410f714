import assert from "node:assert/strict";
import {
  aDeletedResult,
  aFailedResult,
  aSavedResult,
  BackupStage,
} from "../../../tests/support/backup_stage.ts";
import { spanEntry } from "../../../telemetry/mod.ts";
import { runTrace } from "./traces.ts";

type Env = readonly { readonly name: string; readonly value?: string }[];

/** What a Job's mover is told to be part of. */
function traceparentOf(job: unknown): string | undefined {
  const { spec } = job as { spec: { template: { spec: { containers: readonly [{ env: Env }] } } } };
  return spec.template.spec.containers[0].env.find(({ name }) => name === "TRACEPARENT")?.value;
}

function traceIds(stage: BackupStage, name: string): readonly string[] {
  return stage.spans().filter((span) => span.name === name).map((span) => span.spanContext().traceId);
}

Deno.test("a run is one trace: its passes, its movers, its status, and the span of all of it", async () => {
  const stage = new BackupStage({ sources: ["a", "b"] });
  await stage.settle();
  const { traceId, traceparent } = runTrace({ uid: stage.backup?.metadata.uid ?? "" });
  assert.equal(stage.status.traceId, traceId);
  assert.deepEqual(stage.jobs.map(traceparentOf), [traceparent, traceparent]);
  assert.deepEqual(new Set(traceIds(stage, "reconcile")), new Set([traceId]));
  assert.deepEqual(traceIds(stage, "backup run"), []);
  stage.end(stage.job("a"), 0, aSavedResult("k1"));
  stage.end(stage.job("b"), 0, aSavedResult("k2"));
  await stage.settle();
  const [run, ...more] = stage.spans().filter(({ name }) => name === "backup run");
  assert.equal(more.length, 0, "told once");
  assert.equal(traceparent, `00-${run?.spanContext().traceId}-${run?.spanContext().spanId}-01`);
  assert.equal(run?.parentSpanContext, undefined);
  assert.deepEqual(run?.attributes, {
    kind: "Backup",
    namespace: "apps",
    name: "run",
    config: "recipe",
    outcome: "success",
  });
  assert.equal(run?.startTime[0], Date.parse(stage.status.timing?.startTime ?? "") / 1000);
  assert.equal(run?.endTime[0], Date.parse(stage.status.timing?.endTime ?? "") / 1000);
  const passes = stage.spans().filter(({ name }) => name === "reconcile");
  const within = passes.filter(({ parentSpanContext }) =>
    parentSpanContext?.spanId === run?.spanContext().spanId
  );
  assert.ok(within.length >= 3);
  await stage.pass();
  assert.notEqual(
    traceIds(stage, "reconcile").at(-1),
    traceId,
    "a run that ended is looked at, not worked on",
  );
});

Deno.test("a run that failed is a span that failed", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 2, aFailedResult("AuthFailure", "invalid password"));
  await stage.settle();
  const run = stage.spans().find(({ name }) => name === "backup run");
  assert.equal(run?.attributes["outcome"], "failure");
  assert.equal(run?.status.code, 2);
});

Deno.test("a pass that is made again over a cache that lags behind wants the very same Job", async () => {
  const stage = new BackupStage();
  await stage.settle();
  const before = traceparentOf(stage.job());
  stage.restart();
  await stage.settle();
  assert.equal(stage.made.length, 1);
  assert.equal(traceparentOf(stage.job()), before);
});

Deno.test("the deletion of a run's snapshots is a trace of its own", async () => {
  const stage = new BackupStage();
  await stage.settle();
  stage.end(stage.job(), 0, aSavedResult("k1"));
  await stage.settle();
  const { traceId } = runTrace({ uid: stage.backup?.metadata.uid ?? "" });
  stage.deleteBackup();
  await stage.settleDeletion();
  const asked = traceparentOf(stage.job());
  stage.end(stage.job(), 0, aDeletedResult(1));
  await stage.settle();
  assert.equal(stage.backup, undefined);
  const deletion = stage.spans().find(({ name }) => name === "snapshot deletion");
  assert.equal(asked, `00-${deletion?.spanContext().traceId}-${deletion?.spanContext().spanId}-01`);
  assert.notEqual(deletion?.spanContext().traceId, traceId);
  for (const { name, attributes } of stage.spans()) {
    const unknown = Object.keys(attributes).filter((key) => !spanEntry(name)?.attributes.includes(key));
    assert.deepEqual(unknown, [], name);
  }
});
