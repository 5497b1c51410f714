/** A TCP relay in front of an API server, to break the network in ways a server cannot. */
export class CuttableRelay {
  readonly #listener: Deno.TcpListener;
  readonly #to: Deno.ConnectOptions;
  readonly #open = new Set<Deno.Conn>();
  #isRefusing = false;

  /** Listens on a port of its own at the server's address, so that its certificate fits. */
  constructor(hostname: string, port: number) {
    this.#listener = Deno.listen({ hostname, port: 0 });
    this.#to = { hostname, port };
    void this.#accept();
  }

  /** `https://` address of the relay. */
  get url(): string {
    const { hostname, port } = this.#listener.addr;
    return `https://${hostname}:${port}`;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#open.size / 2;
  }

  /** Cuts what is open and, until `mend`, everything that comes. */
  cut(): void {
    this.#isRefusing = true;
    this.#closeAll();
  }

  /** Cuts what is open and lets new connections through. */
  cutOnce(): void {
    this.#closeAll();
  }

  /** Lets connections through again. */
  mend(): void {
    this.#isRefusing = false;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.#closeAll();
  }

  #closeAll(): void {
    for (const connection of this.#open) close(connection);
    this.#open.clear();
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) void this.#relay(client);
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #relay(client: Deno.Conn): Promise<void> {
    if (this.#isRefusing) return close(client);
    let server: Deno.Conn;
    try {
      server = await Deno.connect(this.#to);
    } catch {
      // The server is down: what a client sees of it is a cut connection.
      return close(client);
    }
    this.#open.add(client).add(server);
    await Promise.allSettled([
      client.readable.pipeTo(server.writable),
      server.readable.pipeTo(client.writable),
    ]);
    this.#open.delete(client);
    this.#open.delete(server);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Its streams have closed it already.
  }
}
