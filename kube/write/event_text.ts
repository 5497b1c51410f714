/** The longest `note` the API server accepts, in bytes (events.k8s.io/v1). */
export const NOTE_BYTES = 1024;

const ellipsis = "…";

/** The text in at most `bytes` bytes of UTF-8; a cut text ends in `…`. */
export function cutToBytes(text: string, bytes: number): string {
  const whole = text.toWellFormed();
  const encoder = new TextEncoder();
  // Every UTF-16 unit takes at least one byte, so a longer text is too long in any case.
  if (whole.length <= bytes && encoder.encode(whole).length <= bytes) return whole;
  const room = new Uint8Array(bytes - encoder.encode(ellipsis).length);
  // encodeInto stops before the character that does not fit.
  const { read } = encoder.encodeInto(whole, room);
  return whole.slice(0, read) + ellipsis;
}

/** Hexadecimal numbers, each with at most one letter before it, as kopia names its blobs and contents. */
const QUOTED_ID = /^"(?=.*[0-9])[a-z]?[0-9a-f]{6,}(?:-[a-z]?[0-9a-f]+)*"$/i;

/**
 * The text without numbers and ids, to recognize a repeated message. A name in quotes stays whole: an Event about
 * another object is no repetition, however much alike the names are. An id is no name, also in quotes.
 */
export function textShape(text: string): string {
  return text.replace(
    /"[a-z0-9][-a-z0-9.]*"|[0-9a-f]*[0-9][0-9a-f]*/gi,
    (found) => found.startsWith('"') && !QUOTED_ID.test(found) ? found : "#",
  );
}
