import { type Log, Redactor, type Span, type Telemetry } from "../../telemetry/mod.ts";

/** As much telemetry as a pass over an object is given. */
export type PassTelemetry = Pick<
  Telemetry,
  "log" | "metrics" | "redactor" | "withSpan" | "withRemoteParent" | "recordSpan"
>;

/** Telemetry that does nothing: what a pass costs without any. */
export function silentTelemetry(): PassTelemetry {
  const nothing = () => {};
  const log: Log = {
    error: nothing,
    warn: nothing,
    info: nothing,
    debug: nothing,
    trace: nothing,
    child: () => log,
    enabled: () => false,
  };
  const span: Span = {
    traceId: "",
    spanId: "",
    setAttributes: nothing,
    addEvent: nothing,
    fail: nothing,
  };
  return {
    log,
    metrics: { add: nothing, record: nothing, precreate: nothing, forget: nothing },
    redactor: new Redactor(),
    withSpan: async (_start, _attributes, work) => await work(span),
    withRemoteParent: (_traceparent, work) => work(),
    recordSpan: nothing,
  };
}
