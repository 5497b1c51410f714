import { fnv1a64 } from "./hash.ts";

/**
 * How much later than a slot its work starts: whole seconds from 0 up to the window, exclusive. Of a seed (the uid
 * of the object) and a slot always the same, so that a restart or another replica moves nothing.
 */
export function jitterSeconds(seed: string, slotMs: number, windowSeconds: number): number {
  if (windowSeconds <= 0) return 0;
  const slot = new DataView(new ArrayBuffer(8));
  slot.setBigInt64(0, BigInt(Math.floor(slotMs / 1000)), true);
  const bytes = [...new TextEncoder().encode(seed), ...new Uint8Array(slot.buffer)];
  return Number(fnv1a64(bytes) % BigInt(windowSeconds));
}
