import type { SpanEntry } from "../../telemetry/mod.ts";
import { type GeneratedFile, generatedNotice } from "./generated.ts";

/** The reference page of every span, from the catalog received spans are held against. */
export function spansDoc(catalog: readonly SpanEntry[]): GeneratedFile {
  const text = [
    generatedNotice("telemetry/traces/catalog.ts", "<!--"),
    "# Spans",
    "",
    "Exported over OTLP when there is a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`). Without one spans still have ids, and",
    "each log line inside one carries its `trace_id` and `span_id`.",
    "",
    "| span | kind | recorded by | beneath | attributes | meaning |",
    "|---|---|---|---|---|---|",
    ...catalog.map(({ name, kind, role, parent, attributes, meaning }) =>
      `| \`${name}\` | ${kind} | ${role} | ${parent} | ${
        attributes.map((each) => `\`${each}\``).join(", ")
      } | ${meaning} |`
    ),
    "",
  ].join("\n");
  return { path: "deploy/docs/spans.md", text };
}
