import type { OutgoingHttpHeaders } from "node:http";
import { TransientError } from "../../api/errors.ts";

/** A user of a kubeconfig with the older `auth-provider` form (OIDC and the clouds' own). */
export interface AuthProvider {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * Makes a function that returns the `authorization` header, by client-node. Its code is imported only here, because
 * no pod needs it; and only the needed part of client-node, because all of it is a megabyte.
 */
export async function createAuthProvider(provider: AuthProvider): Promise<() => Promise<string>> {
  const user = { name: "user", authProvider: { name: provider.name, config: { ...provider.config } } };
  const authenticator = (await loadAuthenticators()).find((each) => each.isAuthProvider(user));
  return async () => {
    const headers: OutgoingHttpHeaders = {};
    try {
      await authenticator?.applyAuthentication(user, { headers });
    } catch (error) {
      // The error may quote a token or a program's output, so it is not kept as the cause.
      throw new TransientError(
        "KubeApiError",
        `Cannot get credentials from the auth-provider "${provider.name}": it failed (${kindOf(error)}), ` +
          "expected one that can be refreshed, or an exec plugin in its place",
      );
    }
    if (typeof headers.Authorization === "string") return headers.Authorization;
    throw new TransientError(
      "KubeApiError",
      `Cannot get credentials from the auth-provider "${provider.name}": it gives none, ` +
        `expected "oidc" with an id-token that is valid or can be refreshed, or an exec plugin in its place`,
    );
  };
}

/** The kind of the error, without any foreign text. */
function kindOf(error: unknown): string {
  const { name, code } = Object(error);
  const words = [name, code].filter((each) => typeof each === "string" && /^[A-Za-z_]{1,40}$/.test(each));
  return words.length === 0 ? "unknown" : words.join(", ");
}

/** In the order in which client-node asks them. */
async function loadAuthenticators() {
  const { AzureAuth } = await import("@kubernetes/client-node/dist/azure_auth.js");
  const { GoogleCloudPlatformAuth } = await import("@kubernetes/client-node/dist/gcp_auth.js");
  const { ExecAuth } = await import("@kubernetes/client-node/dist/exec_auth.js");
  const { FileAuth } = await import("@kubernetes/client-node/dist/file_auth.js");
  const { OpenIDConnectAuth } = await import("@kubernetes/client-node/dist/oidc_auth.js");
  return [
    new AzureAuth(),
    new GoogleCloudPlatformAuth(),
    new ExecAuth(),
    new FileAuth(),
    new OpenIDConnectAuth(),
  ];
}
