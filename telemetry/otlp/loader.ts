/** Loads the export when there is one: a process without a collector never evaluates gRPC. */
import type { OtlpConfig } from "./config.ts";
import type { OtlpExport, OtlpExportParts } from "./export.ts";

/** The export of a config, ready to be connected. */
export async function loadOtlp(config: OtlpConfig): Promise<(parts: OtlpExportParts) => OtlpExport> {
  const { createOtlpExporters } = await import("./exporters.ts");
  const { startOtlpExport } = await import("./export.ts");
  return (parts) => startOtlpExport(config, createOtlpExporters(config), parts);
}
