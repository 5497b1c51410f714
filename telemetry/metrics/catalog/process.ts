/** The process itself, and its telemetry. */
import { type MetricEntry, open } from "./entry.ts";

/** By exported name. */
export const processMetrics = {
  kopiur_telemetry_export_failures_total: {
    instrument: "counter",
    unit: "{export}",
    scope: "process",
    labels: { signal: ["traces", "metrics", "logs"] },
    help: "Exports to the OpenTelemetry collector that failed; what they held is lost, but for metrics.",
  },
  kopiur_build_info: {
    instrument: "gauge",
    unit: "{build}",
    scope: "process",
    labels: { version: open, commit: open, build_date: open },
    help: "Always 1; the labels say what was built.",
  },
  process_resident_memory_bytes: {
    instrument: "gauge",
    unit: "By",
    scope: "process",
    labels: {},
    help: "Resident memory of this process.",
  },
  process_cpu_seconds_total: {
    instrument: "observed_counter",
    unit: "s",
    scope: "process",
    labels: {},
    help: "User and system CPU time this process has used.",
  },
  process_start_time_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: {},
    help: "Unix time at which this process started.",
  },
  target_info: {
    instrument: "resource",
    unit: "{target}",
    scope: "process",
    labels: {
      service_name: open,
      service_namespace: open,
      service_version: open,
      service_instance_id: open,
      k8s_namespace_name: open,
      k8s_pod_name: open,
    },
    help: "Target metadata",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
