/** Collectors that are none: nothing they do may end this process, which any rejection left behind would. */
import assert from "node:assert/strict";
import { openTelemetry, parseTelemetryConfig, type Telemetry } from "../mod.ts";

const build = { version: "0", commit: "0", date: "0" };
/** gRPC's timers and connections end with the process. */
const leavesTimers = { sanitizeOps: false, sanitizeResources: false };

type Behaviour = (connection: Deno.Conn) => Promise<void>;

const behaviours: Readonly<Record<string, Behaviour>> = {
  "closes at once": (connection) => Promise.resolve(connection.close()),
  "reads a little and closes": async (connection) => {
    await connection.read(new Uint8Array(8));
    connection.close();
  },
  "speaks HTTP/1": async (connection) => {
    await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"));
    connection.close();
  },
  "speaks nonsense and stays": async (connection) => {
    await connection.write(crypto.getRandomValues(new Uint8Array(64)));
  },
  "says nothing": () => Promise.resolve(),
};

async function startExport(scheme: string, port: number, lines: string[]): Promise<Telemetry> {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${scheme}://127.0.0.1:${port}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: "300",
    OTEL_METRIC_EXPORT_INTERVAL: "100",
    OTEL_BLRP_SCHEDULE_DELAY: "10",
    OTEL_BSP_SCHEDULE_DELAY: "10",
  };
  const config = parseTelemetryConfig(env, { role: "controller", build, terminal: false });
  return await openTelemetry(config, { sink: (line) => void lines.push(line) });
}

async function failuresOf(telemetry: Telemetry): Promise<readonly number[]> {
  const text = await telemetry.renderMetrics();
  return [...text.matchAll(/^kopiur_telemetry_export_failures_total\{.*\} (\d+)$/gm)].map(([, count]) =>
    Number(count)
  );
}

for (const scheme of ["http", "https"]) {
  for (const [name, behave] of Object.entries(behaviours)) {
    Deno.test(
      `an export by ${scheme} to a peer that ${name} fails, is counted, and is tried again`,
      leavesTimers,
      async () => {
        let accepted = 0;
        const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const open: Deno.Conn[] = [];
        const serving = (async () => {
          for await (const connection of listener) {
            accepted += 1;
            open.push(connection);
            behave(connection).catch(() => {});
          }
        })();
        const lines: string[] = [];
        const telemetry = await startExport(scheme, listener.addr.port, lines);
        const deadline = performance.now() + 15_000;
        while (Math.min(...await failuresOf(telemetry)) < 2 || accepted < 4) {
          assert.ok(
            performance.now() < deadline,
            `${await failuresOf(telemetry)} failures, ${accepted} connections`,
          );
          await telemetry.withSpan("reconcile", {}, () => telemetry.log.info("inside"));
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        const reported = lines.filter((line) => line.includes("telemetry cannot be exported"));
        assert.ok(reported.length <= 3, reported.join(""));
        const endpoint = `endpoint=${scheme}://127.0.0.1:${listener.addr.port}`;
        assert.ok(reported.every((line) => line.includes(endpoint)), reported.join(""));
        if (scheme === "https" && name === "speaks HTTP/1") {
          assert.match(
            reported.join(""),
            /it answers in plain text, expected TLS; for plain text write http:/,
          );
        }
        const began = performance.now();
        await telemetry.shutdown();
        assert.ok(performance.now() - began < 6_000);
        listener.close();
        await serving;
        for (const connection of open) closeQuietly(connection);
      },
    );
  }
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was the behaviour to close it.
  }
}
