import type { Environment } from "./config/variable.ts";

/** Read by the runtime's `fetch` by rules of its own, which know neither `*` nor a port in NO_PROXY. */
const FETCH_PROXIES: readonly string[] = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"].flatMap(
  (name) => [name, name.toLowerCase()],
);

/** Empty they are as good as not set to Go; the runtime would look for a file of that name. */
const TRUST: readonly string[] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/**
 * What the process changes in its own environment before anything else: undefined removes. What the runtime trusts is
 * what the machine trusts (SSL_CERT_FILE and SSL_CERT_DIR included), as with kubectl, besides what it was built with;
 * proxies for `fetch` come from kube/access/proxy.ts alone. The OTLP exporter keeps the proxy it would have taken.
 */
export function runtimeVariables(env: Environment): Readonly<Record<string, string | undefined>> {
  const { grpc_proxy, no_grpc_proxy, https_proxy, http_proxy, no_proxy, DENO_TLS_CA_STORE } = env;
  return {
    ...Object.fromEntries(FETCH_PROXIES.map((name) => [name, undefined])),
    ...Object.fromEntries(TRUST.filter((name) => env[name] === "").map((name) => [name, undefined])),
    grpc_proxy: grpc_proxy || https_proxy || http_proxy,
    no_grpc_proxy: no_grpc_proxy || no_proxy,
    DENO_TLS_CA_STORE: DENO_TLS_CA_STORE || "system,mozilla",
  };
}

/**
 * Why the runtime cannot read what the machine trusts, as a warning; undefined where it can. It would make no connection
 * at all then, so it is to trust what it was built with alone (DENO_TLS_CA_STORE=mozilla).
 */
export function unusableTrust(env: Environment): string | undefined {
  try {
    Deno.createHttpClient({}).close();
    return undefined;
  } catch (error) {
    const set = TRUST.filter((name) => env[name] !== undefined && env[name] !== "").join(", ");
    const found = error instanceof Error ? error.message : String(error);
    return `the certificates this machine trusts cannot be read (${found}), so only the built-in ones count; ` +
      `expected ${set === "" ? "a bundle of certificates" : `${set} to name one`} in PEM`;
  }
}
