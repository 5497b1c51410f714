import type { MetricEntry } from "../../telemetry/mod.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** The reference page of every metric, from the catalog that the instruments are made of. */
export function metricsDoc(catalog: Readonly<Record<string, MetricEntry>>): GeneratedFile {
  const rows = Object.entries(catalog).map(([name, entry]) => {
    const labels = Object.entries(entry.labels).map(([label, values]) =>
      Array.isArray(values) ? `${label} (${values.join(", ")})` : label
    );
    const type = entry.instrument === "observed_counter"
      ? "counter"
      : entry.instrument === "resource"
      ? "gauge"
      : entry.instrument;
    return `| \`${name}\` | ${type} | ${entry.unit} | ${labels.join(", ")} | ${entry.help} | ${
      entry.promised === undefined ? "" : `[${entry.promised}](contract.md#${entry.promised})`
    } |`;
  });
  const text = [
    generatedNotice("telemetry/metrics/catalog", "<!--"),
    "# Metrics",
    "",
    "The controller serves them at `:8080/metrics`. A promised metric keeps its name, type, labels and meaning;",
    "the last column says which section of [the contract](contract.md) promises it. Scrapes that come close together get",
    "the same text, at most a second old.",
    "",
    "With a collector the same numbers are also pushed over OTLP, by each process as a service of its own: `kopiur-controller`,",
    "and `kopiur-mover` with a `service.instance.id` per pod. Movers push `kopiur_mover_*` and what they themselves cost; the",
    "controller counts `kopiur_mover_*` too, from their results, so take one of the two services, not their sum.",
    "",
    'A gauge that is "absent while 0" counts what should not be: a series of it is there while it is not 0, and reads 0',
    "for ten minutes after it fell. So `metric > 0` in an alert works as it stands; where a panel is to show the zero write",
    "`sum(metric) or vector(0)`, or for each recipe `sum by (namespace, name) (metric or kopiur_backup_active_runs * 0)`.",
    "",
    "| name | type | unit | labels | meaning | promised |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
  return { path: "deploy/docs/metrics.md", text };
}
