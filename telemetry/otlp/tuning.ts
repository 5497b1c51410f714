/** Parses how much is exported and how often; a wrong setting gets its default, with a message. */
import { type OtlpVariable, otlpVariables } from "./variables.ts";
import { type Environment, given, oneOf, readSetting, type SettingForm, wholeNumber } from "../settings.ts";

/** Which traces are exported. */
export interface SamplerChoice {
  readonly root: "always_on" | "always_off" | "traceidratio";
  /** Whether the parent's sampling decision wins. */
  readonly parentBased: boolean;
  /** From 0 to 1, for traceidratio. */
  readonly ratio: number;
}

/** The limits of an export queue; what does not fit is dropped. */
export interface QueueLimits {
  readonly delayMs: number;
  readonly timeoutMs: number;
  readonly mostQueued: number;
  readonly mostPerExport: number;
}

/** Intervals, sizes and sampling of the export. */
export interface OtlpTuning {
  readonly temporality: "cumulative" | "delta" | "lowmemory";
  readonly metricIntervalMs: number;
  readonly metricTimeoutMs: number;
  readonly sampler: SamplerChoice;
  readonly spans: QueueLimits;
  readonly logs: QueueLimits;
}

const hour = 3_600_000;
const longTime = wholeNumber(1, hour);
const ratio: SettingForm<number> = {
  parse: (text) => {
    const value = /^[0-9]*\.?[0-9]+$/.test(text) ? Number(text) : NaN;
    return value >= 0 && value <= 1 ? value : undefined;
  },
  expected: "a number from 0 to 1",
};

/** Reads the settings that are the same for all signals. */
export function parseTuning(env: Environment, ignore: (sentence: string) => void): OtlpTuning {
  const read = <T>(variable: OtlpVariable, form: SettingForm<T>, fallback: T): T =>
    readSetting(given(env, [variable.name]), form, ignore) ?? fallback;
  const temporalities = oneOf("cumulative", "delta", "lowmemory");
  const metricIntervalMs = read(otlpVariables.metricInterval, wholeNumber(100, 24 * hour), 60_000);
  const metricTimeoutMs = Math.min(read(otlpVariables.metricTimeout, longTime, 30_000), metricIntervalMs);
  const delay = wholeNumber(0, hour);
  const queue = wholeNumber(1, 65_536);
  return {
    temporality: read(otlpVariables.temporality, temporalities, "cumulative"),
    metricIntervalMs,
    metricTimeoutMs,
    sampler: parseSampler(env, ignore),
    spans: withFittingBatch({
      delayMs: read(otlpVariables.spanDelay, delay, 5_000),
      timeoutMs: read(otlpVariables.spanTimeout, longTime, 30_000),
      mostQueued: read(otlpVariables.spanQueue, queue, 2_048),
      mostPerExport: read(otlpVariables.spanBatch, queue, 512),
    }),
    logs: withFittingBatch({
      delayMs: read(otlpVariables.logDelay, delay, 1_000),
      timeoutMs: read(otlpVariables.logTimeout, longTime, 30_000),
      mostQueued: read(otlpVariables.logQueue, queue, 2_048),
      mostPerExport: read(otlpVariables.logBatch, queue, 512),
    }),
  };
}

function withFittingBatch(limits: QueueLimits): QueueLimits {
  return { ...limits, mostPerExport: Math.min(limits.mostPerExport, limits.mostQueued) };
}

const samplerNames = [
  ...["always_on", "always_off", "traceidratio"] as const,
  ...["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"] as const,
];

function parseSampler(env: Environment, ignore: (sentence: string) => void): SamplerChoice {
  const name = readSetting(given(env, [otlpVariables.sampler.name]), oneOf(...samplerNames), ignore) ??
    "parentbased_always_on";
  const parentBased = name.startsWith("parentbased_");
  const root = (["always_off", "traceidratio"] as const).find((each) => name.endsWith(each)) ?? "always_on";
  const share = root === "traceidratio"
    ? readSetting(given(env, [otlpVariables.samplerArg.name]), ratio, ignore) ?? 1
    : 1;
  return { root, parentBased, ratio: share };
}
