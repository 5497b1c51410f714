import { moverDefaults, runMover as work } from "../../mover/mod.ts";
import { inlineCertificates, streamSink, systemClock } from "../../telemetry/mod.ts";
import { parseMoverConfig } from "../config/config.ts";
import type { Host } from "../host.ts";
import { processLifecycle, runRole } from "../lifecycle.ts";
import { startRoleTelemetry } from "./telemetry.ts";

/** Less than the 30 s after which the kubelet kills the container; kopia gets most of it to end by itself. */
const END_WITHIN_MS = 28_000;

/** Group members may read a repository on a volume, as movers may run as different users; others may not. */
const UMASK = 0o007;

/** Runs one mover and returns its exit code. On SIGTERM kopia is stopped and a result is still written. */
export async function runMover(host: Host): Promise<number> {
  const env = await inlineCertificates(host.env, Deno.readTextFile);
  const config = parseMoverConfig(env);
  Deno.umask(UMASK);
  const telemetry = await startRoleTelemetry(host, env, "mover");
  const lifecycle = processLifecycle(END_WITHIN_MS, (message, fields) => telemetry.log.info(message, fields));
  return await runRole(lifecycle, async ({ signal, atEnd }) => {
    atEnd("telemetry", () => telemetry.shutdown());
    const settings = { ...moverDefaults, ...config, environment: host.env };
    const print = streamSink(Deno.stdout);
    return await work(settings, { ...telemetry, clock: systemClock, print }, signal);
  });
}
