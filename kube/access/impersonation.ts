import type { CredentialHeaders } from "./connection.ts";
import type { KubeconfigUser } from "./kubeconfig_file.ts";

/**
 * The headers that ask the server to act as somebody else. Throws a TypeError where nobody is named: the server would
 * refuse each request.
 */
export function impersonationHeaders(user: KubeconfigUser): CredentialHeaders {
  const { as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra } = user;
  const more: CredentialHeaders = {
    ...(uid ? { "impersonate-uid": uid } : {}),
    ...(groups?.length ? { "impersonate-group": groups } : {}),
    ...Object.fromEntries(
      Object.entries(extra ?? {}).map(([key, values]) => [`impersonate-extra-${escapeKey(key)}`, values]),
    ),
  };
  if (as) return { "impersonate-user": as, ...more };
  if (Object.keys(more).length === 0) return {};
  throw new TypeError(
    'Cannot impersonate: "as" is missing, expected it beside as-uid, as-groups and as-user-extra',
  );
}

/** As client-go writes it: what no name of a header may hold, and "%", in percent encoding. */
function escapeKey(key: string): string {
  return [...new TextEncoder().encode(key)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[A-Za-z0-9!#$&'*+.^_`|~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
}
