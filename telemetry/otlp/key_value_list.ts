/** `key=value,key=value` with percent-encoded values: the form of OTLP headers and of resource attributes. */

/** The pairs of such a list, or what is wrong with its first wrong entry, in words that show nothing of it. */
export type KeyValueList =
  | { readonly kind: "pairs"; readonly pairs: readonly (readonly [key: string, value: string])[] }
  | { readonly kind: "broken"; readonly fault: string };

/** For messages: how to write what separates entries, names and values. */
export const listEscapes = 'with "%" in a value written as %25 and "," as %2C';

/** Parses such a list. Empty entries are skipped; never throws. */
export function parseKeyValueList(text: string): KeyValueList {
  const pairs: (readonly [string, string])[] = [];
  const entries = text.split(",").map((each) => each.trim());
  for (const [index, entry] of entries.entries()) {
    if (entry === "") continue;
    const broken = (what: string) => ({ kind: "broken", fault: `entry ${index + 1} ${what}` }) as const;
    const at = entry.indexOf("=");
    if (at < 0) return broken('has no "="');
    const key = decoded(entry.slice(0, at));
    const value = decoded(entry.slice(at + 1));
    if (key === undefined || value === undefined) {
      return broken('has a "%" that begins no %-encoded character');
    }
    if (key === "") return broken('has no name before "="');
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
