/** What a scrape costs with 1 000 recipes and 10 000 runs. Run with `deno bench -A telemetry`. */
import { parseTelemetryConfig, type Sample, startTelemetry, type Telemetry } from "../mod.ts";

const phases = ["Pending", "Running", "Succeeded", "Failed", "Deleting"];

/** Recipes with all their gauges; the newest run of each with every phase, older runs with their own only. */
function* largeCluster(recipes: number, runsEach: number): Iterable<Sample> {
  for (let recipe = 0; recipe < recipes; recipe++) {
    const labels = { namespace: `team-${recipe % 50}`, name: `recipe-${recipe}` };
    yield { name: "kopiur_backup_last_success_timestamp_seconds", labels, value: 1.8e9 + recipe };
    yield { name: "kopiur_backup_consecutive_failures", labels, value: recipe % 3 };
    yield { name: "kopiur_backup_size_bytes", labels, value: 1e9 + recipe };
    yield { name: "kopiur_backup_files", labels, value: recipe };
    yield { name: "kopiur_backup_duration_seconds", labels, value: recipe / 7 };
    yield { name: "kopiur_resource_ready", labels: { kind: "BackupConfig", ...labels }, value: 1 };
    for (let run = 0; run < runsEach; run++) {
      const object = { kind: "Backup", namespace: labels.namespace, name: `${labels.name}-${run}` };
      for (const phase of run === 0 ? phases : ["Succeeded"]) {
        const value = phase === "Succeeded" ? 1 : 0;
        yield { name: "kopiur_resource_phase", labels: { ...object, phase }, value };
      }
    }
  }
}

function startLarge(): Telemetry {
  const build = { version: "0.0.0", commit: "0", date: "1970-01-01" };
  const config = parseTelemetryConfig({}, { role: "controller", build, terminal: false });
  const telemetry = startTelemetry(config, { sink: () => {} });
  telemetry.state.setActive(true);
  telemetry.state.register(() => largeCluster(1000, 10));
  for (let recipe = 0; recipe < 1000; recipe++) {
    telemetry.metrics.precreate("kopiur_backups_total", {
      namespace: `team-${recipe % 50}`,
      name: `recipe-${recipe}`,
    });
  }
  return telemetry;
}

const large = startLarge();

Deno.bench("renderMetrics() with 1 000 recipes and 10 000 runs", async () => {
  await large.renderMetrics();
});

Deno.bench("add() to a counter of the process", () => {
  large.metrics.add("kopiur_controller_reconciliations_total", 1, { kind: "Backup" });
});

Deno.bench("add() to a counter of an object", () => {
  large.metrics.add("kopiur_backups_total", 1, {
    namespace: "team-1",
    name: "recipe-1",
    outcome: "success",
  });
});

Deno.bench("withSpan() when nothing exports", async () => {
  await large.withSpan("reconcile", { kind: "Backup", namespace: "team-1", name: "recipe-1" }, () => {});
});

Deno.bench("log.info() inside a span", { n: 5000 }, async (bench) => {
  await large.withSpan("reconcile", { kind: "Backup", namespace: "team-1", name: "recipe-1" }, () => {
    bench.start();
    large.log.info("backup finished", { snapshot: "k1234567890", durationSeconds: 12.5 });
    bench.end();
  });
});

Deno.bench("log.debug() that is filtered out", () => {
  large.log.debug("backup finished", { snapshot: "k1234567890" });
});
