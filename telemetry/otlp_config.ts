/** Environment → where and how to export, as data. Never throws: what cannot be used becomes a sentence. */
import { X509Certificate } from "node:crypto";
import type { Environment } from "./config.ts";
import { parseKeyValueList } from "./key_value_list.ts";
import { endpointForm, grpcPort, httpPort, type OtlpEndpoint } from "./otlp_endpoint.ts";
import {
  type OtlpSignal,
  otlpSignals,
  type OtlpVariable,
  otlpVariables,
  signalVariable,
} from "./otlp_variables.ts";
import {
  cannotUse,
  type Given,
  given,
  oneOf,
  readSetting,
  type SettingForm,
  wholeNumber,
  yesOrNo,
} from "./setting_reader.ts";

/** Where one signal goes, and how. */
export interface OtlpTarget {
  /** `host:port`. */
  readonly address: string;
  /** Plain text, or TLS trusting the usual authorities and those of a PEM text. */
  readonly security: { readonly kind: "plain" } | { readonly kind: "tls"; readonly authorities?: string };
  /** Lower-case names. Values may be secret. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  readonly compression: "none" | "gzip";
}

/** Which traces are exported. */
export interface SamplerChoice {
  readonly root: "always_on" | "always_off" | "traceidratio";
  /** Whether a parent that was sampled or not decides first. */
  readonly parentBased: boolean;
  /** From 0 to 1, for traceidratio. */
  readonly ratio: number;
}

/** A queue between what happens and its export; what does not fit is dropped. */
export interface QueueLimits {
  readonly delayMs: number;
  readonly timeoutMs: number;
  readonly mostQueued: number;
  readonly mostPerExport: number;
}

/** Everything the export needs to know; a signal without a target is not exported. */
export interface OtlpConfig {
  readonly targets: Readonly<Partial<Record<OtlpSignal, OtlpTarget>>>;
  readonly temporality: "cumulative" | "delta" | "lowmemory";
  readonly metricIntervalMs: number;
  readonly metricTimeoutMs: number;
  readonly sampler: SamplerChoice;
  readonly spans: QueueLimits;
  readonly logs: QueueLimits;
}

/** What an environment says of the export. */
export interface ParsedOtlp {
  /** Undefined: nothing is exported. */
  readonly otlp: OtlpConfig | undefined;
  /** Why nothing is exported although it was asked for. */
  readonly faults: readonly string[];
  /** Settings whose default was taken. */
  readonly ignored: readonly string[];
  /** What is probably not meant, though it can be used. */
  readonly hints: readonly string[];
  /** Values no line may show. */
  readonly secrets: readonly string[];
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
const certificates: SettingForm<string> = {
  parse: (text) => {
    const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    return blocks.length > 0 && blocks.every(isCertificate) ? blocks.join("\n") : undefined;
  },
  expected: "a readable file with certificates in PEM, or the PEM text itself",
};
const protocol: SettingForm<"grpc"> = {
  parse: (text) => text.toLowerCase() === "grpc" ? "grpc" : undefined,
  expected: `"grpc", the only protocol built in: set it to grpc, or leave it out, and point ` +
    `${otlpVariables.endpoint.name} at the collector's gRPC port ${grpcPort}`,
};
const headers: SettingForm<OtlpTarget["headers"]> = {
  parse: (text) => {
    const list = parseKeyValueList(text);
    if (list.kind === "broken") return undefined;
    const pairs = list.pairs.map(([name, value]) => [name.toLowerCase(), value] as const);
    return pairs.every(([name, value]) => isHeader(name, value)) ? pairs : undefined;
  },
  expected:
    'a list like "authorization=Bearer%20abc,tenant=a" with names of letters, digits, "-", "_" and "."',
  secret: true,
};

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint256 !== "";
  } catch {
    return false;
  }
}

/** Names gRPC keeps for itself or for binary values are refused by it at the first export. */
function isHeader(name: string, value: string): boolean {
  return /^[a-z0-9_.-]+$/.test(name) && !/-bin$|^grpc-|^:|^te$/.test(name) && /^[\x20-\x7e]*$/.test(value);
}

