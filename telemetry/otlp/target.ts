/** Parses the target of one signal: from its own variables, else from the general ones. */
import { X509Certificate } from "node:crypto";
import { parseKeyValueList } from "./key_value_list.ts";
import { endpointForm, grpcPort, httpPort, type OtlpEndpoint } from "./endpoint.ts";
import { type OtlpSignal, type OtlpVariable, otlpVariables, signalVariable } from "./variables.ts";
import {
  cannotUse,
  type Environment,
  type Given,
  given,
  oneOf,
  readSetting,
  type SettingForm,
  wholeNumber,
  yesOrNo,
} from "../settings.ts";

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

/** Messages by their effect on the export. */
export type Told = Readonly<Record<"faults" | "ignored" | "hints", string[]>>;

const longTime = wholeNumber(1, 3_600_000);
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

/** False for names that gRPC reserves, which it would refuse at the first export. */
function isHeader(name: string, value: string): boolean {
  return /^[a-z0-9_.-]+$/.test(name) && !/-bin$|^grpc-|^:|^te$/.test(name) && /^[\x20-\x7e]*$/.test(value);
}

/** Reads the settings of one signal: the variable with its name in it, else the one for all. */
export class TargetReader {
  readonly #env: Environment;
  readonly #signal: OtlpSignal;
  readonly #reported: Told;

  constructor(env: Environment, signal: OtlpSignal, reported: Told) {
    this.#env = env;
    this.#signal = signal;
    this.#reported = reported;
  }

  /** Undefined when a setting is wrong. */
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

  /** The values of the headers, or the whole text when it cannot be parsed. */
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

  /** The general headers; those of the signal win. */
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
    return readSetting(found, form, (sentence) => void this.#reported[otherwise].push(sentence));
  }

  #hintAt(found: Given, { port, hasPath }: OtlpEndpoint): void {
    const isGrpc = givenFor(this.#env, otlpVariables.protocol, this.#signal);
    if (port === httpPort && (isGrpc === undefined || protocol.parse(isGrpc.text) !== undefined)) {
      const expected = `a gRPC port, usually ${grpcPort}: ${httpPort} is the port of OTLP over HTTP`;
      this.#reported.hints.push(cannotUse(found, { expected }).replace("Cannot use", "Doubtful"));
    }
    if (hasPath) {
      this.#reported.hints.push(
        cannotUse(found, { expected: "no path: gRPC has none" }).replace("Cannot use", "Doubtful"),
      );
    }
  }

  #fault(sentence: string): void {
    this.#reported.faults.push(sentence);
  }
}

/** The value of a variable for one signal. */
export function givenFor(env: Environment, variable: OtlpVariable, signal: OtlpSignal): Given | undefined {
  return given(env, [signalVariable(variable.name, signal), variable.name]);
}
