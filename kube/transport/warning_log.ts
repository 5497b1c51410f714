import type { Log } from "../../telemetry/mod.ts";

const mostRemembered = 200;

/** Logs the warnings of the API server (unknown fields, deprecated versions), each text once. */
export class WarningLog {
  readonly #log: Log;
  readonly #seen = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Takes the `Warning` header of an answer (RFC 7234 §5.5), if any. */
  note(header: string | null, action: string): void {
    if (header === null) return;
    for (const [, quoted] of header.matchAll(/\b299 \S+ "((?:[^"\\]|\\.)*)"/g)) {
      const warning = (quoted ?? "").replace(/\\(.)/g, "$1");
      if (this.#seen.has(warning)) continue;
      if (this.#seen.size >= mostRemembered) this.#seen.clear();
      this.#seen.add(warning);
      this.#log.warn("the API server warns", { warning, action });
    }
  }
}
