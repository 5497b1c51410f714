import assert from "node:assert/strict";
import { parseProxy, proxyFromEnvironment } from "./proxy.ts";

/** Whether an https server is reached by the proxy of the environment. */
function isProxied(server: string, noProxy: string): boolean {
  const env = { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: noProxy };
  return proxyFromEnvironment(new URL(server), env) !== undefined;
}

Deno.test("proxyFromEnvironment() reads NO_PROXY as Go does", () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ["https://kube.example", "", true],
    ["https://kube.example", "*", false],
    ["https://kube.example", " other , * ", false],
    ["https://kube.example", "example", false],
    ["https://kube.example", "EXAMPLE", false],
    ["https://kube.example", "kube.example", false],
    ["https://kube.example", ".kube.example", true],
    ["https://a.kube.example", ".kube.example", false],
    ["https://a.kube.example", "*.kube.example", false],
    ["https://kube.example", "*.kube.example", true],
    ["https://notkube.example", "kube.example", true],
    ["https://kube.example", "kube.example:443", false],
    ["https://kube.example:6443", "kube.example:443", true],
    ["https://kube.example:6443", "example:6443", false],
    ["https://10.1.2.3:6443", "10.0.0.0/8", false],
    ["https://11.1.2.3:6443", "10.0.0.0/8", true],
    ["https://10.1.2.3:6443", "10.1.2.3", false],
    ["https://10.1.2.3:6443", "10.1.2.3:6443", false],
    ["https://10.1.2.3:6443", "10.1.2.3:443", true],
    ["https://10.1.2.3:6443", "2.3", true],
    ["https://[fd00::1]:6443", "fd00::/8", false],
    ["https://[fd00::1]:6443", "fd00:0::1", false],
    ["https://[fd00::1]:6443", "[fd00::1]:6443", false],
    ["https://[fd00::1]:6443", "[fd00::1]:443", true],
    ["https://[fd00::1]:6443", "fe80::/10,10.0.0.0/8,:6443,/,10.0.0.0/99", true],
    // This machine itself is never behind a proxy.
    ["https://localhost:6443", "", false],
    ["https://127.0.0.2:6443", "", false],
    ["https://[::1]:6443", "", false],
  ];
  for (const [server, noProxy, proxied] of table) {
    assert.equal(isProxied(server, noProxy), proxied, `${server} with NO_PROXY=${noProxy}`);
  }
});

Deno.test("proxyFromEnvironment() takes the variable of the scheme, in either case", () => {
  const of = (server: string, env: Record<string, string>) => proxyFromEnvironment(new URL(server), env)?.url;
  assert.equal(of("https://x", { HTTPS_PROXY: "http://a", HTTP_PROXY: "http://b" }), "http://a");
  assert.equal(of("http://x", { HTTPS_PROXY: "http://a", HTTP_PROXY: "http://b" }), "http://b");
  assert.equal(of("https://x", { HTTPS_PROXY: "", https_proxy: "http://c", no_proxy: "y" }), "http://c");
  assert.equal(of("https://x", { https_proxy: "http://c", no_proxy: "x" }), undefined);
  assert.equal(of("https://x", { HTTP_PROXY: "http://b", ALL_PROXY: "http://d" }), undefined);
  assert.equal(of("https://x", { HTTPS_PROXY: "proxy.example:3128" }), "http://proxy.example:3128");
});

Deno.test("proxyFromEnvironment() names the variable it cannot use, and not what it holds", () => {
  for (const value of ["gopher://me:hunter2@p", "http://me:hunter2@", "me:hunter2"]) {
    assert.throws(() => proxyFromEnvironment(new URL("https://x"), { https_proxy: value }), (error) => {
      assert.match(String(error), /Cannot use HTTPS_PROXY: it is no address of a proxy, expected http:\/\//);
      assert.doesNotMatch(String(error), /hunter2/);
      return true;
    });
  }
});

Deno.test("parseProxy() takes user and password from the address", () => {
  assert.deepEqual(parseProxy("http://me:p%40ss@proxy:3128", "It"), {
    url: "http://proxy:3128",
    basicAuth: { username: "me", password: "p@ss" },
  });
  assert.deepEqual(parseProxy("socks5://proxy", "It"), { url: "socks5://proxy" });
});
