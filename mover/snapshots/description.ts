import type { Log } from "../../telemetry/mod.ts";

/** Kopia refuses to make a snapshot with a longer description. */
const longestBytes = 1024;

/** The description as kopia accepts it: one that is too long is cut, with a warning; an empty one is undefined. */
export function fittingDescription(log: Pick<Log, "warn">, text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= longestBytes) return text;
  log.warn("the description is too long for kopia and was cut", { bytes: bytes.length, most: longestBytes });
  // `stream` drops the bytes of a character that was cut in two.
  return new TextDecoder().decode(bytes.subarray(0, longestBytes), { stream: true });
}
