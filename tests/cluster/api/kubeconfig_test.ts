import { deepEqual, equal, throws } from "node:assert/strict";
import { readKubeconfig, renderKubeconfig } from "./kubeconfig.ts";

const base = { name: "test", server: "https://127.0.0.1:6443", caPem: "CA" };

Deno.test("readKubeconfig() reads back what renderKubeconfig() made with a certificate", () => {
  const credential = { certPem: "CERT", keyPem: "KEY" };
  deepEqual(readKubeconfig(renderKubeconfig({ ...base, credential })), {
    server: base.server,
    caPem: "CA",
    credential,
  });
});

Deno.test("a kubeconfig with a token is none for readKubeconfig()", () => {
  const text = renderKubeconfig({ ...base, credential: { token: "secret" }, namespace: "apps" });
  equal(JSON.parse(text).contexts[0].context.namespace, "apps");
  throws(() => readKubeconfig(text));
});
