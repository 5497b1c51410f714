import assert from "node:assert/strict";
import { type KubeconfigSources, loadConnection } from "./kubeconfig.ts";

/** A kubeconfig with one context; `cluster` and `user` are YAML flow maps. */
function kubeconfig(name: string, cluster: string, user = "{}"): string {
  return `current-context: ${name}
clusters: [{name: ${name}, cluster: ${cluster}}]
users: [{name: ${name}, user: ${user}}]
contexts: [{name: ${name}, context: {cluster: ${name}, user: ${name}, namespace: ns-${name}}}]
`;
}

/** Runs with files in a folder of their own; `~` in the sources stands for it. */
async function load(files: Readonly<Record<string, string>>, sources: Partial<KubeconfigSources>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    const place = (text: string | undefined) => text?.replaceAll("~", folder);
    const env = Object.fromEntries(
      Object.entries(sources.env ?? {}).map(([key, value]) => [key, place(value)]),
    );
    const path = place(sources.path);
    return await loadConnection({ ...sources, env, ...(path === undefined ? {} : { path }) });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const files = {
  flag: kubeconfig("flag", "{server: 'https://flag:1'}"),
  one: kubeconfig("one", "{server: 'https://one:1'}"),
  two: kubeconfig("two", "{server: 'https://two:1'}"),
  ".kube/config": kubeconfig("home", "{server: 'https://home:1'}"),
};

Deno.test("loadConnection() looks at --kubeconfig, KUBECONFIG and the home folder, in this order", async () => {
  const env = { KUBECONFIG: "~/missing:~/one:~/two", HOME: "~" };
  const servers = [
    await load(files, { path: "~/flag", env }),
    await load(files, { env }),
    await load(files, { env, context: "two" }),
    await load(files, { env: { HOME: "~", KUBECONFIG: "" } }),
  ];
  assert.deepEqual(servers.map((each) => [each.server, each.namespace]), [
    ["https://flag:1", "ns-flag"],
    ["https://one:1", "ns-one"],
    ["https://two:1", "ns-two"],
    ["https://home:1", "ns-home"],
  ]);
});

Deno.test("loadConnection() says what it found and what it expected", async () => {
  const table: readonly (readonly [Readonly<Record<string, string>>, Partial<KubeconfigSources>, RegExp])[] =
    [
      [
        {},
        { env: {} },
        /Cannot find a cluster: neither KUBECONFIG nor ~\/.kube\/config is a kubeconfig that exists, and this is no pod/,
      ],
      [{}, { path: "~/none" }, /Cannot read the kubeconfig ".*\/none": it does not exist/],
      [{}, { env: { KUBECONFIG: "~/a:~/b" } }, /Cannot read KUBECONFIG: no file of ".*\/a:.*\/b" exists/],
      [
        files,
        { path: "~/one", context: "x" },
        /Cannot use context "x" of ".*\/one": it does not exist, expected one of "one"/,
      ],
      [
        { a: "contexts: []" },
        { path: "~/a" },
        /no current-context is set, expected it or --context \(none is there\)/,
      ],
      [
        { a: files.one.replace("clusters: [{name: one", "clusters: [{name: x") },
        { path: "~/a" },
        /its cluster "one" does not exist/,
      ],
      [
        { a: files.one.replace("users: [{name: one", "users: [{name: x") },
        { path: "~/a" },
        /its user "one" does not exist/,
      ],
    ];
  for (const [given, sources, expected] of table) await assert.rejects(load(given, sources), expected);
});

Deno.test("loadConnection() refuses addresses it cannot use", async () => {
  const table: readonly (readonly [string, RegExp])[] = [
    [
      "{server: 'localhost:8080'}",
      /its server is "localhost:8080", expected an address like "https:\/\/host:6443"/,
    ],
    ["{server: 'ftp://x'}", /its server is "ftp:\/\/x"/],
    ["{server: 'https://u:hunter2@x:1'}", /its server is "https:\/\/x:1"/],
    ["{server: ''}", /its server is ""/],
    ["{server: 'https://x', proxy-url: 'gopher://u:hunter2@p'}", /its proxy-url is no address of a proxy/],
    [
      "{server: 'https://x', proxy-url: 'http://p', tls-server-name: y}",
      /it sets proxy-url and tls-server-name/,
    ],
    [
      "{server: 'https://x', proxy-url: 'http://p', insecure-skip-tls-verify: true}",
      /it sets proxy-url and insecure-skip-tls-verify, expected one of them, or .* "kubectl proxy"/,
    ],
    [
      "{server: 'https://x', certificate-authority: ca.pem, insecure-skip-tls-verify: true}",
      /it sets insecure-skip-tls-verify and a certificate authority, expected one of them/,
    ],
  ];
  for (const [cluster, expected] of table) {
    await assert.rejects(load({ a: kubeconfig("a", cluster) }, { path: "~/a" }), (error) => {
      assert.match(String(error), expected);
      assert.doesNotMatch(String(error), /hunter2/);
      return true;
    });
  }
});

Deno.test("loadConnection() reads proxy, server name and a path behind a gateway", async () => {
  const cluster = "{server: 'https://x:8443/k8s/clusters/c1/', proxy-url: 'http://me:p%40ss@proxy:3128'}";
  const proxied = await load({ a: kubeconfig("a", cluster) }, { path: "~/a" });
  assert.equal(proxied.server, "https://x:8443/k8s/clusters/c1");
  assert.deepEqual(proxied.proxy, {
    url: "http://proxy:3128",
    basicAuth: { username: "me", password: "p@ss" },
  });
  const named = await load({ a: kubeconfig("a", "{server: 'https://10.0.0.1', tls-server-name: kube}") }, {
    path: "~/a",
  });
  assert.deepEqual([named.server, named.tlsServerName, named.proxy], ["https://10.0.0.1", "kube", undefined]);
  for (const [server, insecure] of [["https://x", true], ["http://x", undefined]] as const) {
    const cluster = `{server: '${server}', insecure-skip-tls-verify: true}`;
    assert.equal((await load({ a: kubeconfig("a", cluster) }, { path: "~/a" })).insecure, insecure);
  }
});

Deno.test("loadConnection() takes the proxy of the environment where the kubeconfig names none", async () => {
  const env = { HTTPS_PROXY: "http://env:3128", NO_PROXY: "*" };
  const proxyOf = async (cluster: string, more: Readonly<Record<string, string>> = {}) =>
    (await load({ a: kubeconfig("a", cluster) }, { path: "~/a", env: { ...env, ...more } })).proxy?.url;
  // As with kubectl, NO_PROXY says nothing about a proxy-url.
  assert.equal(await proxyOf("{server: 'https://x', proxy-url: 'http://own:1'}"), "http://own:1");
  assert.equal(await proxyOf("{server: 'https://x'}"), undefined);
  assert.equal(await proxyOf("{server: 'https://x'}", { NO_PROXY: "" }), "http://env:3128");
});
