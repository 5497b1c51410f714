/** The gRPC exporters of OpenTelemetry; the only file that knows gRPC. */
import { Buffer } from "node:buffer";
import { ChannelCredentials, Metadata } from "@grpc/grpc-js";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import type { OtlpConfig, OtlpTarget } from "./otlp_config.ts";
import type { OtlpExporters } from "./otlp_export.ts";

/** An export that hangs may be joined by as many more; each holds one batch. */
const mostAtOnce = 4;

/** Exporters for the signals that have a target. Connects at the first export. */
export function createOtlpExporters({ targets }: OtlpConfig): OtlpExporters {
  const { traces, metrics, logs } = targets;
  return {
    ...(traces === undefined ? {} : { traces: new OTLPTraceExporter(optionsOf(traces)) }),
    ...(metrics === undefined ? {} : { metrics: new OTLPMetricExporter(optionsOf(metrics)) }),
    ...(logs === undefined ? {} : { logs: new OTLPLogExporter(optionsOf(logs)) }),
  };
}

type Options = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;
type Compression = NonNullable<Options["compression"]>;

/** Complete, so that nothing is left for the exporters to look up in the environment by themselves. */
function optionsOf({ address, security, headers, timeoutMs, compression }: OtlpTarget): Options {
  const metadata = new Metadata();
  for (const [name, value] of headers) metadata.set(name, value);
  const scheme = security.kind === "plain" ? "http" : "https";
  return {
    url: `${scheme}://${address}`,
    credentials: credentialsOf(security),
    metadata,
    timeoutMillis: timeoutMs,
    // The enumeration of these words is not exported by the exporters.
    compression: compression as Compression,
    concurrencyLimit: mostAtOnce,
  };
}

function credentialsOf(security: OtlpTarget["security"]): ChannelCredentials {
  if (security.kind === "plain") return ChannelCredentials.createInsecure();
  const { authorities } = security;
  return authorities === undefined
    ? ChannelCredentials.createSsl()
    : ChannelCredentials.createSsl(Buffer.from(authorities));
}
