/** Longer ones are cut: they are told, not used. */
const longest = 300;

/**
 * A path as one line that shows what it holds: quotes, backslashes and what no screen shows (line breaks, escape
 * sequences, marks that turn the direction of writing) are written as in JSON; a long one loses its beginning.
 */
export function printable(path: string): string {
  const text = JSON.stringify(path).slice(1, -1).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
  return text.length <= longest ? text : `…${text.slice(1 - longest).replace(/^[\udc00-\udfff]/, "")}`;
}

function escaped(character: string): string {
  let text = "";
  for (let index = 0; index < character.length; index++) {
    text += `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
  }
  return text;
}
