import { moverDefaults, runMover as work } from "../../mover/mod.ts";
import { inlineCertificates, streamSink, systemClock } from "../../telemetry/mod.ts";
import { parseMoverConfig } from "../config/config.ts";
import type { Host } from "../host.ts";
import { processLifecycle, runRole } from "../lifecycle.ts";
import { startRoleTelemetry } from "./telemetry.ts";

/** Below the 30 s a kubelet waits before it kills; kopia gets most of it to end by itself. */
const END_WITHIN_MS = 28_000;

/** A repository on a volume is shared by its group: movers may run as different users. Nobody else may read it. */
const UMASK = 0o007;

/** Does one piece of work; SIGTERM is passed on to kopia and still leaves a result. */
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
