/** The gRPC exporters of OpenTelemetry. */
import { Metadata, status } from "@grpc/grpc-js";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { CollectorCredentials } from "./collector_credentials.ts";
import { CollectorLink } from "./collector_link.ts";
import type { OtlpConfig } from "./config.ts";
import { type OtlpTarget, urlOf } from "./target.ts";
import type { OtlpExporters } from "./export.ts";
import { type Exporter, WatchedExporter } from "./watched_exporters.ts";

/** The most concurrent exports; each has one batch. */
const mostAtOnce = 4;

/** Exporters for the signals that have a target, each with a connection of its own, made when it is needed. */
export function createOtlpExporters({ targets }: OtlpConfig): OtlpExporters {
  const { traces, metrics, logs } = targets;
  return {
    ...(traces === undefined
      ? {}
      : { traces: connected(traces, (options) => new OTLPTraceExporter(options)) }),
    ...(metrics === undefined
      ? {}
      : { metrics: connected(metrics, (options) => new OTLPMetricExporter(options)) }),
    ...(logs === undefined ? {} : { logs: connected(logs, (options) => new OTLPLogExporter(options)) }),
  };
}

type Options = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;
type Compression = NonNullable<Options["compression"]>;

/** An exporter that makes a new connection when the old one may be broken. */
function connected<Items>(
  target: OtlpTarget,
  create: (options: Options) => Exporter<Items>,
): WatchedExporter<Items> & { forceFlush(): Promise<void> } {
  const link = linkTo(target);
  return new WatchedExporter(create(optionsOf(target, link)), (error) => {
    if (connectionIsDoubtful(error)) link.reset();
  });
}

/** The runtime does not tell gRPC that a connection has ended, so exports over it fail for ever, or hang. */
function connectionIsDoubtful(error: Error | undefined): boolean {
  const code = error !== undefined && "code" in error ? error.code : undefined;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.INTERNAL;
}

/** Complete options, so that the exporters read nothing from the environment. */
function optionsOf(
  target: OtlpTarget,
  link: CollectorLink,
): Options {
  const { headers, timeoutMs, compression } = target;
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.set(name, value);
  return {
    url: urlOf(target),
    credentials: new CollectorCredentials(link),
    metadata,
    timeoutMillis: timeoutMs,
    // The exporters do not export this enumeration.
    compression: compression as Compression,
    concurrencyLimit: mostAtOnce,
  };
}

function linkTo({ address, security }: OtlpTarget): CollectorLink {
  const { hostname, port } = new URL(`http://${address}`);
  const tls = security.kind === "plain" ? undefined : security;
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return new CollectorLink({ hostname: host, port: Number(port || 80), tls });
}
