/** Reads single settings: a wrong one becomes a message, and its default applies. */
import { redactPatterns } from "./redact_patterns.ts";

/** An environment, as a record that is passed in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One variable of this folder, for the reference and for passing it on to movers. */
export interface TelemetryVariable {
  readonly name: string;
  readonly fallback: string;
  readonly help: string;
}

/** How to parse a variable. */
export interface SettingForm<T> {
  /** Undefined for an invalid text. */
  readonly parse: (text: string) => T | undefined;
  /** For messages, after "expected". */
  readonly expected: string;
  /** For a secret value, which is never shown: what is wrong with it, after its name and a comma. */
  readonly fault?: (text: string) => string;
}

/** A setting that was found: its name and its text. */
export interface Given {
  readonly name: string;
  readonly text: string;
}

/** Whole milliseconds or counts within limits. */
export function wholeNumber(least: number, most: number): SettingForm<number> {
  return {
    parse: (text) => {
      const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : NaN;
      return value >= least && value <= most ? value : undefined;
    },
    expected: `a whole number from ${least} to ${most}`,
  };
}

/** One of some words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): SettingForm<W> {
  return {
    parse: (text) => words.find((word) => word === text.toLowerCase()),
    expected: words.map((word) => `"${word}"`).join(", ").replace(/, (?=[^,]*$)/, " or "),
  };
}

/** `true` or `false`, also `1` or `0`. */
export const yesOrNo: SettingForm<boolean> = {
  parse: (text) => {
    const word = text.toLowerCase();
    if (word === "true" || word === "1") return true;
    return word === "false" || word === "0" ? false : undefined;
  },
  expected: '"true" or "false"',
};

/** The first of the names that is set to more than spaces. */
export function given(env: Environment, names: readonly string[]): Given | undefined {
  for (const name of names) {
    const text = env[name]?.trim() ?? "";
    if (text !== "") return { name, text };
  }
  return undefined;
}

/** The value of a setting; an invalid one is reported to `onFault` and counts as not set. */
export function readSetting<T>(
  found: Given | undefined,
  form: SettingForm<T>,
  onFault: (sentence: string) => void,
): T | undefined {
  if (found === undefined) return undefined;
  const value = form.parse(found.text);
  if (value === undefined) onFault(cannotUse(found, form));
  return value;
}

/** The message about an invalid setting. */
export function cannotUse(
  { name, text }: Given,
  { expected, fault }: Pick<SettingForm<unknown>, "expected" | "fault">,
): string {
  // Without a colon after the name of a secret, as the redactor would hide what follows.
  const found = fault === undefined ? `: it is ${quoted(text)}` : `, ${fault(text)}`;
  return `Cannot use ${name}${found}, expected ${expected}`;
}

function quoted(text: string): string {
  const clean = redactPatterns(text);
  return JSON.stringify(clean.length > 120 ? `${clean.slice(0, 120).toWellFormed()}…` : clean);
}
