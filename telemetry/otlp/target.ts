/** Parses the target of one signal: from its own variables, else from the general ones. */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { listEscapes, parseKeyValueList } from "./key_value_list.ts";
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
  readonly security: { readonly kind: "plain" } | { readonly kind: "tls" } & TlsSettings;
  /** Lower-case names. Values may be secret. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly timeoutMs: number;
  readonly compression: "none" | "gzip";
}

/** What TLS with a collector needs besides the usual authorities; all are PEM texts. */
export interface TlsSettings {
  /** Trusted besides the usual ones. */
  readonly authorities?: string;
  /** What this process shows a collector that asks for it. */
  readonly client?: { readonly certificate: string; readonly key: string };
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
const privateKey: SettingForm<string> = {
  parse: (text) => {
    try {
      createPrivateKey(text);
      return text;
    } catch {
      return undefined;
    }
  },
  expected: "a readable file with a private key in PEM, without a password, or the PEM text itself",
  fault: (text) =>
    isPath(text)
      ? `which is ${JSON.stringify(text)}`
      : "whose value is not shown: no key can be read from it",
};
/** True for what can only be a path, not a key that was pasted. */
function isPath(text: string): boolean {
  return /^\/[\w./-]{0,250}$/.test(text) && !/^[\w/]{60}/.test(text);
}

/** The only protocol there is. */
export const protocolForm: SettingForm<"grpc"> = {
  parse: (text) => text.toLowerCase() === "grpc" ? "grpc" : undefined,
  expected: `"grpc", the only protocol built in: set it to grpc, or leave it out, and point ` +
    `${otlpVariables.endpoint.name} at the collector's gRPC port ${grpcPort}`,
};
const headers: SettingForm<OtlpTarget["headers"]> = {
  parse: (text) => {
    const list = parseKeyValueList(text);
    if (list.kind === "broken" || headerFault(list.pairs) !== undefined) return undefined;
    return list.pairs.map(([name, value]) => [name.toLowerCase(), value] as const);
  },
  // A name that is secret ("authorization=…") would be redacted in our own message.
  expected: `a list like "name=value,name=value" ${listEscapes}`,
  fault: (text) => {
    const list = parseKeyValueList(text);
    return `whose value is not shown: ${list.kind === "broken" ? list.fault : headerFault(list.pairs)}`;
  },
};
/** How a value of Authorization begins. */
const authScheme = /^(?:basic|bearer|digest|token)$/i;

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint256 !== "";
  } catch {
    return false;
  }
}

/** Why gRPC would refuse one of these headers at the first export; undefined when it takes them all. */
function headerFault(pairs: readonly (readonly [name: string, value: string])[]): string | undefined {
  for (const [index, [name, value]] of pairs.entries()) {
    const header = `header ${index + 1}`;
    if (!/^[a-z0-9_.-]+$/i.test(name)) {
      return `the name of ${header} has other characters than letters, digits, "-", "_" and "."`;
    }
    if (/-bin$|^grpc-|^te$/i.test(name)) return `the name of ${header} is reserved by gRPC`;
    if (!/^[\x20-\x7e]*$/.test(value)) {
      return `the value of ${header} has other characters than printable ASCII`;
    }
  }
  return undefined;
}

/** False when both can be read and the key is that of another certificate. */
function areOnePair(certificate: string, key: string): boolean {
  const form = { type: "spki", format: "pem" } as const;
  try {
    const own = createPublicKey(key).export(form);
    return own === new X509Certificate(certificate).publicKey.export(form);
  } catch {
    return true;
  }
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
    const client = this.#readClient();
    const insecure = this.#read(otlpVariables.insecure, yesOrNo, "ignored") ?? false;
    const timeoutMs = this.#read(otlpVariables.timeout, longTime, "ignored") ?? 10_000;
    const compression = this.#read(otlpVariables.compression, oneOf("none", "gzip"), "ignored") ?? "none";
    if (endpoint === undefined || headers === undefined) return undefined;
    this.#hintAt(found, endpoint);
    const tls = endpoint.tls ?? !insecure;
    const security = !tls ? { kind: "plain" } as const : {
      kind: "tls",
      ...(authorities === undefined ? {} : { authorities }),
      ...(client === undefined ? {} : { client }),
    } as const;
    if (!tls) this.#hintAtUnusedCertificates();
    return { address: endpoint.address, security, headers, timeoutMs, compression };
  }

  /** The values of the headers, or the whole text when it cannot be parsed; and the key of the client. */
  secrets(): readonly string[] {
    const key = givenFor(this.#env, otlpVariables.clientKey, this.#signal);
    const ofHeaders = this.#headerVariables().flatMap(({ text }) => [
      text,
      ...(headers.parse(text) ?? []).flatMap(([, value]) => [
        value,
        ...value.split(" ").filter((word) => !authScheme.test(word)),
      ]),
    ]);
    return key === undefined || isPath(key.text) ? ofHeaders : [...ofHeaders, key.text];
  }

  /** The certificate and the key of this process; one without the other is a fault. */
  #readClient(): TlsSettings["client"] {
    const [certificate, key] = [otlpVariables.clientCertificate, otlpVariables.clientKey]
      .map((variable) => givenFor(this.#env, variable, this.#signal));
    const fault = (sentence: string) => this.#fault(sentence);
    const texts = [
      readSetting(certificate, certificates, fault),
      readSetting(key, privateKey, fault),
    ] as const;
    if (certificate === undefined && key === undefined) return undefined;
    if (certificate === undefined || key === undefined) {
      const [there, missing] = certificate === undefined
        ? [key?.name, otlpVariables.clientCertificate.name]
        : [certificate.name, otlpVariables.clientKey.name];
      fault(`Cannot use ${there}, as ${missing} is not set, expected both`);
      return undefined;
    }
    if (texts[0] === undefined || texts[1] === undefined) return undefined;
    if (!areOnePair(texts[0], texts[1])) {
      fault(
        `Cannot use ${key.name}, which is the key of another certificate, expected that of ${certificate.name}`,
      );
    }
    return { certificate: texts[0], key: texts[1] };
  }

  #hintAtUnusedCertificates(): void {
    for (const variable of [otlpVariables.certificate, otlpVariables.clientCertificate]) {
      const found = givenFor(this.#env, variable, this.#signal);
      if (found === undefined) continue;
      this.#reported.hints.push(
        `Doubtful ${found.name}: it is set, expected an endpoint with https://, or none`,
      );
    }
  }

  #readProtocol(endpoint: OtlpEndpoint | undefined): void {
    const found = givenFor(this.#env, otlpVariables.protocol, this.#signal);
    const tell = (sentence: string) => {
      const hint = endpoint?.port === httpPort
        ? ` (${httpPort}, which is set, is the port of OTLP over HTTP)`
        : "";
      this.#fault(`${sentence}${hint}`);
    };
    readSetting(found, protocolForm, tell);
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
    if (port === httpPort && (isGrpc === undefined || protocolForm.parse(isGrpc.text) !== undefined)) {
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

/** The address of a target as a URL. */
export function urlOf({ address, security }: OtlpTarget): string {
  return `${security.kind === "plain" ? "http" : "https"}://${address}`;
}

/** The value of a variable for one signal. */
export function givenFor(env: Environment, variable: OtlpVariable, signal: OtlpSignal): Given | undefined {
  return given(env, [signalVariable(variable.name, signal), variable.name]);
}
