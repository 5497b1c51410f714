/** Longest `note` the API server takes, in bytes (events.k8s.io/v1). */
export const NOTE_BYTES = 1024;

const ellipsis = "…";

/** The text in at most that many bytes of UTF-8, cut between characters and ending in `…` when it was cut. */
export function cutToBytes(text: string, bytes: number): string {
  const whole = text.toWellFormed();
  const encoder = new TextEncoder();
  // No UTF-16 unit takes less than a byte, so what is longer than that is too long in any case.
  if (whole.length <= bytes && encoder.encode(whole).length <= bytes) return whole;
  const room = new Uint8Array(bytes - encoder.encode(ellipsis).length);
  // encodeInto stops before the character that does not fit.
  const { read } = encoder.encodeInto(whole, room);
  return whole.slice(0, read) + ellipsis;
}

/** The text without its numbers and ids: what stays the same when the same thing is said again. */
export function textShape(text: string): string {
  return text.replace(/[0-9a-f]*[0-9][0-9a-f]*/gi, "#");
}
