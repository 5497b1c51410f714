import type { Log } from "../../telemetry/mod.ts";

/** Kopia refuses a longer one, and the snapshot with it. */
const longestBytes = 1024;

/** A description as kopia takes it: what is too long loses its end, with a warning; an empty one is none. */
export function fittingDescription(log: Pick<Log, "warn">, text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= longestBytes) return text;
  log.warn("the description is too long for kopia and was cut", { bytes: bytes.length, most: longestBytes });
  // What the cut leaves of a character is left out.
  return new TextDecoder().decode(bytes.subarray(0, longestBytes), { stream: true });
}
