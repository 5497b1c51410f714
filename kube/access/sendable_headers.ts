import { TransientError } from "../../api/errors.ts";

/** Servers take less, and a file that holds more is no token. */
const longestHeader = 65_536;

/**
 * Throws when a header of credentials cannot be sent, without saying what is in it. The runtime refuses it as well, and
 * quotes it: a token that became two lines, or the wrong file in the place of a token, would end up in logs and Events.
 */
export function assertSendable(headers: Readonly<Record<string, string>>, origin: string): void {
  for (const [name, value] of Object.entries(headers)) {
    const fault = faultOf(value);
    if (fault === undefined) continue;
    throw new TransientError(
      "KubeApiError",
      `Cannot use the credentials of ${origin}: what is to be sent as "${name}" ${fault}, ` +
        "expected one line of text, such as a token alone",
    );
  }
}

/** What the runtime strips at both ends does no harm. */
function faultOf(value: string): string | undefined {
  const sent = value.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
  if (sent.length > longestHeader) return `has ${sent.length} characters`;
  if (/[\r\n]/.test(sent)) return "has several lines";
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(sent) ? undefined : "has characters that no header can hold";
}