/** Reads the variables of the export; with no endpoint nothing else is looked at. */
export function parseOtlpConfig(env: Environment): ParsedOtlp {
  const ignored: string[] = [];
  const ignore = (sentence: string) => void ignored.push(sentence);
  const disabled = readSetting(given(env, [otlpVariables.disabled.name]), yesOrNo, ignore) ?? false;
  const sightings = otlpSignals.map((signal) => ({
    signal,
    endpoint: givenFor(env, otlpVariables.endpoint, signal),
  }));
  if (disabled || sightings.every(({ endpoint }) => endpoint === undefined)) {
    return { otlp: undefined, faults: [], ignored, hints: [], secrets: [] };
  }
  const faults: string[] = [];
  const hints: string[] = [];
  const secrets: string[] = [];
  const targets: Partial<Record<OtlpSignal, OtlpTarget>> = {};
  for (const { signal, endpoint } of sightings) {
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

/** Reads what concerns one signal: the variable with its name in it, else the one for all. */
class TargetReader {
  readonly #env: Environment;
  readonly #signal: OtlpSignal;
  readonly #told: Readonly<Record<"faults" | "ignored" | "hints", string[]>>;

  constructor(
    env: Environment,
    signal: OtlpSignal,
    told: Readonly<Record<"faults" | "ignored" | "hints", string[]>>,
  ) {
    this.#env = env;
    this.#signal = signal;
    this.#told = told;
  }

  /** Undefined when something about it is a fault. */
  read(found: Given): OtlpTarget | undefined {
    const endpoint = readSetting(found, endpointForm, (sentence) => this.#fault(sentence));
    this.#readProtocol(endpoint);
    const headers = this.#readHeaders();
    const authorities = this.#read(otlpVariables.certificate, certificates, "faults");
    const insecure = this.#read(otlpVariables.insecure, yesOrNo, "ignored") ?? false;
    const timeoutMs = this.#read(otlpVariables.timeout, longTime, "ignored") ?? 10_000;
    const compression = this.#read(otlpVariables.compression, oneOf("none", "gzip"), "ignored") ?? "none";
    if (endpoint === undefined || headers === undefined) return undefined;
    this.#hintAt(found, endpoint);
    const tls = endpoint.tls ?? !insecure;
    const security = !tls
      ? { kind: "plain" } as const
      : { kind: "tls", ...(authorities === undefined ? {} : { authorities }) } as const;
    return { address: endpoint.address, security, headers, timeoutMs, compression };
  }

  /** The values of the headers, and all of their text when it cannot be understood. */
  secrets(): readonly string[] {
    return this.#headerVariables().flatMap(({ text }) => [
      text,
      ...(headers.parse(text) ?? []).flatMap(([, value]) => [value, ...value.split(" ")]),
    ]);
  }

  #readProtocol(endpoint: OtlpEndpoint | undefined): void {
    const found = givenFor(this.#env, otlpVariables.protocol, this.#signal);
    const tell = (sentence: string) => {
      const hint = endpoint?.port === httpPort
        ? ` (${httpPort}, which is set, is the port of OTLP over HTTP)`
        : "";
      this.#fault(`${sentence}${hint}`);
    };
    readSetting(found, protocol, tell);
  }

  /** General headers, with those of the signal over them. */
  #readHeaders(): OtlpTarget["headers"] | undefined {
    const merged = new Map<string, string>();
    for (const found of this.#headerVariables()) {
      const pairs = readSetting(found, headers, (sentence) => this.#fault(sentence));
      if (pairs === undefined) return undefined;
      for (const [name, value] of pairs) merged.set(name, value);
    }
    return [...merged];
  }

  #headerVariables(): readonly Given[] {
    const { name } = otlpVariables.headers;
    const names = [name, signalVariable(name, this.#signal)];
    return names.map((each) => given(this.#env, [each])).filter((each) => each !== undefined);
  }

  #read<T>(variable: OtlpVariable, form: SettingForm<T>, otherwise: "faults" | "ignored"): T | undefined {
    const found = givenFor(this.#env, variable, this.#signal);
    return readSetting(found, form, (sentence) => void this.#told[otherwise].push(sentence));
  }

  #hintAt(found: Given, { port, hasPath }: OtlpEndpoint): void {
    const isGrpc = givenFor(this.#env, otlpVariables.protocol, this.#signal);
    if (port === httpPort && (isGrpc === undefined || protocol.parse(isGrpc.text) !== undefined)) {
      const expected = `a gRPC port, usually ${grpcPort}: ${httpPort} is the port of OTLP over HTTP`;
      this.#told.hints.push(cannotUse(found, { expected }).replace("Cannot use", "Doubtful"));
    }
    if (hasPath) {
      this.#told.hints.push(
        cannotUse(found, { expected: "no path: gRPC has none" }).replace("Cannot use", "Doubtful"),
      );
    }
  }

  #fault(sentence: string): void {
    this.#told.faults.push(sentence);
  }
}

function givenFor(env: Environment, variable: OtlpVariable, signal: OtlpSignal): Given | undefined {
  return given(env, [signalVariable(variable.name, signal), variable.name]);
}

function parseTuning(env: Environment, ignore: (sentence: string) => void): Omit<OtlpConfig, "targets"> {
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
