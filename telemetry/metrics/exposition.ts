/**
 * Prometheus' text format 0.0.4, written as bytes while samples come. Strings or data points would be
 * a thousand bytes of garbage per series, and the garbage collection took longer than all the rest (decision 0015).
 */
import { metricEntry, type MetricName } from "./catalog/mod.ts";
import type { Distribution, Labels, SampleSink } from "./sample_sink.ts";

const encoder = new TextEncoder();

/** Counters, gauges and histograms as text: families in the order of their first samples, each with HELP and TYPE. */
export class Exposition implements SampleSink {
  /** Every family so far, with its buffer. */
  readonly #known = new Map<MetricName, Family>();
  /** The families with samples now. */
  #present = new Map<MetricName, Family>();
  #whole = new Uint8Array(0);

  /** Forgets all samples and keeps the buffers. */
  clear(): void {
    this.#present = new Map();
  }

  get isEmpty(): boolean {
    return this.#present.size === 0;
  }

  add(name: MetricName, labels: Labels, value: number): void {
    (this.#present.get(name) ?? this.#begin(name)).write("", labels, undefined, value);
  }

  addHistogram(name: MetricName, labels: Labels, { boundaries, counts, count, sum }: Distribution): void {
    const family = this.#present.get(name) ?? this.#begin(name);
    family.write("_count", labels, undefined, count);
    family.write("_sum", labels, undefined, sum);
    let upTo = 0;
    for (let index = 0; index < counts.length; index++) {
      upTo += counts[index] ?? 0;
      family.write("_bucket", labels, String(boundaries[index] ?? "+Inf"), upTo);
    }
  }

  mark(): () => void {
    const lengths = new Map([...this.#present].map(([name, { length }]) => [name, length]));
    return () => {
      for (const [name, family] of this.#present) {
        const length = lengths.get(name);
        if (length === undefined) this.#present.delete(name);
        else family.cutTo(length);
      }
    };
  }

  /** The text `before`, followed by all families; valid until the next use of this object. */
  bytes(before: string): Uint8Array<ArrayBuffer> {
    const parts = [encoder.encode(before), ...[...this.#present.values()].map((family) => family.written())];
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    if (length > this.#whole.length) this.#whole = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      this.#whole.set(part, at);
      at += part.length;
    }
    return this.#whole.subarray(0, length);
  }

  #begin(name: MetricName): Family {
    const family = this.#known.get(name) ?? new Family(name);
    family.begin();
    this.#known.set(name, family);
    this.#present.set(name, family);
    return family;
  }
}

const lineFeed = 0x0a;
const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const equals = 0x3d;
const backslash = 0x5c;
const letterN = 0x6e;
const leftBrace = 0x7b;
const rightBrace = 0x7d;
/** From here on a character needs more than one byte in UTF-8. */
const beyondAscii = 0x80;

/** The text of one metric. */
class Family {
  readonly #name: MetricName;
  readonly #head: Uint8Array;
  #bytes: Uint8Array;
  #length = 0;

  constructor(name: MetricName) {
    this.#name = name;
    this.#head = encoder.encode(headOf(name));
    this.#bytes = new Uint8Array(2 * this.#head.length);
  }

  get length(): number {
    return this.#length;
  }

  begin(): void {
    this.#bytes.set(this.#head);
    this.#length = this.#head.length;
  }

  /** One line; `upTo` is the boundary of a bucket. */
  write(suffix: string, labels: Labels, upTo: string | undefined, value: number): void {
    this.#text(this.#name);
    this.#text(suffix);
    let before = leftBrace;
    for (const label in labels) {
      this.#label(before, label, labels[label] ?? "");
      before = comma;
    }
    if (upTo !== undefined) {
      this.#label(before, "le", upTo);
      before = comma;
    }
    if (before === comma) this.#byte(rightBrace);
    this.#byte(space);
    this.#text(String(value));
    this.#byte(lineFeed);
  }

  cutTo(length: number): void {
    this.#length = length;
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #label(before: number, name: string, value: string): void {
    this.#byte(before);
    this.#text(name);
    this.#byte(equals);
    this.#byte(quote);
    this.#escapedText(value);
    this.#byte(quote);
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  /** Writes ASCII text that needs no escape: a name or a number. */
  #text(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    let length = this.#length;
    for (let index = 0; index < text.length; index++) bytes[length++] = text.charCodeAt(index);
    this.#length = length;
  }

  #escapedText(text: string): void {
    // An escape needs two bytes, any other UTF-16 unit at most three.
    this.#reserve(3 * text.length);
    const bytes = this.#bytes;
    let length = this.#length;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= beyondAscii) {
        length += encoder.encodeInto(escaped(text.slice(index)), bytes.subarray(length)).written;
        break;
      }
      if (unit === backslash || unit === quote || unit === lineFeed) bytes[length++] = backslash;
      bytes[length++] = unit === lineFeed ? letterN : unit;
    }
    this.#length = length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * needed);
    larger.set(this.written());
    this.#bytes = larger;
  }
}

function headOf(name: MetricName): string {
  const { help, unit, instrument } = metricEntry(name);
  const type = instrument === "gauge" || instrument === "histogram" ? instrument : "counter";
  return `# HELP ${name} ${help}\n# UNIT ${name} ${unit}\n# TYPE ${name} ${type}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
