import assert from "node:assert/strict";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { emptyResource } from "@opentelemetry/resources";
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { Redactor } from "../redact.ts";
import { Tracer } from "./tracer.ts";

const remote = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

function recorded() {
  const exporter = new InMemorySpanExporter();
  const redactor = new Redactor();
  const processors = [new SimpleSpanProcessor(exporter)];
  const tracer = new Tracer({ resource: emptyResource(), processors, redactor });
  return { tracer, redactor, spans: () => exporter.getFinishedSpans() };
}

function silent(): Tracer {
  return new Tracer({ resource: emptyResource(), processors: [], redactor: new Redactor() });
}

Deno.test("withSpan() gives ids although nothing exports, and children the id of their trace", async () => {
  const tracer = silent();
  await tracer.withSpan("outer", {}, async (outer) => {
    assert.match(outer.traceId, /^[0-9a-f]{32}$/);
    await tracer.withSpan("inner", { n: 1 }, async (inner) => {
      await Promise.resolve();
      assert.equal(inner.traceId, outer.traceId);
      assert.notEqual(inner.spanId, outer.spanId);
      assert.deepEqual(tracer.activeTrace(), {
        traceId: outer.traceId,
        spanId: inner.spanId,
        isSampled: false,
        spans: [{ name: "outer", attributes: {} }, { name: "inner", attributes: { n: 1 } }],
      });
    });
    assert.equal(tracer.activeTrace()?.spanId, outer.spanId);
  });
  assert.equal(tracer.activeTrace(), undefined);
});

Deno.test("withSpan() keeps concurrent traces apart, also in timers and callbacks", async () => {
  const tracer = silent();
  const traces = await Promise.all(
    Array.from({ length: 20 }, () =>
      tracer.withSpan("reconcile", {}, async ({ traceId }) => {
        await new Promise<void>((resolve) => queueMicrotask(resolve));
        const inTimer = await new Promise((resolve) =>
          setTimeout(() => resolve(tracer.activeTrace()?.traceId), 1)
        );
        assert.equal(inTimer, traceId);
        return traceId;
      })),
  );
  assert.equal(new Set(traces).size, 20);
});

Deno.test("withSpan() returns what fn returns and records kind, attributes and events", async () => {
  const { tracer, spans } = recorded();
  const result = await tracer.withSpan({ name: "GET", kind: "client" }, { a: 1, none: undefined }, (span) => {
    span.setAttributes({ b: ["x"], c: true });
    span.addEvent("retry", { attempt: 2 });
    return 7;
  });
  assert.equal(result, 7);
  const [span] = spans();
  assert.equal(span?.kind, SpanKind.CLIENT);
  assert.deepEqual(span?.attributes, { a: 1, b: ["x"], c: true });
  assert.deepEqual(span?.events.map((event) => [event.name, event.attributes]), [["retry", { attempt: 2 }]]);
  assert.equal(span?.status.code, SpanStatusCode.UNSET);
});

Deno.test("withSpan() marks the span for what fn throws, at once or later, and throws it on", async () => {
  const throwers: readonly (() => never | Promise<never>)[] = [
    () => {
      throw new TypeError("no", { cause: new Error("root") });
    },
    () => Promise.reject(new TypeError("no", { cause: new Error("root") })),
  ];
  for (const thrower of throwers) {
    const { tracer, spans } = recorded();
    await assert.rejects(tracer.withSpan("x", {}, thrower), TypeError);
    const [span] = spans();
    assert.deepEqual(span?.status, { code: SpanStatusCode.ERROR, message: "no: root" });
    assert.equal(span?.attributes["error.type"], "TypeError");
    assert.equal(span?.events[0]?.name, "exception");
    assert.equal(span?.ended, true);
  }
});

Deno.test("withSpan() lets a failure be told without a throw", async () => {
  const { tracer, spans } = recorded();
  await tracer.withSpan("x", {}, (span) => span.fail("stalled"));
  assert.deepEqual(spans()[0]?.status, { code: SpanStatusCode.ERROR, message: "stalled" });
});

Deno.test("spans carry no secrets", async () => {
  const { tracer, redactor, spans } = recorded();
  redactor.remember("hunter22");
  await assert.rejects(
    tracer.withSpan(
      "x",
      { text: "hunter22", list: ["hunter22"], password: "other", url: "s3://b?k=v" },
      (span) => {
        span.addEvent("e", { text: "hunter22" });
        throw new Error("hunter22", { cause: new Error("token=other") });
      },
    ),
  );
  const [span] = spans();
  const reported = JSON.stringify([span?.attributes, span?.events, span?.status]);
  assert.doesNotMatch(reported, /hunter22|other|k=v/);
});

