/** What movers do, and the slots they wait for. */
import type { MetricEntry } from "./entry.ts";

const operationBuckets = [1, 5, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 36000] as const;
const operation = {
  operation: ["Backup", "SnapshotDelete", "BootstrapRepository"],
  result: ["succeeded", "failed"],
} as const;

/** By exported name. */
export const moverMetrics = {
  kopiur_mover_slots: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help:
      "Movers that may have a slot at the same time in the whole cluster, without those that open a repository; none when there is no limit.",
  },
  kopiur_mover_slots_used: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Slots that are taken: by movers that have not ended, and by those about to begin.",
  },
  kopiur_mover_slots_waiting: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Movers that wait for a slot.",
  },
  kopiur_bootstrap_slots: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help:
      "Movers that may open a repository at the same time in the whole cluster; none when there is no limit.",
  },
  kopiur_bootstrap_slots_used: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Slots for opening repositories that are taken.",
  },
  kopiur_bootstrap_slots_waiting: {
    instrument: "gauge",
    unit: "{slot}",
    scope: "process",
    labels: {},
    help: "Repositories that wait to be opened or read again.",
  },
  kopiur_mover_operations_total: {
    instrument: "counter",
    unit: "{operation}",
    scope: "process",
    pushedBy: "mover",
    labels: operation,
    help: "Operations movers finished, by result.",
    promised: "observability",
  },
  kopiur_mover_operation_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    pushedBy: "mover",
    labels: operation,
    buckets: operationBuckets,
    help: "Time a mover's operation took, by result.",
    promised: "observability",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
