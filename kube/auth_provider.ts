import type { OutgoingHttpHeaders } from "node:http";
import { TransientError } from "../api/mod.ts";

/** A user of a kubeconfig with the older `auth-provider` form (OIDC and the clouds' own). */
export interface AuthProvider {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Makes a function that answers the `authorization` header, by client-node. Its code is loaded here and
 * not at the start: it costs 20 MB of memory and nobody in a pod needs it.
 */
export async function createAuthProvider(provider: AuthProvider): Promise<() => Promise<string>> {
  const { KubeConfig } = await import("@kubernetes/client-node/dist/config.js");
  const config = new KubeConfig();
  // Only the header is of use, so the server's address does not matter.
  config.loadFromOptions({
    clusters: [{ name: "cluster", server: "https://localhost", skipTLSVerify: false }],
    users: [{ name: "user", authProvider: { name: provider.name, config: { ...provider.config } } }],
    contexts: [{ name: "context", cluster: "cluster", user: "user" }],
    currentContext: "context",
  });
  return async () => {
    const headers: OutgoingHttpHeaders = {};
    await config.applyToHTTPSOptions({ headers });
    if (typeof headers.Authorization === "string") return headers.Authorization;
    throw new TransientError(
      "KubeApiError",
      `Cannot get credentials from the auth-provider "${provider.name}": it gives none, ` +
        `expected "oidc" with an id-token that is valid or can be refreshed, or an exec plugin in its place`,
    );
  };
}
