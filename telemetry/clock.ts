/** Milliseconds since the Unix epoch, with a fraction where the machine knows one. */
export type Clock = () => number;

/** The clock of the machine, to the microsecond where the runtime grants it. */
export function systemClock(): number {
  return performance.timeOrigin + performance.now();
}

/** Converts milliseconds since the epoch to OpenTelemetry's form, seconds and nanoseconds. */
export function toHrTime(epochMs: number): [number, number] {
  const seconds = Math.trunc(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
