import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";

/** No prefix, no timestamps (they break staleness), target_info kept, no otel_scope_* labels (they break `by`). */
export function createSerializer(): PrometheusSerializer {
  const [prefix, timestamps, constantLabels, withoutTargetInfo, withoutScope] = [
    "",
    false,
    undefined,
    false,
    true,
  ];
  return new PrometheusSerializer(prefix, timestamps, constantLabels, withoutTargetInfo, withoutScope);
}
