/** Removes secrets from log lines, span attributes and exception texts. */

import { keyIsSecret, redacted, redactPatterns } from "./redact_patterns.ts";

/** A value as JSON, the form in which it is logged. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** In characters. Shorter secrets are not searched for: they would hide ordinary words. */
const shortestSecret = 6;
const mostSecrets = 4000;
const deepest = 6;
const mostEntries = 100;
const longestText = 16_384;

/** Removes secrets from texts and values: by patterns, and the remembered values. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #known: RegExp | undefined;

  /**
   * Remembers a secret, so that it and its base64, JSON and percent-encoded forms are removed from every later line.
   * Each line of a multi-line secret counts. Beyond about a thousand the oldest are forgotten.
   */
  remember(secret: string): void {
    for (const line of [secret, ...secret.split(/\r?\n/)].map((each) => each.trim())) {
      if (line.length < shortestSecret || line.startsWith("-----")) continue;
      for (const form of formsOf(line)) this.#rememberForm(form);
    }
    for (const oldest of this.#secrets) {
      if (this.#secrets.size <= mostSecrets) break;
      this.#secrets.delete(oldest);
    }
  }

  /** The text without secrets, cut at 16 384 characters. */
  text(text: string): string {
    const whole = this.#secrets.size === 0 ? text : text.replace(this.#knownPattern(), redacted);
    const cut = whole.length <= longestText
      ? whole
      : `${whole.slice(0, longestText).toWellFormed()}… (${whole.length - longestText} more)`;
    return cut.length < shortestSecret ? cut : redactPatterns(cut);
  }

  /** A value of any kind as JSON without secrets; never throws, not for cycles, getters or proxies either. */
  value(value: unknown, key = ""): Plain {
    return this.#plain(value, key, []);
  }

  /** A repeated secret becomes the newest, so that one in use is not forgotten. */
  #rememberForm(form: string): void {
    if (!this.#secrets.delete(form)) this.#known = undefined;
    this.#secrets.add(form);
  }

  #plain(value: unknown, key: string, above: readonly unknown[]): Plain {
    if (keyIsSecret(key) && value !== undefined && value !== null && typeof value !== "boolean") {
      return redacted;
    }
    if (value === null || value === undefined) return null;
    if (typeof value === "string") return this.text(value);
    if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
    if (typeof value === "boolean") return value;
    if (typeof value !== "object") return String(value);
    if (above.includes(value)) return "[circular]";
    if (above.length >= deepest) return "[deep]";
    try {
      return this.#plainObject(value, [...above, value]);
    } catch {
      return "[unreadable]";
    }
  }

  #plainObject(value: object, above: readonly unknown[]): Plain {
    if (value instanceof Error) return this.text(errorChain(value));
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
    if (value instanceof URL) return this.text(value.href);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return this.#plainEntries([...value], above);
    if (value instanceof Set) return this.#plainList([...value], above);
    if (Array.isArray(value)) return this.#plainList(value, above);
    return this.#plainEntries(Object.entries(value), above);
  }

  #plainList(list: readonly unknown[], above: readonly unknown[]): Plain {
    const shown = list.slice(0, mostEntries).map((each) => this.#plain(each, "", above));
    return list.length > mostEntries ? [...shown, `… (${list.length - mostEntries} more)`] : shown;
  }

  #plainEntries(entries: readonly (readonly [unknown, unknown])[], above: readonly unknown[]): Plain {
    const shown = entries.slice(0, mostEntries).filter(([, value]) => typeof value !== "function");
    return Object.fromEntries(
      shown.map(([key, value]) => [String(key), this.#plain(value, String(key), above)]),
    );
  }

  #knownPattern(): RegExp {
    this.#known ??= new RegExp(
      [...this.#secrets].sort((a, b) => b.length - a.length).map((secret) => RegExp.escape(secret)).join("|"),
      "g",
    );
    return this.#known;
  }
}

/** An error and its causes as one line: "message: message of the cause: …"; what one says already is not said again. */
export function errorChain(error: unknown): string {
  const seen = new Set<unknown>();
  const messages: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && !seen.has(current) && messages.length < 10) {
    seen.add(current);
    const message = current.message === "" ? current.name : current.message;
    if (messages.at(-1)?.includes(message) !== true) messages.push(message);
    current = current.cause;
  }
  if (current !== undefined && current !== null && !(current instanceof Error)) {
    messages.push(String(current));
  }
  return messages.join(": ");
}

/** How a secret may appear: as it is, in a URL, in base64, within JSON. */
function formsOf(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, encodeURIComponent(secret.toWellFormed()), base64(secret), json];
}

function base64(text: string): string {
  return new TextEncoder().encode(text).toBase64().replace(/=+$/, "");
}
