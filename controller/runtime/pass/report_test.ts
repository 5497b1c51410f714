import assert from "node:assert/strict";
import { type Condition, findCondition, mergeConditions } from "../../../api/mod.ts";
import type { Outcome } from "../outcome.ts";
import {
  jittered,
  outcomeConditions,
  type Report,
  reportConflict,
  reportFenced,
  reportGone,
  reportOf,
  reportStale,
  textOf,
} from "./report.ts";

const now = new Date("2026-01-02T03:04:05Z");
const cause = new Error("dial tcp: connection refused");
const outcomes = {
  settled: { kind: "settled", reason: "Ready", message: "Everything is there", ready: "True" },
  rechecked: {
    kind: "settled",
    reason: "Ready",
    message: "Everything is there",
    ready: "True",
    recheckAfterSeconds: 100,
  },
  ended: { kind: "settled", reason: "BackupFailed", message: "No source could be backed up", ready: "False" },
  waiting: {
    kind: "waiting",
    reason: "RepositoryNotReady",
    message: "The repository is not ready",
    recheckAfterSeconds: 60,
  },
  stalled: { kind: "stalled", reason: "InvalidSpec", message: "Two sources have one path" },
  failed: {
    kind: "failed",
    reason: "KubeApiError",
    message: "The API server could not be asked",
    error: new Error("Cannot create Job apps/x", { cause }),
  },
} as const satisfies Record<string, Outcome>;

function conditionsAfter(outcome: Outcome, before: readonly Condition[] = []): readonly Condition[] {
  return mergeConditions(before, outcomeConditions(outcome), 1, now);
}

function report(outcome: Outcome, before: readonly Condition[] = []): Report {
  const after = conditionsAfter(outcome, before);
  return reportOf({ outcome, before, after, planned: [], random: 0.75 });
}

function facts({ event, log, failure, result, errorClass, queue }: Report): unknown {
  return {
    event: event === undefined ? "none" : `${event.type} ${event.reason}: ${event.note}`,
    log: log.level,
    span: failure === undefined ? "unset" : failure.error === undefined ? "error" : "exception",
    result,
    errorClass,
    queue,
  };
}

const onTransition = {
  settled: {
    event: "Normal Ready: Everything is there",
    log: "info",
    span: "unset",
    result: "success",
    errorClass: undefined,
    queue: { kind: "forget" },
  },
  rechecked: {
    event: "Normal Ready: Everything is there",
    log: "info",
    span: "unset",
    result: "requeue_after",
    errorClass: undefined,
    queue: { kind: "after", seconds: 105 },
  },
  ended: {
    event: "Warning BackupFailed: No source could be backed up",
    log: "info",
    span: "unset",
    result: "success",
    errorClass: undefined,
    queue: { kind: "forget" },
  },
  waiting: {
    event: "Normal RepositoryNotReady: The repository is not ready",
    log: "info",
    span: "unset",
    result: "requeue_after",
    errorClass: undefined,
    queue: { kind: "after", seconds: 60 },
  },
  stalled: {
    event: "Warning InvalidSpec: Two sources have one path",
    log: "warn",
    span: "error",
    result: "error",
    errorClass: "structural",
    queue: { kind: "forget" },
  },
  failed: {
    event: "Warning KubeApiError: The API server could not be asked: Cannot create Job apps/x: " +
      "dial tcp: connection refused",
    log: "error",
    span: "exception",
    result: "error",
    errorClass: "transient",
    queue: { kind: "backoff" },
  },
} as const;

for (const [name, outcome] of Object.entries(outcomes)) {
  const row = onTransition[name as keyof typeof outcomes];

  Deno.test(`reportOf() tells all of a transition to ${name}`, () => {
    assert.deepEqual(facts(report(outcome)), row);
  });

  Deno.test(`reportOf() tells no Event while ${name} goes on`, () => {
    const log = outcome.kind === "failed" ? row.log : "debug";
    assert.deepEqual(facts(report(outcome, conditionsAfter(outcome))), { ...row, event: "none", log });
  });
}

Deno.test("reportOf() tells no Event of a transition that is quiet, and logs it all the same", () => {
  for (const outcome of [outcomes.waiting, outcomes.settled]) {
    const { event, log } = report({ ...outcome, isQuiet: true }, []);
    assert.deepEqual([event, log.level], [undefined, "info"]);
  }
});

Deno.test("reportOf() tells a changed reason, not a changed message", () => {
  const before = conditionsAfter(outcomes.waiting);
  assert.equal(report({ ...outcomes.waiting, message: "Still not" }, before).event, undefined);
  assert.equal(
    report({ ...outcomes.waiting, reason: "VolumeNotFound" }, before).event?.reason,
    "VolumeNotFound",
  );
});

