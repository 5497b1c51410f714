/** gRPC channel credentials that let our own sockets be used. */
import type { ConnectionOptions } from "node:tls";
import { ChannelCredentials } from "@grpc/grpc-js";
import type { CollectorLink } from "./collector_link.ts";

/**
 * Credentials of one collector. Leans on how the pinned grpc-js connects: it asks for the options of a connection,
 * takes one with a secure context as https, and makes plain sockets itself unless it cannot write that option.
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
        // grpc-js would put its own there for plain text, over whose errors nobody watches.
      },
    };
    // That there is one makes it https; what is in it is never used, for TLS is made by the link.
    if (this.#link.isSecure) options.secureContext = { context: undefined };
    return options;
  }

  override _isSecure(): boolean {
    return this.#link.isSecure;
  }

  /** gRPC lets equal credentials share a connection; what ends one signal's must not end another's. */
  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }
}
