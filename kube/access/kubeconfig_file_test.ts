import assert from "node:assert/strict";
import fc from "fast-check";
import { mergeKubeconfigs, parseKubeconfig } from "./kubeconfig_file.ts";

const whole = `
apiVersion: v1
kind: Config
current-context: prod
clusters:
- name: c
  cluster: {server: "https://10.0.0.1:6443", certificate-authority: ca.pem, extensions: [{name: x, extension: {a: 1}}]}
users:
- name: u
  user: {token: hunter2, as: boss}
contexts:
- name: prod
  context: {cluster: c, user: u, namespace: apps}
`;

Deno.test("parseKubeconfig() reads contexts, clusters and users", () => {
  const config = parseKubeconfig(whole, "/home/x/.kube/config");
  assert.equal(config.currentContext, "prod");
  assert.deepEqual(config.contexts.get("prod"), { cluster: "c", user: "u", namespace: "apps" });
  assert.deepEqual(config.clusters.get("c"), {
    folder: "/home/x/.kube",
    value: {
      server: "https://10.0.0.1:6443",
      "certificate-authority": "ca.pem",
      extensions: [{ name: "x", extension: { a: 1 } }],
    },
  });
  assert.deepEqual(config.users.get("u")?.value, { token: "hunter2", as: "boss" });
});

Deno.test("parseKubeconfig() bears empty files and empty lists", () => {
  for (
    const text of [
      "",
      "---\n",
      "null",
      "clusters: null\nusers: []\ncurrent-context: ''",
      "users:\n- name: x\n  user: null",
    ]
  ) {
    assert.equal(parseKubeconfig(text, "x").currentContext, undefined);
  }
});

Deno.test("parseKubeconfig() names the file and the place, never what is there", () => {
  const bad: readonly (readonly [string, RegExp])[] = [
    [whole.replace("token: hunter2", "token: [hunter2"), /"x": line \d+ is no YAML \([A-Z_]+\)/],
    [whole.replace("token: hunter2", "token: {a: hunter2}"), /"users\.0\.user\.token" is wrong/],
    [whole.replace("server:", "serve:"), /"clusters\.0\.cluster\.server" is wrong/],
    ["hunter2", /it is wrong .*expected a kubeconfig/],
    ["- hunter2", /it is wrong/],
    ["a: &a [*a, *b]\nb: hunter2", /is no YAML|aliases cannot be resolved/],
    [bomb(), /aliases cannot be resolved/],
  ];
  for (const [text, expected] of bad) {
    assert.throws(() => parseKubeconfig(text, "x"), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /^Cannot read the kubeconfig "x": /);
      assert.match(error.message, expected);
      assert.doesNotMatch(`${error.message} ${error.cause}`, /hunter2/);
      return true;
    });
  }
});

/** Aliases of aliases: small as text, endless as data. */
function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++) {
    lines.push(`a${level}: &a${level} [${Array(10).fill(`*a${level - 1}`).join(", ")}]`);
  }
  return lines.join("\n");
}

Deno.test("parseKubeconfig() throws nothing but its own errors, whatever the text", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), fc.nat(whole.length), (text, cut) => {
    for (const each of [text, whole.slice(0, cut), whole.slice(0, cut) + text]) {
      try {
        parseKubeconfig(each, "x");
      } catch (error) {
        assert.match(String(error), /Cannot read the kubeconfig "x"/);
      }
    }
  }));
});

Deno.test("mergeKubeconfigs() lets what an earlier file says stand", () => {
  const first = parseKubeconfig(
    "users:\n- {name: u, user: {token: first}}\n- {name: u, user: {token: again}}",
    "/a/x",
  );
  const second = parseKubeconfig(whole, "/b/y");
  const third = parseKubeconfig("current-context: other", "/c/z");
  const merged = mergeKubeconfigs([first, second, third]);
  assert.equal(merged.currentContext, "prod");
  assert.deepEqual(merged.users.get("u"), { folder: "/a", value: { token: "first" } });
  assert.equal(merged.clusters.get("c")?.folder, "/b");
});