Deno.test("reportOf() leaves out its Event when the plan tells the transition in its own words", () => {
  const outcome = outcomes.ended;
  const own = { type: "Warning", reason: "BackupFailed", action: "Backup", note: "kopia said no" } as const;
  const regarding = { apiVersion: "v1", kind: "ConfigMap", namespace: "apps", name: "other", uid: "u" };
  const turn = { outcome, before: [], after: conditionsAfter(outcome), random: 0 };
  assert.equal(reportOf({ ...turn, planned: [own] }).event, undefined);
  assert.equal(reportOf({ ...turn, planned: [{ ...own, reason: "BackupPartial" }] }).event, undefined);
  assert.notEqual(reportOf({ ...turn, planned: [{ ...own, regarding }] }).event, undefined);
});

Deno.test("reportOf() tells a failed step beside what the plan tells: that speaks of something else", () => {
  const own = { type: "Normal", reason: "InitSucceeded", action: "Bootstrap", note: "opened" } as const;
  for (const outcome of [outcomes.failed, { ...outcomes.stalled, error: new Error("forbidden") }]) {
    const turn = { outcome, before: [], after: conditionsAfter(outcome), random: 0 };
    assert.equal(reportOf({ ...turn, planned: [own] }).event?.reason, outcome.reason);
  }
});

Deno.test("reportOf() keeps what lies behind a stalled outcome out of the conditions and in the Event", () => {
  const outcome: Outcome = { ...outcomes.stalled, error: new Error("path /x at 12:00:01") };
  assert.equal(report(outcome).event?.note, "Two sources have one path: path /x at 12:00:01");
  assert.equal(findCondition(conditionsAfter(outcome), "Stalled")?.message, "Two sources have one path");
});

Deno.test("reportOf() comes back to a stalled outcome that asks for it", () => {
  const { queue, result } = report({ ...outcomes.stalled, recheckAfterSeconds: 300 });
  assert.deepEqual([queue, result], [{ kind: "after", seconds: 315 }, "error"]);
});

Deno.test("outcomeConditions() sets Ready, Reconciling and Stalled by outcome and clears what is over", () => {
  const cases = {
    settled: { Ready: "True" },
    rechecked: { Ready: "True" },
    ended: { Ready: "False" },
    waiting: { Ready: "Unknown", Reconciling: "True" },
    stalled: { Ready: "False", Stalled: "True" },
    failed: { Ready: "False", Reconciling: "True" },
  };
  for (
    const [from, to] of Object.keys(cases).flatMap((a) => Object.keys(cases).map((b) => [a, b] as const))
  ) {
    const before = conditionsAfter(outcomes[from as keyof typeof cases]);
    const after = conditionsAfter(outcomes[to as keyof typeof cases], before);
    const found = Object.fromEntries(after.map(({ type, status }) => [type, status]));
    assert.deepEqual(found, cases[to as keyof typeof cases], `${from} → ${to}`);
  }
});

Deno.test("reportConflict() asks for another pass at once and is no error", () => {
  const { event, errorClass, failure, result, queue } = reportConflict(new Error("changed"));
  assert.deepEqual({ event, errorClass, failure, result, queue }, {
    event: undefined,
    errorClass: undefined,
    failure: undefined,
    result: "requeue",
    queue: { kind: "again" },
  });
});

Deno.test("reportGone() forgets the key", () => {
  assert.deepEqual([reportGone().result, reportGone().queue], ["success", { kind: "forget" }]);
});

Deno.test("jittered() stays within a tenth on both sides", () => {
  assert.deepEqual([0, 0.5, 1].map((random) => Math.round(jittered(100, random))), [90, 100, 110]);
});

Deno.test("reportOf() spreads a look back, but not one for a moment", () => {
  assert.deepEqual(report(outcomes.rechecked).queue, { kind: "after", seconds: 105 });
  assert.deepEqual(report({ ...outcomes.rechecked, isPunctual: true }).queue, {
    kind: "after",
    seconds: 100,
  });
});

Deno.test("textOf() adds what lies behind an outcome, and nothing where nothing does", () => {
  assert.equal(textOf(outcomes.stalled), "Two sources have one path");
  assert.equal(textOf(outcomes.waiting), "The repository is not ready");
  assert.match(textOf(outcomes.failed), /^The API server could not be asked: Cannot create Job apps\/x: /);
});

Deno.test("reportFenced() and reportStale() come back and are no error of anybody", () => {
  for (const each of [reportFenced(new Error("not leading")), reportStale()]) {
    assert.deepEqual([each.result, each.log.level, each.event, each.failure, each.errorClass], [
      "requeue",
      "debug",
      undefined,
      undefined,
      undefined,
    ]);
    assert.equal(each.queue.kind, "after");
  }
});
