/**
 * The process that owns one cluster: started with the cluster's folder as its argument, it starts everything, keeps
 * it running, and takes it all down when told (SIGTERM), or when its standard input ends before the word "keep" was
 * read from it, which happens however its starter dies.
 *
 * On standard output it tells its starter, one JSON document per line, what it is doing.
 */
import { join } from "node:path";
import { TextLineStream } from "../machine/text_lines.ts";
import { readClusterSpec } from "../cluster_spec.ts";
import { controlGroupFolders } from "../node/control_groups.ts";
import { Janitor } from "../machine/janitor.ts";
import { controlGroupOf, RunningCluster } from "./running_cluster.ts";
import type { SupervisorMessage } from "./supervisor_message.ts";

async function main(folder: string): Promise<void> {
  const spec = await readClusterSpec(folder);
  if (spec === undefined) throw new Error(`Cannot run a cluster: ${folder} has no spec.json`);
  // Outlives this process, whatever happens to it, and leaves no folder behind.
  const janitor = new Janitor(spec.parts.janitor, [
    ...controlGroupFolders(controlGroupOf(spec.name)),
    folder,
  ]);
  const log = (line: string) => appendLine(join(folder, "supervisor.log"), line);
  const cluster = new RunningCluster(spec, log);
  const reported = Promise.withResolvers<string>();
  Deno.addSignalListener("SIGTERM", () => reported.resolve("told to stop"));
  Deno.addSignalListener("SIGINT", () => reported.resolve("told to stop"));
  guardEnded().then(() => reported.resolve("the process that started it is gone"));
  const started = cluster.start((text) => tell({ kind: "step", text })).then(() => tell({ kind: "ready" }));
  const failed = started.then(() => cluster.broken()).then(() => "its namespaces are gone");
  try {
    log(`stopping: ${await Promise.race([reported.promise, failed])}`);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    log(`stopping: ${message}`);
    tell({ kind: "failed", message });
  }
  await cluster.stop();
  await started.catch(() => undefined);
  await janitor.clean();
}

function tell(message: SupervisorMessage): void {
  try {
    const bytes = new TextEncoder().encode(JSON.stringify(message) + "\n");
    for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
  } catch {
    // Whoever started this cluster is gone; the guard will see to that.
  }
}

/** Resolves when standard input ends without the word that lets the cluster outlive its starter. */
async function guardEnded(): Promise<void> {
  for await (const line of Deno.stdin.readable.pipeThrough(new TextLineStream())) {
    if (line === "keep") return await new Promise(() => undefined);
  }
}

function appendLine(path: string, line: string): void {
  try {
    Deno.writeTextFileSync(path, `${new Date().toISOString()} ${line}\n`, { append: true });
  } catch {
    // The folder may be on its way out.
  }
}

if (import.meta.main) {
  const [folder] = Deno.args;
  if (folder === undefined) throw new Error("Cannot run a cluster: expected its folder as the argument");
  try {
    await main(folder);
    Deno.exit(0);
  } catch (cause) {
    tell({ kind: "failed", message: cause instanceof Error ? cause.message : String(cause) });
    Deno.exit(1);
  }
}
