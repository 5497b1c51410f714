/** What a collector received, read from the JSON it hands on (opentelemetry.proto, JSON mapping). */
import * as z from "zod";

interface Value {
  readonly stringValue?: string | undefined;
  readonly intValue?: string | number | undefined;
  readonly doubleValue?: number | undefined;
  readonly boolValue?: boolean | undefined;
}

const value: z.ZodType<Value> = z.looseObject({
  stringValue: z.string().optional(),
  intValue: z.union([z.string(), z.number()]).optional(),
  doubleValue: z.number().optional(),
  boolValue: z.boolean().optional(),
});
const attributes = z.array(z.object({ key: z.string(), value })).default([]);
const resource = z.object({ attributes });
const scope = z.object({ name: z.string().default("") }).default({ name: "" });
const time = z.coerce.number().default(0);

const spanDocument = z.object({
  resourceSpans: z.array(z.object({
    resource,
    scopeSpans: z.array(z.object({
      spans: z.array(z.object({
        traceId: z.string(),
        spanId: z.string(),
        parentSpanId: z.string().default(""),
        name: z.string(),
        startTimeUnixNano: time,
        endTimeUnixNano: time,
        attributes,
        status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
      })),
    })),
  })),
});

const logDocument = z.object({
  resourceLogs: z.array(z.object({
    resource,
    scopeLogs: z.array(z.object({
      scope,
      logRecords: z.array(z.object({
        severityText: z.string(),
        severityNumber: z.number(),
        body: value,
        attributes,
        traceId: z.string().default(""),
      })),
    })),
  })),
});

const points = z.object({
  dataPoints: z.array(
    z.object({ attributes, asDouble: z.number().optional(), count: z.coerce.number().optional() }),
  ),
});
const metricDocument = z.object({
  resourceMetrics: z.array(z.object({
    resource,
    scopeMetrics: z.array(z.object({
      metrics: z.array(z.object({
        name: z.string(),
        sum: points.extend({ isMonotonic: z.boolean().default(false) }).optional(),
        gauge: points.optional(),
        histogram: points.optional(),
      })),
    })),
  })),
});

/** Attributes as a record of texts. */
export type Attributes = Readonly<Record<string, string>>;

/** A span, with what its process is. */
export interface ReceivedSpan {
  readonly resource: Attributes;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: Attributes;
  readonly failed: boolean;
}

/** A log record, with what its process is. */
export interface ReceivedLog {
  readonly resource: Attributes;
  readonly target: string;
  readonly severity: string;
  readonly message: string;
  readonly attributes: Attributes;
  readonly traceId: string;
}

/**
 * One export of metrics of one process: values by series, as `name{label="value"}` of an exporter for Prometheus; of
 * histograms the count.
 */
export interface ReceivedMetrics {
  readonly resource: Attributes;
  readonly samples: ReadonlyMap<string, number>;
}

/** The spans of a body sent to /v1/traces. */
export function readSpans(body: unknown): readonly ReceivedSpan[] {
  return spanDocument.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans).map((span) => ({
      resource: textsOf(resource.attributes),
      traceId: span.traceId,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      name: span.name,
      attributes: textsOf(span.attributes),
      failed: span.status.code === 2,
    }))
  );
}

/** The records of a body sent to /v1/logs. */
export function readLogs(body: unknown): readonly ReceivedLog[] {
  return logDocument.parse(body).resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ scope, logRecords }) =>
      logRecords.map((record) => ({
        resource: textsOf(resource.attributes),
        target: scope.name,
        severity: record.severityText,
        message: textOf(record.body),
        attributes: textsOf(record.attributes),
        traceId: record.traceId,
      }))
    )
  );
}

/** The exports of a body sent to /v1/metrics. */
export function readMetrics(body: unknown): readonly ReceivedMetrics[] {
  return metricDocument.parse(body).resourceMetrics.map(({ resource, scopeMetrics }) => {
    const samples = new Map<string, number>();
    for (const { name, sum, gauge, histogram } of scopeMetrics.flatMap(({ metrics }) => metrics)) {
      const suffix = histogram !== undefined ? "_count" : sum?.isMonotonic === true ? "_total" : "";
      for (const point of (sum ?? gauge ?? histogram)?.dataPoints ?? []) {
        samples.set(
          seriesName(`${name}${suffix}`, textsOf(point.attributes)),
          point.asDouble ?? point.count ?? NaN,
        );
      }
    }
    return { resource: textsOf(resource.attributes), samples };
  });
}

/** Values by series of a text of /metrics, named as in {@link ReceivedMetrics}. */
export function readExposition(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found === null || /_(bucket|sum)$/.test(found[1] ?? "")) continue;
    const labels = [...(found[2] ?? "").matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)];
    const attributes = Object.fromEntries(labels.map(([, key = "", each = ""]) => [key, each]));
    samples.set(seriesName(found[1] ?? "", attributes), Number(found[3]));
  }
  return samples;
}

function seriesName(name: string, labels: Attributes): string {
  const pairs = Object.entries(labels).toSorted(([a], [b]) => a < b ? -1 : 1).map(([key, each]) =>
    `${key}="${each}"`
  );
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
}

function textsOf(list: z.infer<typeof attributes>): Attributes {
  return Object.fromEntries(list.map(({ key, value }) => [key, textOf(value)]));
}

function textOf({ stringValue, intValue, doubleValue, boolValue }: Value): string {
  return String(stringValue ?? intValue ?? doubleValue ?? boolValue ?? "");
}
