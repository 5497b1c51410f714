/** In characters. No event of an API server is longer (etcd stores at most 1.5 MiB). */
const longestLine = 64 * 1024 * 1024;

/**
 * The lines of a stream, as many at a time as arrived together, without empty lines. Characters and
 * lines may be split anywhere between chunks. Throws a TypeError for a line that is too long, and for a last
 * line without an end, as the stream was cut then.
 */
export async function* readLineBatches(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<readonly string[], void, void> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  // Parts are joined only once: searching a growing text again and again would
  // take quadratic time for a long line.
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf("\n");
    if (end < 0) {
      parts.push(text);
      length += text.length;
      if (length > longestLine) {
        throw new TypeError(
          `Cannot read a line: it has more than ${longestLine} characters, expected an event`,
        );
      }
      continue;
    }
    const whole = parts.join("") + text.slice(0, end);
    const rest = text.slice(end + 1);
    parts = rest === "" ? [] : [rest];
    length = rest.length;
    const lines = whole.split("\n").filter((line) => line !== "");
    if (lines.length > 0) yield lines;
  }
  const left = parts.join("") + decoder.decode();
  if (left.trim() !== "") {
    throw new TypeError(
      `Cannot read a line: the stream ended after ${left.length} characters of it, expected its end`,
    );
  }
}
