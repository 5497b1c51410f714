import { controllerPermissions } from "../controller/mod.ts";
import { CONFIG_VARIABLES } from "../cmd/config/config.ts";
import { ANNOTATION, REASONS } from "../api/mod.ts";
import { ANNOTATION_CATALOG } from "../api/catalogs/annotations.ts";
import { EVENTS } from "../api/catalogs/events.ts";
import { catalog, spanCatalog } from "../telemetry/mod.ts";
import { annotationsDoc } from "./generators/annotations_doc.ts";
import { apiDoc } from "./generators/api_doc.ts";
import { crdFiles } from "./generators/crds.ts";
import { envDoc } from "./generators/env_doc.ts";
import { eventsDoc } from "./generators/events_doc.ts";
import { firstDifference } from "./generators/difference.ts";
import type { GeneratedFile } from "./generators/generated.ts";
import { metricsDoc } from "./generators/metrics_doc.ts";
import { rbacFile } from "./generators/rbac.ts";
import { spansDoc } from "./generators/spans_doc.ts";
import { valuesFiles } from "./generators/values.ts";

/** Every generated file of the project, rendered in memory. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    ...crdFiles(),
    ...valuesFiles(),
    rbacFile(controllerPermissions()),
    apiDoc(),
    envDoc(CONFIG_VARIABLES),
    metricsDoc(catalog),
    spansDoc(spanCatalog),
    eventsDoc(EVENTS, REASONS),
    annotationsDoc(ANNOTATION, ANNOTATION_CATALOG),
  ];
}

/** A sentence for each generated file that differs from the tree; empty when all are fresh. */
export async function staleFiles(root: URL): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const { path, text } of generatedFiles()) {
    const found = await readIfThere(new URL(path, root));
    if (found === text) continue;
    stale.push(`${path} is stale: ${firstDifference(found, text)}`);
  }
  return stale;
}

async function readIfThere(file: URL): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const root = new URL("../", import.meta.url);
  if (args.includes("--check")) {
    const stale = await staleFiles(root);
    for (const line of stale) console.error(line);
    if (stale.length > 0) console.error("Run ./denow task gen and commit the result");
    return stale.length === 0 ? 0 : 1;
  }
  for (const { path, text } of generatedFiles()) await Deno.writeTextFile(new URL(path, root), text);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
