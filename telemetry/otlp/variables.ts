/** The variables of the OpenTelemetry export: names, defaults and meaning, in one place. */
import { type Environment, given, type TelemetryVariable } from "../settings.ts";

/** What is exported over OTLP. */
export const otlpSignals = ["traces", "metrics", "logs"] as const;
export type OtlpSignal = typeof otlpSignals[number];

/** A variable of the export. */
export interface OtlpVariable extends TelemetryVariable {
  /** True when there is also a name for one signal, as OTEL_EXPORTER_OTLP_LOGS_ENDPOINT, which wins. */
  readonly perSignal?: true;
  /** True when movers get it from the controller, if there is a collector. */
  readonly handedOn: boolean;
}

/** Every variable of the export. */
export const otlpVariables = {
  endpoint: {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    fallback: "",
    perSignal: true,
    handedOn: true,
    help:
      "The gRPC address of an OpenTelemetry collector, as http://otel-collector.observability.svc:4317. http is " +
      "plain text, https is TLS. Not set: nothing is exported.",
  },
  protocol: {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    fallback: "grpc",
    perSignal: true,
    handedOn: true,
    help: "Only grpc is built in; the collector listens for it on port 4317 (4318 is the port of HTTP).",
  },
  headers: {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    fallback: "",
    perSignal: true,
    handedOn: true,
    help:
      "Sent with each export, as authorization=Bearer%20abc,tenant=a; values are percent-decoded and never shown. " +
      "They stand in the mover Jobs, where whoever may read Jobs in that namespace sees them, unless they come from " +
      "a Secret (KOPIUR_OTLP_HEADERS_SECRET).",
  },
  timeout: {
    name: "OTEL_EXPORTER_OTLP_TIMEOUT",
    fallback: "10000",
    perSignal: true,
    handedOn: true,
    help: "Milliseconds an export may take.",
  },
  compression: {
    name: "OTEL_EXPORTER_OTLP_COMPRESSION",
    fallback: "none",
    perSignal: true,
    handedOn: true,
    help: '"gzip" or "none".',
  },
  certificate: {
    name: "OTEL_EXPORTER_OTLP_CERTIFICATE",
    fallback: "",
    perSignal: true,
    handedOn: true,
    help:
      "Certificate authorities to trust for https, besides the usual ones: a file in PEM, or the PEM text. " +
      "Movers get the text.",
  },
  clientCertificate: {
    name: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    fallback: "",
    perSignal: true,
    handedOn: false,
    help:
      "Certificate this process shows a collector that asks for one (mTLS): a file in PEM, or the PEM text. Movers get " +
      "it from a Secret only (KOPIUR_OTLP_CLIENT_SECRET).",
  },
  clientKey: {
    name: "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    fallback: "",
    perSignal: true,
    handedOn: false,
    help:
      "The private key of that certificate, without a password: a file in PEM, or the PEM text. It is never shown, and " +
      "stands in no mover Job.",
  },
  insecure: {
    name: "OTEL_EXPORTER_OTLP_INSECURE",
    fallback: "false",
    perSignal: true,
    handedOn: true,
    help: "Plain text for an endpoint that is written without http:// or https://.",
  },
  temporality: {
    name: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    fallback: "cumulative",
    handedOn: true,
    help:
      '"cumulative", "delta" or "lowmemory". Each mover pod is a service.instance.id of its own, so that its ' +
      "cumulative counters begin at 0 and are added, never taken for a reset.",
  },
  metricInterval: {
    name: "OTEL_METRIC_EXPORT_INTERVAL",
    fallback: "60000",
    handedOn: true,
    help: "Milliseconds between two exports of the metrics; the last one is at the end of the process.",
  },
  metricTimeout: {
    name: "OTEL_METRIC_EXPORT_TIMEOUT",
    fallback: "30000",
    handedOn: true,
    help: "Milliseconds collecting and exporting the metrics may take.",
  },
  sampler: {
    name: "OTEL_TRACES_SAMPLER",
    fallback: "parentbased_always_on",
    handedOn: true,
    help:
      "Which traces are exported: always_on, always_off, traceidratio, or one of them after parentbased_. The runs " +
      "of one Backup are one trace: they are exported together or not at all.",
  },
  samplerArg: {
    name: "OTEL_TRACES_SAMPLER_ARG",
    fallback: "1",
    handedOn: true,
    help: "The share of traces for traceidratio, from 0 to 1.",
  },
  spanDelay: {
    name: "OTEL_BSP_SCHEDULE_DELAY",
    fallback: "5000",
    handedOn: true,
    help: "Milliseconds spans wait before they are exported together.",
  },
  spanTimeout: {
    name: "OTEL_BSP_EXPORT_TIMEOUT",
    fallback: "30000",
    handedOn: true,
    help: "Milliseconds before the next batch of spans no longer waits for one in the making.",
  },
  spanQueue: {
    name: "OTEL_BSP_MAX_QUEUE_SIZE",
    fallback: "2048",
    handedOn: true,
    help: "Spans kept at most; what comes while it is full is dropped.",
  },
  spanBatch: {
    name: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    fallback: "512",
    handedOn: true,
    help: "Spans exported together at most.",
  },
  logDelay: {
    name: "OTEL_BLRP_SCHEDULE_DELAY",
    fallback: "1000",
    handedOn: true,
    help: "Milliseconds log lines wait before they are exported together.",
  },
  logTimeout: {
    name: "OTEL_BLRP_EXPORT_TIMEOUT",
    fallback: "30000",
    handedOn: true,
    help: "Milliseconds before the next batch of log lines no longer waits for one in the making.",
  },
  logQueue: {
    name: "OTEL_BLRP_MAX_QUEUE_SIZE",
    fallback: "2048",
    handedOn: true,
    help:
      "Log lines kept at most for export; what comes while it is full is still written to the log itself.",
  },
  logBatch: {
    name: "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    fallback: "512",
    handedOn: true,
    help: "Log lines exported together at most.",
  },
  serviceName: {
    name: "OTEL_SERVICE_NAME",
    fallback: "",
    handedOn: false,
    help:
      "Name of this service in everything that is exported and in target_info. Not set: kopiur-controller, " +
      "kopiur-mover.",
  },
  resourceAttributes: {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    fallback: "",
    handedOn: true,
    help:
      "Further attributes of this process, as deployment.environment=prod,k8s.cluster.name=home. Which pod a mover is, " +
      "it says itself.",
  },
  disabled: {
    name: "OTEL_SDK_DISABLED",
    fallback: "false",
    handedOn: false,
    help: '"true" turns the export off, whatever else is set; /metrics and the log stay.',
  },
  strict: {
    name: "KOPIUR_OTEL_STRICT",
    fallback: "false",
    handedOn: true,
    help:
      '"true": a telemetry setting that cannot be used keeps the process from starting. Otherwise it costs the ' +
      "export, or the setting, and an error in the log. A value that cannot be read counts as true.",
  },
} as const satisfies Readonly<Record<string, OtlpVariable>>;

/** The name of a variable for one signal: OTEL_EXPORTER_OTLP_TIMEOUT → OTEL_EXPORTER_OTLP_LOGS_TIMEOUT. */
export function signalVariable(name: string, signal: OtlpSignal): string {
  return name.replace("OTEL_EXPORTER_OTLP_", `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_`);
}

/** The OTEL_EXPORTER_* variables that are set and that nothing here understands, as messages. */
export function unknownVariables(env: Environment): readonly string[] {
  const names = Object.values(otlpVariables).flatMap((variable) => variableNames(variable));
  const prefix = "OTEL_EXPORTER_";
  return Object.keys(env).filter((name) =>
    name.startsWith(prefix) && !names.includes(name) && given(env, [name]) !== undefined
  ).toSorted().map((name) => {
    const known = Object.values(otlpVariables).map((variable) => variable.name).filter((each) =>
      each.startsWith(prefix)
    );
    return `Cannot use ${name}, which is not known here, expected one of ${known.join(", ")}`;
  });
}

/** All names of a variable. */
export function variableNames(variable: OtlpVariable): readonly string[] {
  if (variable.perSignal === undefined) return [variable.name];
  return [variable.name, ...otlpSignals.map((signal) => signalVariable(variable.name, signal))];
}
