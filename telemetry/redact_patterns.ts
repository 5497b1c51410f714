/** Patterns of secrets that were not remembered. */

/** Replaces a secret. */
export const redacted = "[redacted]";

const secretWord =
  "pass(?:word|wd|phrase)|secret|token|credentials?|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key" +
  "|sas[_-]?key|authorization|cookie|client[_-]?key";
const secretKey = new RegExp(secretWord, "i");
/** "secretName", "passwordSecretRef": they say where a secret is, not what it is. */
const pointerKey = /(?:name|namespace|refs?|path|file|count|policy|version)$/i;
const word = `[\\w.-]{0,64}(?:${secretWord})[\\w-]{0,64}`;
/** A string within a string of JSON, one of JSON, one of a shell; each may be cut short. */
const quoted = `\\\\"(?:[^"\\\\]|\\\\[^"])*(?:\\\\"|$)|"(?:[^"\\\\]|\\\\.)*(?:"|$)|'[^']*(?:'|$)`;
/** "password": "…", also inside a JSON text within a JSON text. */
const member = new RegExp(`(\\\\?["']${word}\\\\?["']\\s{0,4}:\\s{0,4})(${quoted})`, "gi");
/** password=…, Authorization: Bearer …, --password … */
const assignment = new RegExp(
  `(--${word}\\s{1,4}(?!-)|${word}\\s{0,4}[=:]\\s{0,4})(${quoted}|(?:(?:bearer|basic)\\s+)?[^\\s"']+)`,
  "gi",
);
const bearer = /\b(bearer)\s+[\w.~+\/=-]{6,}/gi;
const basic = /\b([Bb]asic)\s+(?=[A-Za-z\/+]*[A-Z0-9])[A-Za-z0-9+\/]{8,}={0,2}/g;
const userinfo = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s\/?#"']*@/gi;
const query = /\b([a-z][a-z0-9+.-]{0,30}:\/\/[^\s?#"']{1,2048})\?[^\s#"']*/gi;
const pem = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;

/** Whether the value under such a key is a secret; a key that only points at one ("secretName") is not. */
export function keyIsSecret(key: string): boolean {
  return key !== "" && secretKey.test(key) && !pointerKey.test(key);
}

/** The text without anything that looks like a secret; its time is linear in the text. */
export function redactPatterns(text: string): string {
  return text
    .replace(pem, redacted)
    .replace(userinfo, `$1${redacted}@`)
    .replace(query, `$1?${redacted}`)
    .replace(member, redactAssignment)
    .replace(assignment, redactAssignment)
    .replace(bearer, `$1 ${redacted}`)
    .replace(basic, `$1 ${redacted}`);
}

function redactAssignment(whole: string, left: string): string {
  return keyIsSecret(left.replace(/[\\"'\s=:]/g, "")) ? `${left}${redacted}` : whole;
}
