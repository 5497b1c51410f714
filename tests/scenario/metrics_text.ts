/** One series of an exposition text. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the Prometheus text format as far as tests need it; lines that are no sample are skipped. */
export function parseMetrics(text: string): readonly Series[] {
  return text.split("\n").flatMap((line) => {
    const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (found === null) return [];
    const labels = Object.fromEntries(
      [...(found[2] ?? "").matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map((
        [, name, value],
      ) => [name, value]),
    );
    return [{ name: found[1] ?? "", labels, value: Number(found[3]) }];
  });
}

/** Value of the one series with this name whose labels include these; undefined when there is none. */
export function valueOf(
  series: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return series.find((one) =>
    one.name === name && Object.entries(labels).every(([label, value]) => one.labels[label] === value)
  )?.value;
}
