import { HttpTransport } from "../../kube/transport/http_transport.ts";
import { loadConnection, systemKubeClock, type Transport } from "../../kube/mod.ts";
import { parseTelemetryConfig, startTelemetry } from "../../telemetry/mod.ts";

/** The product's transport, in this process. */
export interface BenchTransport extends AsyncDisposable {
  readonly transport: Transport;
}

/** Connects to the API server of a kubeconfig. */
export async function benchTransport(kubeconfigPath: string): Promise<BenchTransport> {
  const build = { version: "0.0.0", commit: "unknown", date: "1970-01-01T00:00:00Z" };
  const config = parseTelemetryConfig({}, { role: "controller", build, terminal: false });
  const telemetry = startTelemetry(config, { sink: () => {} });
  const connection = await loadConnection({ path: kubeconfigPath, env: {} });
  const clock = systemKubeClock();
  const transport = new HttpTransport(connection, { clock, random: Math.random, telemetry });
  return {
    transport,
    async [Symbol.asyncDispose](): Promise<void> {
      transport.close();
      await telemetry.shutdown();
    },
  };
}
