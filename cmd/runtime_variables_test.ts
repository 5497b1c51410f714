import { deepEqual } from "node:assert/strict";
import { runtimeVariables } from "./runtime_variables.ts";

/** Without what is removed. */
function kept(env: Record<string, string>) {
  return Object.fromEntries(
    Object.entries({ ...env, ...runtimeVariables(env) }).filter(([, value]) => value !== undefined),
  );
}

Deno.test("runtimeVariables() takes proxies from the runtime, and leaves the exporter its own", () => {
  deepEqual(kept({ PATH: "/bin", HTTPS_PROXY: "http://a", ALL_PROXY: "http://b", NO_PROXY: "*" }), {
    PATH: "/bin",
    DENO_TLS_CA_STORE: "system,mozilla",
  });
  deepEqual(
    kept({ https_proxy: "http://a", http_proxy: "http://b", no_proxy: "c", DENO_TLS_CA_STORE: "mozilla" }),
    {
      grpc_proxy: "http://a",
      no_grpc_proxy: "c",
      DENO_TLS_CA_STORE: "mozilla",
    },
  );
  deepEqual(kept({ https_proxy: "http://a", grpc_proxy: "http://b", no_grpc_proxy: "d", no_proxy: "c" }), {
    grpc_proxy: "http://b",
    no_grpc_proxy: "d",
    DENO_TLS_CA_STORE: "system,mozilla",
  });
});
