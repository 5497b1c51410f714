/**
 * Runs in a network namespace whose only address, but loopback, is of IPv6, as a pod of such a cluster has it: starts the
 * controller from source with the address it listens on by default, and says "ready" when a kubelet's probe would pass.
 * Arguments: the socket that leads to the API server, and a kubeconfig.
 */
import { fileURLToPath } from "node:url";

const address = "fd00::10";
const [socket = "", kubeconfig = ""] = Deno.args;

const listener = Deno.listen({ hostname: address, port: 6443 });
void (async () => {
  for await (const client of listener) void pipe(client);
})();

async function pipe(client: Deno.Conn): Promise<void> {
  const server = await Deno.connect({ transport: "unix", path: socket });
  await Promise.all([
    client.readable.pipeTo(server.writable),
    server.readable.pipeTo(client.writable),
  ]).catch(() => undefined);
}

const controller = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "--no-check", fileURLToPath(new URL("../../mod.ts", import.meta.url)), "controller"],
  env: {
    KUBECONFIG: kubeconfig,
    KOPIUR_NAMESPACE: "kopiur-system",
    KOPIUR_MOVER_IMAGE: "kopiur.local/kopiur:test",
    POD_NAME: "controller-0",
  },
  stdout: "inherit",
}).spawn();

const end = performance.now() + 60_000;
let ready = false;
while (!ready && performance.now() < end) {
  await new Promise((resolve) => setTimeout(resolve, 250));
  try {
    const response = await fetch(`http://[${address}]:8080/readyz`);
    await response.body?.cancel();
    ready = response.ok;
  } catch {
    // It does not listen yet.
  }
}
console.log(ready ? "ready" : "not ready within a minute");
controller.kill("SIGTERM");
await controller.status;
Deno.exit(0);
