/** A text others wrote, on one line: nothing in it moves the cursor, rings the bell or turns the text around. */
export function harmlessText(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, " ").trim();
}
