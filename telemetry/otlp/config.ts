/** Parses the export settings from the environment. Never throws: a wrong setting becomes a sentence. */
import { givenFor, type OtlpTarget, protocolForm, TargetReader, urlOf } from "./target.ts";
import { type OtlpTuning, parseTuning } from "./tuning.ts";
import { type OtlpSignal, otlpSignals, otlpVariables, unknownVariables } from "./variables.ts";
import { type Environment, given, readSetting, yesOrNo } from "../settings.ts";

/** The settings of the export; a signal without a target is not exported. */
export interface OtlpConfig extends OtlpTuning {
  readonly targets: Readonly<Partial<Record<OtlpSignal, OtlpTarget>>>;
}

/** Where each signal goes, as a URL. */
export function endpointsOf(config: OtlpConfig | undefined): Readonly<Partial<Record<OtlpSignal, string>>> {
  const targets = Object.entries(config?.targets ?? {});
  return Object.fromEntries(targets.map(([signal, target]) => [signal, urlOf(target)]));
}

/** The parsed settings, and what was wrong with them. */
export interface ParsedOtlp {
  /** Undefined: nothing is exported. */
  readonly otlp: OtlpConfig | undefined;
  /** Why nothing is exported although it was configured. */
  readonly faults: readonly string[];
  /** Wrong settings that were replaced by their default. */
  readonly ignored: readonly string[];
  /** Valid settings that are probably a mistake. */
  readonly hints: readonly string[];
  /** Values to redact. */
  readonly secrets: readonly string[];
}

/**
 * Reads the variables of the export. Without an endpoint only those are looked at that are wrong in any case: a protocol
 * that is not built in, and what is not known.
 */
export function parseOtlpConfig(env: Environment): ParsedOtlp {
  const ignored: string[] = [];
  const ignore = (sentence: string) => void ignored.push(sentence);
  const disabled = readSetting(given(env, [otlpVariables.disabled.name]), yesOrNo, ignore) ?? false;
  const signals = otlpSignals.map((signal) => ({
    signal,
    endpoint: givenFor(env, otlpVariables.endpoint, signal),
  }));
  if (disabled) return { otlp: undefined, faults: [], ignored, hints: [], secrets: [] };
  ignored.push(...unknownVariables(env));
  const faults: string[] = [];
  const hints: string[] = [];
  const secrets: string[] = [];
  const targets: Partial<Record<OtlpSignal, OtlpTarget>> = {};
  for (const { signal, endpoint } of signals) {
    if (endpoint === undefined) {
      readSetting(givenFor(env, otlpVariables.protocol, signal), protocolForm, ignore);
      continue;
    }
    const reader = new TargetReader(env, signal, { faults, ignored, hints });
    const target = reader.read(endpoint);
    if (target !== undefined) targets[signal] = target;
    secrets.push(...reader.secrets());
  }
  const isOff = signals.every(({ endpoint }) => endpoint === undefined);
  const once = (sentences: readonly string[]) => [...new Set(sentences)];
  const rest = isOff ? undefined : parseTuning(env, ignore);
  return {
    otlp: rest === undefined || faults.length > 0 ? undefined : { targets, ...rest },
    faults: once(faults),
    ignored: once(ignored).filter((sentence) => !faults.includes(sentence)),
    hints: once(hints),
    secrets: once(secrets),
  };
}
