import type { ObjectKey } from "../../kube/types.ts";
import { attribute, type FinishedSpan } from "../../telemetry/mod.ts";
import { shortHash } from "../shared/objects/names.ts";

/** A piece of work that crosses passes and processes: a run, a deletion, a bootstrap. */
export interface WorkTrace {
  /** 32 hex digits; the trace of everything that has to do with the work. */
  readonly traceId: string;
  /** The span of the work itself, as a W3C traceparent: the parent of all that is done for it. */
  readonly traceparent: string;
}

/**
 * The trace of a piece of work of an object. It is computed only from the object's uid, so that a repeated pass,
 * after a restart or with a lagging cache, wants the very same Job, and so that every pass
 * and every mover can compute it.
 */
export function workTrace(uid: string, work: string): WorkTrace {
  const digits = shortHash(`${uid}/${work}`, 48);
  const traceId = digits.slice(0, 32);
  // "Sampled": each process asks its own sampler, which goes by the trace id, so all come to the same answer.
  return { traceId, traceparent: `00-${traceId}-${digits.slice(32)}-01` };
}

/** The span of a piece of work of an object that is over; a time that cannot be read is taken from the other one. */
export function workSpan(
  trace: WorkTrace,
  { kind, key }: { readonly kind: string; readonly key: ObjectKey },
  span: Pick<FinishedSpan, "name" | "failure"> & Partial<Pick<FinishedSpan, "attributes">> & {
    readonly startTime: string | undefined;
    readonly endTime: string | undefined;
  },
): { readonly kind: "span"; readonly span: FinishedSpan } {
  const { startTime, endTime, ...rest } = span;
  const [start, end] = [Date.parse(startTime ?? ""), Date.parse(endTime ?? "")];
  const endMs = Number.isNaN(end) ? Number.isNaN(start) ? 0 : start : end;
  const startMs = Number.isNaN(start) ? endMs : Math.min(start, endMs);
  const attributes = {
    [attribute.kind]: kind,
    [attribute.namespace]: key.namespace,
    [attribute.name]: key.name,
    ...span.attributes,
  };
  return { kind: "span", span: { ...rest, attributes, traceparent: trace.traceparent, startMs, endMs } };
}
