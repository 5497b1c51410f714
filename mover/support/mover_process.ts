/** A mover as a process of its own, to be killed: `mover_process.ts <file with a MoverConfig as JSON>`. */
import { parseTelemetryConfig, startTelemetry, streamSink, systemClock } from "../../telemetry/mod.ts";
import { type MoverConfig, runMover } from "../mod.ts";

async function main([configPath = ""]: readonly string[]): Promise<number> {
  // Written by the test that starts this.
  const config = JSON.parse(await Deno.readTextFile(configPath)) as MoverConfig;
  const telemetryConfig = parseTelemetryConfig({ RUST_LOG: "info,kopia=debug" }, {
    role: "mover",
    build: { version: "0.0.0", commit: "test", date: "2026-01-01T00:00:00Z" },
    terminal: false,
  });
  const stop = new AbortController();
  Deno.addSignalListener("SIGTERM", () => stop.abort());
  const print = streamSink(Deno.stdout);
  return await runMover(
    config,
    { ...startTelemetry(telemetryConfig), clock: systemClock, print },
    stop.signal,
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
