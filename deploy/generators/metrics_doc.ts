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
    const pushed = entry.pushedBy === "mover" ? " Pushed by movers." : "";
    return `| \`${name}\` | ${type} | ${entry.unit} | ${labels.join(", ")} | ${entry.help}${pushed} | ${
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
    "and `kopiur-mover` with a `service.instance.id` per pod. A counter is pushed without `_total`, as OpenTelemetry has it; an",
    "exporter for Prometheus adds it. What is marked _pushed by movers_ the controller shows at `/metrics`, counted from their",
    "results, and leaves to the movers over OTLP, so that a sum over all services counts each operation once. A mover that is",
    "killed pushes nothing: it is counted at `/metrics` only.",
    "",
    "Series of an object read 0 for ten minutes before they end, if they were more: after its deletion, and where a Backup left",
    "a phase. Prometheus then knows that they ended. A collector that shows the last value again forgets a series some time after",
    "it ended (`metric_expiration`); it never keeps a 1 if scrapes and exports are less than ten minutes apart.",
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
