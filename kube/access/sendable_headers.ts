import { TransientError } from "../../api/errors.ts";
import type { CredentialHeaders } from "./connection.ts";

/** In characters. Servers accept less, so a longer file is no token. */
const longestHeader = 65_536;

/**
 * Throws when a credential header cannot be sent; the error does not show it. The runtime's own error would quote it:
 * a token with a line break, or the wrong file in place of a token, would appear in logs and Events.
 */
export function assertSendable(headers: CredentialHeaders, origin: string): void {
  for (const [name, value] of headerPairs(headers)) {
    const fault = faultOf(value);
    if (fault === undefined) continue;
    throw new TransientError(
      "KubeApiError",
      `Cannot use the credentials of ${origin}: what is to be sent as "${name}" ${fault}, ` +
        "expected one line of text, such as a token alone",
    );
  }
}

/** Name and value of each header as it is sent. */
export function headerPairs(headers: CredentialHeaders): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each])
  );
}

/** White space at both ends is allowed: the runtime strips it. */
function faultOf(value: string): string | undefined {
  const sent = value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (sent.length > longestHeader) return `has ${sent.length} characters`;
  if (/[\r\n]/.test(sent)) return "has several lines";
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(sent) ? undefined : "has characters that no header can hold";
}
