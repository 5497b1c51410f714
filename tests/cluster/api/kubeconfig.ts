import * as z from "zod";
import type { KeyPair } from "./certificate_authority.ts";

/** How a kubeconfig reaches and proves itself to an API server. */
export interface KubeconfigInput {
  readonly name: string;
  readonly server: string;
  readonly caPem: string;
  readonly credential: KeyPair | { readonly token: string };
  readonly namespace?: string;
}

/** A kubeconfig with one context, everything inline, as JSON (which every YAML reader takes). */
export function renderKubeconfig(input: KubeconfigInput): string {
  const { name } = input;
  const user = "token" in input.credential ? { token: input.credential.token } : {
    "client-certificate-data": base64(input.credential.certPem),
    "client-key-data": base64(input.credential.keyPem),
  };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{
      name,
      cluster: { server: input.server, "certificate-authority-data": base64(input.caPem) },
    }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: input.namespace ?? "default" } }],
  };
  return JSON.stringify(config, undefined, 2) + "\n";
}

const ownKubeconfig = z.object({
  clusters: z.tuple([
    z.object({ cluster: z.object({ server: z.string(), "certificate-authority-data": z.string() }) }),
  ]),
  users: z.tuple([
    z.object({ user: z.object({ "client-certificate-data": z.string(), "client-key-data": z.string() }) }),
  ]),
});

/** Reads back a kubeconfig with a client certificate that renderKubeconfig made. */
export function readKubeconfig(text: string): {
  readonly server: string;
  readonly caPem: string;
  readonly credential: KeyPair;
} {
  const { clusters: [{ cluster }], users: [{ user }] } = ownKubeconfig.parse(JSON.parse(text));
  return {
    server: cluster.server,
    caPem: fromBase64(cluster["certificate-authority-data"]),
    credential: {
      certPem: fromBase64(user["client-certificate-data"]),
      keyPem: fromBase64(user["client-key-data"]),
    },
  };
}

function fromBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.fromBase64(text));
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
