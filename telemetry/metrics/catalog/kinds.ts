/** The controller's passes over every kind, and the state every object has. */
import { type MetricEntry, open } from "./entry.ts";

const reconcileBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** By exported name. */
export const kindMetrics = {
  kopiur_controller_reconciliations_total: {
    instrument: "counter",
    unit: "{reconcile}",
    scope: "process",
    labels: { kind: open },
    help: "Finished reconciles, failed ones included.",
    promised: "observability",
  },
  kopiur_controller_reconcile_errors_total: {
    instrument: "counter",
    unit: "{error}",
    scope: "process",
    labels: { kind: open, class: ["transient", "structural"] },
    help:
      "Reconciles that ended in an error, by what happens next: transient is retried, structural needs a person.",
    promised: "observability",
  },
  kopiur_controller_reconcile_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { kind: open },
    buckets: reconcileBuckets,
    help: "Time one reconcile took.",
    promised: "observability",
  },
  kopiur_controller_reconcile_results_total: {
    instrument: "counter",
    unit: "{reconcile}",
    scope: "process",
    labels: { kind: open, result: ["success", "error", "requeue", "requeue_after"] },
    help: "Finished reconciles by result.",
    promised: "reconciles",
  },
  kopiur_controller_panics_total: {
    instrument: "counter",
    unit: "{error}",
    scope: "process",
    labels: { kind: open, where: ["pass", "keys", "index", "samples"] },
    help:
      "Errors a kind threw where it may not; each is a defect of this program and costs no more than one answer.",
  },
  kopiur_resource_phase: {
    instrument: "gauge",
    unit: "{object}",
    scope: "object",
    labels: { kind: open, namespace: open, name: open, phase: open },
    help:
      "1 for the phase an object is in and 0 for its other phases; 0 for all of them for ten minutes after its deletion. Ten minutes after its end a Backup shows the phase it ended in only.",
    promised: "observability",
  },
  kopiur_resource_ready: {
    instrument: "gauge",
    unit: "{object}",
    scope: "object",
    labels: { kind: open, namespace: open, name: open },
    help: "1 when the Ready condition of an object is True, else 0; none for a Backup that has ended.",
    promised: "operations",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
