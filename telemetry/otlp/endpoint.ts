/** The address of a collector's gRPC receiver. */
import type { SettingForm } from "../settings.ts";

/** Where a signal goes. */
export interface OtlpEndpoint {
  /** `host:port`; an IPv6 host stands in brackets. */
  readonly address: string;
  /** Undefined when it was written without http:// or https://. */
  readonly tls: boolean | undefined;
  /** True when it has a path, which gRPC ignores. */
  readonly hasPath: boolean;
  readonly port: number;
}

/** The port collectors listen on for OTLP over gRPC. */
export const grpcPort = 4317;
/** The port for OTLP over HTTP; a common mistake. */
export const httpPort = 4318;
const httpsPort = 443;
const form = /^(?:(https?):\/\/)?(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?(\/[^?#@\s]*)?$/i;

/** http(s)://host[:port] or host:port; the port is 4317, with https 443, when it is not there. */
export const endpointForm: SettingForm<OtlpEndpoint> = {
  parse: (text) => {
    const [, scheme, host = "", portText, path = "/"] = form.exec(text) ?? [];
    const tls = scheme === undefined ? undefined : scheme.toLowerCase() === "https";
    const port = portText === undefined ? tls === true ? httpsPort : grpcPort : Number(portText);
    if (host === "" || port < 1 || port > 65535) return undefined;
    return { address: `${host}:${port}`, tls, port, hasPath: path !== "/" };
  },
  expected:
    'the address of the collector\'s gRPC receiver, like "http://otel-collector.observability.svc:4317", ' +
    "without user name, query or fragment",
};
