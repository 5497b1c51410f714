/** Cuts a stream of text into lines; a line longer than the limit is given without its end. */
export class LineSplitter {
  readonly #longest: number;
  readonly #onLine: (line: string) => void;
  #rest = "";
  #skipping = false;

  /** `longest` is in UTF-16 units. Lines end with LF, CR or both; empty lines are not given. */
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

  /** What was not ended yet. */
  get unfinished(): string {
    return this.#rest;
  }

  /** Gives what is left; called at the end of the stream. */
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
