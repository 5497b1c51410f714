import { shortHash } from "./short_hash.ts";

const longestLabelValue = 63;
const hashLength = 8;

/**
 * The name of an object as a label value: the name itself, or, as names may have 253 characters and label
 * values 63, its beginning and a hash of the whole. Writers and selectors of a label both use this.
 */
export function labelValue(name: string): string {
  if (name.length <= longestLabelValue) return name;
  const head = name.slice(0, longestLabelValue - hashLength - 1).replace(/[^a-zA-Z0-9]+$/, "");
  return `${head}-${shortHash(name, hashLength)}`;
}
