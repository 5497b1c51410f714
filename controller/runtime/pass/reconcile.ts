import type { Trigger } from "../../../kube/mod.ts";
import { type EventSink, keyText, type KubeObject } from "../../../kube/types.ts";
import { attribute, type Span, type Telemetry } from "../../../telemetry/mod.ts";
import type { Subject } from "./observe_and_plan.ts";
import { type PassDeps, type PassResult, runPass } from "./pass.ts";
import type { PlannedEvent, PlannedMeasure } from "../plan.ts";
import type { QueueAction, Report } from "./report.ts";

/** What the loop needs for a pass and its report. */
export interface ReconcileDeps extends PassDeps {
  readonly events: EventSink;
  readonly telemetry: Pick<Telemetry, "log" | "metrics" | "withSpan" | "withRemoteParent" | "recordSpan">;
  /** A new id for each pass. */
  readonly newId: () => string;
}

/**
 * The reconcile loop: one pass over one object (observe → plan → apply → status), then its report.
 * Returns when the key comes back, also when the kind throws. When `signal` aborts, the pass is
 * aborted, and only that is reported.
 */
export function reconcile(
  subject: Subject,
  trigger: Trigger,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<QueueAction> {
  const { kind, key } = subject;
  const startMs = deps.clock.monotonicMs();
  // Every log line inside has these, from the span.
  const attributes = {
    [attribute.kind]: kind.name,
    [attribute.namespace]: key.namespace,
    [attribute.name]: key.name,
    [attribute.objectRef]: `${kind.name}/${keyText(key)}`,
    [attribute.objectReason]: trigger,
    reconcile_id: deps.newId(),
  };
  const pass = () =>
    deps.telemetry.withSpan("reconcile", attributes, async (span) => {
      const result = await runPass(subject, deps, signal);
      const durationSeconds = Math.max(0, deps.clock.monotonicMs() - startMs) / 1000;
      keepCounters(subject, result, deps);
      for (const measure of result.measures) take(measure, deps);
      for (const event of result.events) send(event, result.object, deps);
      count(kind.name, result.report, durationSeconds, deps);
      describe(result.report, span, deps);
      return result.report.queue;
    });
  const object = deps.reader.get(kind.resource, key);
  const work = object === undefined ? undefined : kind.traceparent?.(object);
  return deps.telemetry.withRemoteParent(work, pass);
}

/** Creates the series of an object at its first pass, so that the first increment is seen, and ends them with it. */
function keepCounters({ kind, key }: Subject, { isGone }: PassResult, { telemetry }: ReconcileDeps): void {
  for (const { metric, labels, isRare } of kind.counters?.(key) ?? []) {
    if (isGone) telemetry.metrics.forget(metric, (series) => carries(series, labels));
    else if (isRare !== true) telemetry.metrics.precreate(metric, labels);
  }
  if (isGone) return;
  for (const { metric, labels } of kind.namespaceCounters?.(key.namespace) ?? []) {
    telemetry.metrics.precreate(metric, labels);
  }
}

function carries(
  series: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(labels).every(([label, value]) => series[label] === value);
}

/** Name and labels fit by the type of a measure, but the compiler loses that when it narrows the union. */
function take(measure: PlannedMeasure, { telemetry }: ReconcileDeps): void {
  if (measure.kind === "span") return telemetry.recordSpan(measure.span);
  const { kind, metric, labels, value } = measure;
  if (kind === "add") telemetry.metrics.add(metric, value, labels as never);
  else telemetry.metrics.record(metric, value, labels as never);
}

function send(event: PlannedEvent, about: KubeObject | undefined, { events }: ReconcileDeps): void {
  const { type, reason, action, note } = event;
  const regarding = event.regarding === undefined ? about : asObject(event.regarding);
  if (regarding !== undefined) events.send({ regarding, type, reason, action, note });
}

function asObject(regarding: NonNullable<PlannedEvent["regarding"]>): KubeObject {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return { apiVersion, kind, metadata: namespace === "" ? { name, uid } : { name, uid, namespace } };
}

function count(
  kind: string,
  report: Report,
  seconds: number,
  { telemetry: { metrics } }: ReconcileDeps,
): void {
  metrics.add("kopiur_controller_reconciliations_total", 1, { kind });
  metrics.add("kopiur_controller_reconcile_results_total", 1, { kind, result: report.result });
  metrics.record("kopiur_controller_reconcile_duration_seconds", seconds, { kind });
  if (report.errorClass === undefined) return;
  metrics.add("kopiur_controller_reconcile_errors_total", 1, { kind, class: report.errorClass });
}

function describe(report: Report, span: Span, { telemetry }: ReconcileDeps): void {
  const { log: { level, message, fields }, failure, queue, result } = report;
  const requeueAfter = queue.kind === "after" ? queue.seconds : undefined;
  telemetry.log[level](message, { ...fields, [attribute.requeueAfter]: requeueAfter });
  span.setAttributes({ [attribute.result]: result, [attribute.requeueAfter]: requeueAfter });
  if (failure === undefined) return;
  const { reason, text, error } = failure;
  span.setAttributes({ [attribute.errorType]: reason });
  if (error !== undefined) {
    span.addEvent("exception", { "exception.type": error.name, "exception.message": text });
  }
  span.fail(text);
}
