/** More are not read by anybody. */
const MOST_NAMES = 10;

/** Names in quotes for a sentence: the first ten of them, and how many more there are. */
export function quotedNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `"${name}"`).join(", ");
  return names.length <= MOST_NAMES ? shown : `${shown} and ${names.length - MOST_NAMES} more`;
}

/** What a message about a name that does not exist expects in its place. */
export function expectedNames(kind: string, names: readonly string[]): string {
  return names.length === 0
    ? `expected a ${kind} to be there, but there is none: is it another namespace?`
    : `expected ${names.length === 1 ? "" : "one of "}${quotedNames(names)}`;
}
