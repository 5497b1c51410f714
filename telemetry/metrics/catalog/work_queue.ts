/** The work queue of each kind. */
import { type MetricEntry, open } from "./entry.ts";

const queueBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1000] as const;

/** By exported name. */
export const workQueueMetrics = {
  kopiur_workqueue_depth: {
    instrument: "gauge",
    unit: "{item}",
    scope: "process",
    labels: { kind: open },
    help: "Keys that wait in the work queue.",
    promised: "operations",
  },
  kopiur_workqueue_adds_total: {
    instrument: "counter",
    unit: "{item}",
    scope: "process",
    labels: { kind: open },
    help: "Keys added to the work queue.",
    promised: "operations",
  },
  kopiur_workqueue_retries_total: {
    instrument: "counter",
    unit: "{item}",
    scope: "process",
    labels: { kind: open },
    help: "Keys added again after a failure.",
    promised: "operations",
  },
  kopiur_workqueue_queue_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    buckets: queueBuckets,
    help: "Time a key waited in the work queue from when it was due.",
  },
  kopiur_workqueue_work_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    buckets: queueBuckets,
    help: "Time a worker spent on a key.",
  },
  kopiur_workqueue_unfinished_work_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    help: "Sum of the time spent so far on keys still being worked on.",
  },
  kopiur_workqueue_longest_running_processor_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    help: "Time spent so far on the key that has been worked on longest.",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
