import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { installKopiur } from "../binary/kopiur_api.ts";
import { startApiserver } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { serverParts } from "./stage.ts";

/** Makes what a pod of an IPv6-only cluster sees: loopback, and one address of IPv6. */
const ENTER = "ip link set lo up && ip -6 addr add fd00::10/128 dev lo nodad && exec";

partTest({
  name: "the controller becomes ready where there is only IPv6",
  parts: serverParts,
  machineMissing: () => {
    const found = new Deno.Command("sh", {
      args: ["-c", `unshare -rn sh -c '${ENTER} true'`],
      stderr: "null",
    })
      .outputSync();
    return found.success
      ? undefined
      : "Cannot make a network with IPv6 alone, expected unshare and ip (iproute2)";
  },
  fn: async () => {
    await using server = await startApiserver({ progress: () => undefined });
    await installKopiur(server, ["kopiur-system"]);
    const folder = await Deno.makeTempDir();
    const listener = Deno.listen({ transport: "unix", path: `${folder}/apiserver` });
    void relayTo(listener, { hostname: server.address, port: 6443 });
    try {
      await Deno.writeTextFile(`${folder}/kubeconfig`, JSON.stringify(kubeconfigOf(server)));
      const script = fileURLToPath(new URL("ipv6_only.ts", import.meta.url));
      const inside = [
        Deno.execPath(),
        "run",
        "-A",
        "--no-check",
        script,
        `${folder}/apiserver`,
        `${folder}/kubeconfig`,
      ];
      const { stdout } = await new Deno.Command("unshare", {
        args: ["-rn", "sh", "-c", `${ENTER} "$@"`, "sh", ...inside],
        stderr: "inherit",
      }).output();
      assert.match(new TextDecoder().decode(stdout), /listening hostname=::[\s\S]*^ready$/m);
    } finally {
      listener.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

function kubeconfigOf(server: Awaited<ReturnType<typeof startApiserver>>): unknown {
  return {
    "current-context": "c",
    clusters: [{
      name: "c",
      cluster: {
        server: "https://[fd00::10]:6443",
        // The certificate of the API server is for the address it has outside.
        "tls-server-name": server.address,
        "certificate-authority-data": base64(server.caPem),
      },
    }],
    users: [{
      name: "u",
      user: {
        "client-certificate-data": base64(server.admin.certPem),
        "client-key-data": base64(server.admin.keyPem),
      },
    }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  };
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

/** Leads each connection of a socket, which a process reaches from any network, to an address here. */
async function relayTo(listener: Deno.UnixListener, to: Deno.ConnectOptions): Promise<void> {
  try {
    for await (const client of listener) void lead(client, to).catch(() => undefined);
  } catch {
    // The listener was closed.
  }
}

async function lead(client: Deno.UnixConn, to: Deno.ConnectOptions): Promise<void> {
  const server = await Deno.connect(to);
  await Promise.all([client.readable.pipeTo(server.writable), server.readable.pipeTo(client.writable)]);
}
