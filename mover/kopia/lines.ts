/** Splits a stream of text into lines; a line longer than the limit loses its end. */
export class LineSplitter {
  readonly #longest: number;
  readonly #onLine: (line: string) => void;
  #rest = "";
  #skipping = false;

  /** `longest` is in UTF-16 units. Lines end with LF, CR or both; empty lines are skipped. */
  constructor(longest: number, onLine: (line: string) => void) {
    this.#longest = longest;
    this.#onLine = onLine;
  }

  push(text: string): void {
    const parts = text.split(/[\r\n]/);
    const last = parts.pop() ?? "";
    for (const part of parts) {
      this.#extend(part);
      this.end();
    }
    this.#extend(last);
  }

  /** The last line, as long as it has no end. */
  get unfinished(): string {
    return this.#rest;
  }

  /** Passes on the unfinished line; called at the end of the stream. */
  end(): void {
    const line = this.#rest;
    this.#rest = "";
    this.#skipping = false;
    if (line !== "") this.#onLine(line);
  }

  #extend(part: string): void {
    if (this.#skipping) return;
    this.#rest += part;
    if (this.#rest.length <= this.#longest) return;
    this.#rest = this.#rest.slice(0, this.#longest).toWellFormed();
    this.#skipping = true;
  }
}

/** The last lines of an output of any length, in bounded memory. */
export class Tail {
  readonly #limits: TailLimits;
  readonly #lines: string[] = [];

  constructor(limits: TailLimits) {
    this.#limits = limits;
  }

  push(line: string): void {
    const { lines, lineLength } = this.#limits;
    this.#lines.push(line.length <= lineLength ? line : `${line.slice(0, lineLength - 1).toWellFormed()}…`);
    if (this.#lines.length > lines) this.#lines.shift();
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return [...this.#lines];
  }
}

/** The limits of a {@link Tail}; `lineLength` in UTF-16 units. */
interface TailLimits {
  readonly lines: number;
  readonly lineLength: number;
}
