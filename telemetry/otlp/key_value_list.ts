/** `key=value,key=value` with percent-encoded values: the form of OTLP headers and of resource attributes. */

/** The pairs of such a list, or the text of the first invalid part. */
export type KeyValueList =
  | { readonly kind: "pairs"; readonly pairs: readonly (readonly [key: string, value: string])[] }
  | { readonly kind: "broken" };

/** Parses such a list. Empty parts are skipped; never throws. */
export function parseKeyValueList(text: string): KeyValueList {
  const pairs: (readonly [string, string])[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const at = part.indexOf("=");
    const key = decoded(part.slice(0, Math.max(0, at)));
    const value = decoded(part.slice(at + 1));
    if (key === undefined || key === "" || value === undefined) return { kind: "broken" };
    pairs.push([key, value]);
  }
  return { kind: "pairs", pairs };
}

/** Undefined for a percent sign that begins no character. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}
