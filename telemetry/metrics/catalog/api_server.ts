/** The API server, seen from here. */
import { type MetricEntry, open } from "./entry.ts";

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** By exported name. */
export const apiServerMetrics = {
  kopiur_api_requests_total: {
    instrument: "counter",
    unit: "{request}",
    scope: "process",
    labels: { verb: open, resource: open, code: open },
    help: "Requests to the API server by HTTP status code; code 0 when no answer came.",
  },
  kopiur_api_request_duration_seconds: {
    instrument: "histogram",
    unit: "s",
    scope: "process",
    labels: { verb: open, resource: open },
    buckets: requestBuckets,
    help: "Time a request to the API server took until its answer began.",
  },
  kopiur_watch_restarts_total: {
    instrument: "counter",
    unit: "{restart}",
    scope: "process",
    labels: { resource: open, reason: open },
    help: "Watches that ended and were started again, by reason.",
  },
  kopiur_informer_synced: {
    instrument: "gauge",
    unit: "{informer}",
    scope: "process",
    labels: { resource: open },
    help: "1 when the informer of a resource has finished its first list, else 0.",
  },
  kopiur_informer_staleness_seconds: {
    instrument: "gauge",
    unit: "s",
    scope: "process",
    labels: { resource: open },
    help:
      "Time since the informer of a resource last heard from the API server; above 90 nothing is taken away.",
  },
  kopiur_leader: {
    instrument: "gauge",
    unit: "{replica}",
    scope: "process",
    labels: {},
    help: "1 on the replica that holds the lease, 0 on the others.",
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;
