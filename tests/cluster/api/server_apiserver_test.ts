import { deepEqual, equal, rejects } from "node:assert/strict";
import * as z from "zod";
import { partPath, partTest, runTool, runToolOk } from "../../parts/mod.ts";
import { exists } from "../../parts/mod.ts";
import { ApiClient, type ApiServer, ApiStatusError, startApiserver, waitUntil } from "../mod.ts";

const parts = ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "janitor", "setpriv"] as const;
const quiet = { progress: () => undefined };

const listSchema = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(z.object({ metadata: z.object({ name: z.string() }) })),
});

async function list(server: ApiServer, path: string) {
  return listSchema.parse(await server.request("GET", path));
}

async function createNamespace(server: ApiServer, name: string): Promise<void> {
  await server.request("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name } },
  });
}

partTest({
  name: "startApiserver() serves kubectl, certificates of users, and tokens of service accounts",
  parts,
  fn: async () => {
    await using server = await startApiserver(quiet);
    const kubectl = await partPath("kubectl");
    const whoami = async (kubeconfig: string) =>
      (await runToolOk([
        kubectl,
        `--kubeconfig=${kubeconfig}`,
        "auth",
        "whoami",
        "-o=jsonpath={.status.userInfo.username}",
      ]))
        .trim();
    const token = await server.serviceAccountToken("apps", "robot");
    deepEqual(
      await Promise.all([
        whoami(server.kubeconfigPath),
        whoami(await server.userKubeconfig("alice", ["devs"])),
        whoami(await server.tokenKubeconfig(token)),
      ]),
      ["admin", "alice", "system:serviceaccount:apps:robot"],
    );
    const version = await runToolOk([kubectl, `--kubeconfig=${server.kubeconfigPath}`, "version", "-o=json"]);
    equal(JSON.parse(version).serverVersion.gitVersion, "v1.36.3");
    const forbidden = await runTool([
      kubectl,
      `--kubeconfig=${await server.userKubeconfig("alice")}`,
      "get",
      "secrets",
    ]);
    equal(forbidden.code, 1);
  },
});

partTest({
  name: "ApiServer keeps its objects and its address over kill(), start() and restart()",
  parts,
  fn: async () => {
    await using server = await startApiserver(quiet);
    await createNamespace(server, "kept");
    await server.kill();
    await rejects(server.request("GET", "/readyz"));
    await server.start();
    await server.restart();
    const { items } = await list(server, "/api/v1/namespaces");
    equal(items.some(({ metadata }) => metadata.name === "kept"), true);
  },
});

partTest({
  name: "ApiServer.compact() makes an old continue token and, after a restart, an old watch answer 410",
  parts,
  fn: async () => {
    const flags = ["--feature-gates=ListFromCacheSnapshot=false"];
    await using server = await startApiserver({ ...quiet, flags });
    const first = await list(server, "/api/v1/namespaces?limit=1");
    await createNamespace(server, "later");
    await server.compact();
    const next = `/api/v1/namespaces?limit=1&continue=${first.metadata.continue}`;
    await rejects(
      server.request("GET", next),
      (cause) => cause instanceof ApiStatusError && cause.status === 410,
    );
    await server.restart();
    const watch =
      `/api/v1/namespaces?watch=1&timeoutSeconds=5&resourceVersion=${first.metadata.resourceVersion}`;
    const event = JSON.stringify(await server.request("GET", watch));
    equal(event.includes('"code":410'), true, event);
  },
});

partTest({
  name: "startApiserver() runs just the controllers that are asked for",
  parts,
  fn: async () => {
    await using server = await startApiserver({ ...quiet, controllers: ["namespace-controller"] });
    await createNamespace(server, "short-lived");
    await server.request("DELETE", "/api/v1/namespaces/short-lived");
    await waitUntil(async () => {
      const { items } = await list(server, "/api/v1/namespaces");
      return items.some(({ metadata }) => metadata.name === "short-lived") ? undefined : true;
    }, { what: "the namespace to be finalized", limitSeconds: 30 });
  },
});

partTest({
  name: "startApiserver() says what the API server said when a flag is wrong, and leaves nothing",
  parts,
  fn: async () => {
    await rejects(startApiserver({ ...quiet, flags: ["--no-such-flag"] }), /unknown flag: --no-such-flag/);
  },
});

partTest({
  name: "ApiServer.stop() removes its folder and frees its address",
  parts,
  fn: async () => {
    const server = await startApiserver(quiet);
    await server.stop();
    equal(exists(server.folder), false);
    Deno.listen({ hostname: server.address, port: 6443 }).close();
  },
});

partTest({
  name: "ApiClient.watch() yields events as they come and ends with its signal",
  parts,
  fn: async () => {
    await using server = await startApiserver(quiet);
    const client = new ApiClient({ url: server.url, caPem: server.caPem, credential: server.admin });
    const enough = new AbortController();
    const seen: unknown[] = [];
    const watching = (async () => {
      for await (const event of client.watch("/api/v1/namespaces?watch=1", enough.signal)) {
        seen.push(event);
        if (JSON.stringify(event).includes('"name":"watched"')) enough.abort();
      }
    })();
    await createNamespace(server, "watched");
    await rejects(watching, { name: "AbortError" });
    equal(seen.length > 0, true);
    client.close();
  },
});
