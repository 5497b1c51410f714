import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubeconfigCluster } from "./kubeconfig_file.ts";
import { parseExecCredential, runExecPlugin } from "./exec_plugin.ts";

const apiVersion = "client.authentication.k8s.io/v1";

function answer(status: unknown, version = apiVersion): string {
  return JSON.stringify({ apiVersion: version, kind: "ExecCredential", status });
}

Deno.test("parseExecCredential() reads tokens, certificates and the end of them", () => {
  const expirationTimestamp = "2026-01-02T03:04:05Z";
  const all = { token: "t", clientCertificateData: "c", clientKeyData: "k", expirationTimestamp };
  assert.deepEqual(parseExecCredential("p", answer(all)), {
    token: "t",
    clientCertificate: { cert: "c", key: "k" },
    expiresMs: Date.parse(expirationTimestamp),
  });
  assert.deepEqual(parseExecCredential("p", answer({ token: "t" }, "client.authentication.k8s.io/v1beta1")), {
    token: "t",
  });
});

Deno.test("parseExecCredential() refuses anything else without showing it", () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    ["", /its output is no ExecCredential/],
    ["token: hunter2", /its output is no ExecCredential/],
    ['{"status":{"token":"hunter2"}}', /"kind" of its output is wrong/],
    [
      answer({ token: "hunter2" }, "client.authentication.k8s.io/v1alpha1"),
      /"apiVersion" of its output is wrong/,
    ],
    [answer({ token: 7, clientKeyData: "hunter2" }), /"status\.token" of its output is wrong/],
    [answer({ clientKeyData: "hunter2" }), /its status holds no credential/],
    [answer(undefined), /"status" of its output is wrong/],
  ];
  for (const [text, expected] of bad) {
    assert.throws(() => parseExecCredential("p", text), (error) => {
      assert.match(String(error), /Cannot get credentials from the plugin "p": /);
      assert.match(String(error), expected);
      assert.doesNotMatch(String(error), /hunter2/);
      return true;
    });
  }
  fc.assert(fc.property(fc.json(), (text) => {
    assert.throws(() => parseExecCredential("p", text), /Cannot get credentials/);
  }));
});

interface PluginCase {
  readonly script: string;
  readonly env?: Readonly<Record<string, string | null>>;
  readonly ca?: string | undefined;
  readonly signal?: AbortSignal;
  readonly cluster?: Partial<KubeconfigCluster>;
}

/** Runs a shell script as a plugin named by a path relative to its folder. */
async function runScript(
  { script, env = {}, signal = new AbortController().signal, cluster: more, ca }: PluginCase,
) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/plugin`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const value = {
      apiVersion,
      command: "./plugin",
      args: ["--for", "me"],
      env: Object.entries(env).map(([name, value]) => ({ name, value })),
      provideClusterInfo: true,
    };
    const cluster = { server: "https://10.0.0.1:6443", ...more };
    return await runExecPlugin({
      exec: { folder, value },
      cluster,
      env: { PATH: "/usr/bin:/bin", OTHER: "o" },
      ...(ca === undefined ? {} : { ca }),
    }, signal);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("runExecPlugin() gives the plugin its arguments, environment and cluster", async () => {
  const script = `case "$KUBERNETES_EXEC_INFO" in *'"server":"https://10.0.0.1:6443"'*) ;; *) exit 3;; esac
[ -z "$HOME" ] || exit 4
[ -n "\${EMPTY+set}" ] && [ -z "$EMPTY" ] || exit 5
printf '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"%s-%s-%s-%s"}}' "$1" "$2" "$MINE" "$OTHER"`;
  assert.deepEqual(
    await runScript({ script, env: { MINE: "m", EMPTY: null, KUBERNETES_EXEC_INFO: "not theirs" } }),
    { token: "--for-me-m-o" },
  );
});

Deno.test("runExecPlugin() says of the cluster what the kubeconfig says, and nothing of what it leaves open", async () => {
  const script = `escaped=$(printf %s "$KUBERNETES_EXEC_INFO" | sed 's/"/\\\\"/g')
printf '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"token":"%s"}}' "$escaped"`;
  const infoOf = async (cluster: Partial<KubeconfigCluster>, ca?: string) =>
    JSON.parse((await runScript({ script, cluster, ca })).token ?? "").spec.cluster;
  const server = "https://10.0.0.1:6443";
  const said = {
    "tls-server-name": "api",
    "insecure-skip-tls-verify": true,
    "proxy-url": "http://proxy",
    "disable-compression": true,
  };
  const config = { shootRef: { name: "s" } };
  const extensions = [
    { name: "other", extension: {} },
    { name: "client.authentication.k8s.io/exec", extension: config },
  ];
  assert.deepEqual(await infoOf({ ...said, extensions, "certificate-authority": "ca.pem" }, "pem"), {
    server,
    ...said,
    "certificate-authority-data": "cGVt",
    config,
  });
  const empty = Object.fromEntries(Object.keys(said).map((name) => [name, null]));
  for (
    const open of [empty, { "insecure-skip-tls-verify": false, "tls-server-name": "" }, { extensions: null }]
  ) {
    assert.deepEqual(await infoOf(open), { server, config: null });
  }
});

Deno.test("runExecPlugin() tells a failure without what the plugin printed", async () => {
  await assert.rejects(runScript({ script: "echo hunter2; exit 7" }), (error) => {
    assert.match(String(error), /the plugin "\.\/plugin": it ended with exit code 7/);
    assert.doesNotMatch(String(error), /hunter2/);
    return true;
  });
});

Deno.test("runExecPlugin() ends a plugin that hangs when its signal aborts", async () => {
  const controller = new AbortController();
  const running = runScript({ script: "exec sleep 60", signal: controller.signal });
  setTimeout(() => controller.abort(new Error("stop")), 50);
  await assert.rejects(running, /stop/);
});

Deno.test("runExecPlugin() gives the hint of a plugin that is not installed", async () => {
  const value = { apiVersion, command: "kopiur-no-such-plugin", installHint: "Install it from the shop\n" };
  const plugin = {
    exec: { folder: "/", value },
    cluster: { server: "https://x" },
    env: { PATH: "/nowhere" },
  };
  await assert.rejects(
    runExecPlugin(plugin, new AbortController().signal),
    /it was not found, expected a program on the PATH\. Install it from the shop$/,
  );
});
