/** Parsers of arguments; a refused one ends with exit code 2 and the sentence thrown here. */
import { InvalidArgumentError } from "commander";
import { parseDurationSeconds } from "../../api/duration.ts";
import { backupDescription, backupTags, objectName } from "../../api/words.ts";

/** The name of an object. */
export function parseObjectName(text: string): string {
  if (objectName.safeParse(text).success) return text;
  throw new InvalidArgumentError("expected lower-case letters, digits, hyphens and dots, 253 at most");
}

/** Several names of objects, one word each. */
export function parseObjectNames(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), parseObjectName(text)];
}

/** `90s`, `10m`, `1h30m` or a number of seconds, in milliseconds; more than 0, at most a week. */
export function parseTimeout(text: string): number {
  const seconds = parseDurationSeconds(text);
  if (seconds !== undefined && seconds > 0 && seconds <= 7 * 24 * 3600) return seconds * 1000;
  throw new InvalidArgumentError("expected a duration like 90s, 10m or 1h30m, 168h at most");
}

/** `key=value`, added to the tags before it. */
export function parseTag(
  text: string,
  before: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("expected key=value");
  const key = text.slice(0, at);
  if (before !== undefined && Object.hasOwn(before, key)) {
    throw new InvalidArgumentError(`expected each key once, but "${key}" is given again`);
  }
  const tags = Object.fromEntries([...Object.entries(before ?? {}), [key, text.slice(at + 1)]]);
  if (!backupTags.safeParse(tags).success) {
    throw new InvalidArgumentError(
      "expected a key of 1 to 128 characters without a colon that does not begin with kopiur-, " +
        "and a value of 256 at most",
    );
  }
  if (Object.keys(tags).length > 16) throw new InvalidArgumentError("expected 16 tags at most");
  return tags;
}

/** The description of the snapshots. */
export function parseDescription(text: string): string {
  if (backupDescription.safeParse(text).success) return text;
  throw new InvalidArgumentError("expected one line of 512 characters at most");
}
