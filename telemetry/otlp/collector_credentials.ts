/** gRPC channel credentials that let our own sockets be used. */
import type { ConnectionOptions } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import type { CollectorLink } from "./collector_link.ts";

/**
 * Credentials for one collector. Depends on how the pinned grpc-js connects: it asks for the options of a connection,
 * treats one with a secure context as https, and makes plain sockets itself unless it cannot write that option.
 */
export class CollectorCredentials extends ChannelCredentials {
  readonly #link: CollectorLink;

  constructor(link: CollectorLink) {
    super();
    this.#link = link;
  }

  override compose(): ChannelCredentials {
    throw new TypeError("Cannot compose these credentials: headers are sent as metadata");
  }

  override _getConnectionOptions(): ConnectionOptions {
    const createConnection = () => this.#link.open();
    const options: ConnectionOptions & { createConnection: unknown } = {
      get createConnection() {
        return createConnection;
      },
      set createConnection(_ofGrpc: unknown) {
        // Otherwise grpc-js sets its own socket for plain text, whose errors nobody handles.
      },
    };
    // Its presence makes the scheme https; its content is never used, as the link makes TLS.
    if (this.#link.isSecure) options.secureContext = { context: undefined };
    return options;
  }

  override _isSecure(): boolean {
    return this.#link.isSecure;
  }

  /** gRPC shares a connection among equal credentials, but resetting one signal must not affect another. */
  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }
}
