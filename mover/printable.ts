import { escapeControls } from "../telemetry/mod.ts";

/** In UTF-16 units. Longer paths are cut: they are only shown, never used. */
const longest = 300;

/**
 * A path as one printable line. Quotes, backslashes, line breaks, control characters and marks that change the
 * direction of text are written as JSON escapes. A path that is too long loses its beginning.
 */
export function printable(path: string): string {
  const text = escapeControls(JSON.stringify(path).slice(1, -1));
  return text.length <= longest ? text : `…${text.slice(1 - longest).replace(/^[\udc00-\udfff]/, "")}`;
}
