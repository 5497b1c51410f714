/** Parses the export settings from the environment. Never throws: a wrong setting becomes a sentence. */
import { givenFor, type OtlpTarget, TargetReader } from "./target.ts";
import { type OtlpTuning, parseTuning } from "./tuning.ts";
import { type OtlpSignal, otlpSignals, otlpVariables } from "./variables.ts";
import { type Environment, given, readSetting, yesOrNo } from "../settings.ts";

/** The settings of the export; a signal without a target is not exported. */
export interface OtlpConfig extends OtlpTuning {
  readonly targets: Readonly<Partial<Record<OtlpSignal, OtlpTarget>>>;
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

/** Reads the variables of the export; without an endpoint no other variable is read. */
export function parseOtlpConfig(env: Environment): ParsedOtlp {
  const ignored: string[] = [];
  const ignore = (sentence: string) => void ignored.push(sentence);
  const disabled = readSetting(given(env, [otlpVariables.disabled.name]), yesOrNo, ignore) ?? false;
  const signals = otlpSignals.map((signal) => ({
    signal,
    endpoint: givenFor(env, otlpVariables.endpoint, signal),
  }));
  if (disabled || signals.every(({ endpoint }) => endpoint === undefined)) {
    return { otlp: undefined, faults: [], ignored, hints: [], secrets: [] };
  }
  const faults: string[] = [];
  const hints: string[] = [];
  const secrets: string[] = [];
  const targets: Partial<Record<OtlpSignal, OtlpTarget>> = {};
  for (const { signal, endpoint } of signals) {
    if (endpoint === undefined) continue;
    const reader = new TargetReader(env, signal, { faults, ignored, hints });
    const target = reader.read(endpoint);
    if (target !== undefined) targets[signal] = target;
    secrets.push(...reader.secrets());
  }
  const rest = parseTuning(env, ignore);
  const once = (sentences: readonly string[]) => [...new Set(sentences)];
  return {
    otlp: faults.length > 0 ? undefined : { targets, ...rest },
    faults: once(faults),
    ignored: once(ignored),
    hints: once(hints),
    secrets: once(secrets),
  };
}