Deno.test("withRemoteParent() joins the trace of another process", async () => {
  const { tracer, spans } = recorded();
  await tracer.withRemoteParent(remote, () => tracer.withSpan("mover", {}, () => {}));
  const [span] = spans();
  assert.equal(span?.spanContext().traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.equal(span?.parentSpanContext?.spanId, "b7ad6b7169203331");
});

Deno.test("withRemoteParent() begins a trace of its own when there is no parent or none that can be read", async () => {
  const { tracer, spans } = recorded();
  for (const text of [undefined, "", "garbage", "00-0-0-0"]) {
    await tracer.withRemoteParent(text, () => tracer.withSpan("mover", {}, () => {}));
  }
  assert.equal(spans().length, 4);
  assert.ok(spans().every((span) => span.parentSpanContext === undefined));
});

Deno.test("currentTraceparent() is what withRemoteParent() of another process reads", async () => {
  const [controller, mover] = [silent(), silent()];
  assert.equal(controller.currentTraceparent(), undefined);
  await controller.withSpan("reconcile", {}, async ({ traceId, spanId }) => {
    const traceparent = controller.currentTraceparent();
    assert.equal(traceparent, `00-${traceId}-${spanId}-00`);
    await mover.withRemoteParent(traceparent, () =>
      mover.withSpan("mover", {}, (span) => {
        assert.equal(span.traceId, traceId);
        assert.equal(mover.activeTrace()?.spans.length, 1);
      }));
  });
});

Deno.test("recordSpan() records work that is over under the ids its children were given", async () => {
  const { tracer, spans } = recorded();
  await tracer.withRemoteParent(remote, () => tracer.withSpan("mover", {}, () => {}));
  const attributes = { kind: "Backup", outcome: "failure", none: undefined };
  const times = { startMs: 1_700_000_000_000, endMs: 1_700_000_090_500 };
  const failure = "Cannot read: password=hunter22";
  tracer.recordSpan({ name: "backup run", traceparent: remote, ...times, attributes, failure });
  tracer.recordSpan({ name: "nonsense", traceparent: "nonsense", ...times, attributes: {} });
  const [child, run, ...more] = spans();
  assert.equal(more.length, 0);
  assert.equal(run?.spanContext().traceId, "0af7651916cd43dd8448eb211c80319c");
  assert.equal(run?.spanContext().spanId, "b7ad6b7169203331");
  assert.equal(run?.parentSpanContext, undefined);
  assert.equal(child?.parentSpanContext?.spanId, run?.spanContext().spanId);
  assert.deepEqual([run?.startTime, run?.endTime, run?.duration], [
    [1_700_000_000, 0],
    [1_700_000_090, 500_000_000],
    [90, 500_000_000],
  ]);
  assert.deepEqual(run?.attributes, { kind: "Backup", outcome: "failure" });
  assert.deepEqual(run?.status, { code: SpanStatusCode.ERROR, message: "Cannot read: password=[redacted]" });
  await tracer.withSpan("next", {}, (next) => assert.notEqual(next.spanId, "b7ad6b7169203331"));
});

Deno.test("a share of the traces is the same share in every process, whoever begins", async () => {
  const choose = (ratio: number, parentBased: boolean) => {
    const exporter = new InMemorySpanExporter();
    const parts = { resource: emptyResource(), redactor: new Redactor() };
    const sampler = { root: "traceidratio", parentBased, ratio } as const;
    const processors = [new SimpleSpanProcessor(exporter)];
    return { tracer: new Tracer({ ...parts, processors, sampler }), exporter };
  };
  const [controller, mover] = [choose(0.5, true), choose(0.5, true)];
  const kept: string[] = [];
  for (let work = 0; work < 200; work++) {
    const digits = crypto.randomUUID().replaceAll("-", "");
    const traceparent = `00-${digits}-b7ad6b7169203331-01`;
    await controller.tracer.withRemoteParent(
      traceparent,
      () => controller.tracer.withSpan("pass", {}, () => {}),
    );
    await mover.tracer.withRemoteParent(traceparent, () => mover.tracer.withSpan("mover", {}, () => {}));
    controller.tracer.recordSpan({ name: "run", traceparent, startMs: 0, endMs: 1, attributes: {} });
    kept.push(digits);
  }
  const tracesOf = ({ exporter }: ReturnType<typeof choose>, name: string) =>
    exporter.getFinishedSpans().filter((span) => span.name === name).map((span) =>
      span.spanContext().traceId
    );
  assert.deepEqual(tracesOf(controller, "pass"), tracesOf(mover, "mover"));
  assert.deepEqual(tracesOf(controller, "pass"), tracesOf(controller, "run"));
  const share = tracesOf(mover, "mover").length / kept.length;
  assert.ok(share > 0.3 && share < 0.7, String(share));
});
