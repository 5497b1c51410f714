import assert from "node:assert/strict";
import {
  type Cluster,
  type KubeClock,
  loadConnection,
  type Resource,
  RESOURCES,
  systemKubeClock,
} from "../../kube/mod.ts";
import { type ApiServer, createCertificateAuthority, waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { withRuntimeVariables } from "../support/runtime_variables.ts";
import { at, connectTo, serverParts, soon, withServer } from "./stage.ts";

const review: Resource = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "SelfSubjectReview",
  plural: "selfsubjectreviews",
  namespaced: false,
};

/** Whom the server takes us for. */
async function whoami(cluster: Cluster): Promise<unknown> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: review.kind };
  return at(
    await cluster.transport.send({ verb: "create", resource: review, body }, soon()),
    "status",
    "userInfo",
    "username",
  );
}

/** A server and a folder for files. */
async function withFolder(use: (server: ApiServer, folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await withServer((server) => use(server, folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a kubeconfig whose user is a YAML flow map; answers with its path. */
async function kubeconfigOf(server: ApiServer, folder: string, user: string, cluster = ""): Promise<string> {
  const path = `${folder}/${crypto.randomUUID()}.kubeconfig`;
  await Deno.writeTextFile(`${folder}/ca.crt`, server.caPem);
  await Deno.writeTextFile(
    path,
    `current-context: c
clusters: [{name: c, cluster: {server: "${server.url}", certificate-authority: ca.crt${cluster}}}]
users: [{name: u, user: ${user}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
`,
  );
  return path;
}

/** The machine's clock, which can be put forward. */
function skippingClock(): { readonly clock: KubeClock; skip(seconds: number): void } {
  let skippedMs = 0;
  const clock = { ...systemKubeClock(), monotonicMs: () => performance.now() + skippedMs };
  return { clock, skip: (seconds) => void (skippedMs += seconds * 1000) };
}

partTest({
  name:
    "loadConnection() is let in with client certificates, tokens, impersonation, a plugin and a service account",
  parts: serverParts,
  fn: () =>
    withFolder(async (server, folder) => {
      const token = await server.serviceAccountToken("apps", "robot");
      await Deno.writeTextFile(`${folder}/token`, `${token}\n`);
      await Deno.writeTextFile(`${folder}/namespace`, "apps");
      const credential = JSON.stringify({
        apiVersion: "client.authentication.k8s.io/v1",
        kind: "ExecCredential",
        status: { token },
      });
      await Deno.writeTextFile(`${folder}/plugin`, `#!/bin/sh\ncat <<'END'\n${credential}\nEND\n`, {
        mode: 0o755,
      });
      await Deno.writeTextFile(`${folder}/admin.crt`, server.admin.certPem);
      await Deno.writeTextFile(`${folder}/admin.key`, server.admin.keyPem);
      const exec =
        "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, interactiveMode: Never}}";
      const robot = "system:serviceaccount:apps:robot";
      const table: readonly (readonly [string, string])[] = [
        [server.kubeconfigPath, "admin"],
        [await server.userKubeconfig("alice", ["devs"]), "alice"],
        [await server.tokenKubeconfig(token), robot],
        [await kubeconfigOf(server, folder, "{tokenFile: token}"), robot],
        [await kubeconfigOf(server, folder, exec), robot],
        [
          await kubeconfigOf(server, folder, "{client-certificate: admin.crt, client-key: admin.key}"),
          "admin",
        ],
        [
          await kubeconfigOf(
            server,
            folder,
            "{client-certificate: admin.crt, client-key: admin.key, as: bob}",
          ),
          "bob",
        ],
      ];
      for (const [kubeconfig, expected] of table) {
        await using connected = await connectTo(server, { kubeconfig });
        assert.equal(await whoami(connected.cluster), expected, kubeconfig);
      }
      const env = { KUBERNETES_SERVICE_HOST: server.address, KUBERNETES_SERVICE_PORT: "6443" };
      const pod = await loadConnection({ env, serviceAccountFolder: folder });
      await using connected = await connectTo(server, { connection: pod });
      assert.deepEqual([await whoami(connected.cluster), pod.namespace], [robot, "apps"]);
    }),
});

partTest({
  name:
    "loadConnection() is let in by a client certificate, several groups and extras where any certificate will do",
  parts: serverParts,
  fn: () =>
    withFolder(async (server, folder) => {
      await Deno.writeTextFile(`${folder}/admin.crt`, server.admin.certPem);
      await Deno.writeTextFile(`${folder}/admin.key`, server.admin.keyPem);
      const kubeconfig = `${folder}/any.kubeconfig`;
      await Deno.writeTextFile(
        kubeconfig,
        `current-context: c
clusters: [{name: c, cluster: {server: "${server.url}", insecure-skip-tls-verify: true}}]
users:
- name: u
  user:
    client-certificate: admin.crt
    client-key: admin.key
    as: bob
    as-groups: [one, "two, three"]
    as-user-extra: {example.com/team: [four, five]}
contexts: [{name: c, context: {cluster: c, user: u}}]
`,
      );
      using _variables = withRuntimeVariables();
      await using connected = await connectTo(server, { kubeconfig });
      const body = { apiVersion: "authentication.k8s.io/v1", kind: review.kind };
      const request = { verb: "create", resource: review, body } as const;
      // Side by side: each connection of the pool is one to the server.
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => connected.cluster.transport.send(request, soon())),
      );
      for (const answer of answers) {
        const { username, groups, extra } = at(answer, "status", "userInfo") as Record<string, unknown>;
        assert.equal(username, "bob");
        assert.deepEqual(groups, ["one", "two, three", "system:authenticated"]);
        assert.deepEqual(extra, { "example.com/team": ["four", "five"] });
      }
    }),
});

partTest({
  name: "connect() goes on with a rotated token when the former one is refused, without an error",
  parts: serverParts,
  fn: () =>
    withFolder(async (server, folder) => {
      await Deno.writeTextFile(`${folder}/token`, await server.serviceAccountToken("apps", "old"));
      await using connected = await connectTo(server, {
        kubeconfig: await kubeconfigOf(server, folder, "{tokenFile: token}"),
      });
      assert.equal(await whoami(connected.cluster), "system:serviceaccount:apps:old");
      await Deno.writeTextFile(`${folder}/token`, await server.serviceAccountToken("apps", "new"));
      await server.request("DELETE", "/api/v1/namespaces/apps/serviceaccounts/old");
      // The server itself remembers a token for some seconds. No request may fail in between.
      for (
        let name: unknown = "";
        name !== "system:serviceaccount:apps:new";
        name = await whoami(connected.cluster)
      ) {
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const refused = await connected.probe.series(
        'kopiur_api_requests_total{verb="create",resource="selfsubjectreviews.authentication.k8s.io",code="401"}',
      );
      assert.match(refused.join(), / 1$/);
    }),
});

partTest({
  name: "connect() goes on with a rotated client certificate, and what is being watched is not disturbed",
  parts: serverParts,
  fn: () =>
    withFolder(async (server, folder) => {
      const { clock, skip } = skippingClock();
      const [alice, bob] = await Promise.all(["alice", "bob"].map(async (user) => {
        const path = await server.userKubeconfig(user, ["system:masters"]);
        const { credentials } = await loadConnection({ path, env: {} });
        const { clientCertificate } = await credentials.current(soon());
        assert.ok(clientCertificate !== undefined);
        return clientCertificate;
      }));
      const install = async (pair = alice) => {
        await Deno.writeTextFile(`${folder}/tls.crt`, pair?.cert ?? "");
        await Deno.writeTextFile(`${folder}/tls.key`, pair?.key ?? "");
      };
      await install();
      const path = await kubeconfigOf(server, folder, "{client-certificate: tls.crt, client-key: tls.key}");
      const connection = await loadConnection({ path, env: {}, clock });
      await using connected = await connectTo(server, { connection });
      const { cluster } = connected;
      const stop = new AbortController();
      const informer = cluster.createInformer({ resource: RESOURCES.configMap, namespace: "default" });
      informer.start(stop.signal);
      await informer.whenSynced(soon());
      assert.equal(await whoami(cluster), "alice");
      await install(bob);
      assert.equal(await whoami(cluster), "alice");
      skip(61);
      assert.equal(await whoami(cluster), "bob");
      await server.request("POST", "/api/v1/namespaces/default/configmaps", {
        body: { metadata: { name: "x" } },
      });
      await waitUntil(() => informer.store.get({ namespace: "default", name: "x" }), {
        what: "the watch",
        limitSeconds: 10,
      });
      assert.deepEqual(await connected.probe.series("kopiur_watch_restarts_total"), []);
      stop.abort();
      await informer.ended;
    }),
});

partTest({
  name: "connect() says what is wrong with credentials and authorities, and never what they are",
  parts: serverParts,
  fn: () =>
    withFolder(async (server, folder) => {
      const other = await createCertificateAuthority("other");
      await Deno.writeTextFile(`${folder}/other.crt`, other.certPem);
      const stranger = await other.issue({ commonName: "admin", organizations: ["system:masters"] });
      await Deno.writeTextFile(`${folder}/stranger.crt`, stranger.certPem);
      await Deno.writeTextFile(`${folder}/stranger.key`, stranger.keyPem);
      const table: readonly (readonly [string, string, RegExp])[] = [
        [
          "{token: hunter2hunter2}",
          "",
          /Cannot create selfsubjectreviews\.authentication\.k8s\.io: Unauthorized/,
        ],
        [
          "{client-certificate: stranger.crt, client-key: stranger.key}",
          "",
          /Unauthorized|refused the TLS handshake/,
        ],
        [
          "{client-certificate: ca.crt, client-key: stranger.key}",
          "",
          /the key belongs to another certificate/,
        ],
        [
          "{token: hunter2hunter2}",
          ", tls-server-name: elsewhere.example",
          /is for other names, expected one of its names/,
        ],
        [
          "{exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/false}}",
          "",
          /the plugin "\/bin\/false": it ended with exit code 1/,
        ],
      ];
      for (const [user, cluster, expected] of table) {
        await using connected = await connectTo(server, {
          kubeconfig: await kubeconfigOf(server, folder, user, cluster),
        });
        await assert.rejects(whoami(connected.cluster), (error) => {
          assert.match(String(error), expected, user);
          assert.doesNotMatch(
            `${error} ${connected.probe.lines().map((line) => JSON.stringify(line)).join()}`,
            /hunter2|PRIVATE KEY/,
          );
          return true;
        });
      }
      const path = await kubeconfigOf(server, folder, "{}");
      await Deno.writeTextFile(path, (await Deno.readTextFile(path)).replace("ca.crt", "other.crt"));
      await using connected = await connectTo(server, { kubeconfig: path });
      await assert.rejects(
        connected.cluster.serverVersion(soon()),
        /is not signed by a trusted authority, expected certificate-authority-data/,
      );
    }),
});
