/** The last lines of something that may say very much; costs the same memory whatever is said. */
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

/** How much is kept; `lineLength` in UTF-16 units. */
interface TailLimits {
  readonly lines: number;
  readonly lineLength: number;
}
