import { join } from "node:path";
import { ensureParts, type Progress } from "../parts/mod.ts";
import { createCertificateAuthority } from "./api/certificate_authority.ts";
import { ChildProcess } from "./machine/child_process.ts";
import { Janitor } from "./machine/janitor.ts";
import { waitUntil } from "./machine/wait_until.ts";
import { workFolder } from "./machine/work_folder.ts";

/** How the S3 server is started. */
export interface VersitygwOptions {
  /** Where it listens: 127.0.0.1 by default, a cluster's hostAddress for pods to reach it. */
  readonly address?: string;
  /** A free one is chosen when left out. */
  readonly port?: number;
  readonly accessKey?: string;
  readonly secretKey?: string;
  /** Serve TLS with a certificate of a new private authority instead of plain http. */
  readonly tls?: boolean;
  readonly buckets?: readonly string[];
  readonly progress?: Progress;
}

interface VersitygwFields {
  readonly address: string;
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly caPem: string | undefined;
  readonly dataFolder: string;
}

/** A real S3 server over a folder. It ends with this process. */
export class Versitygw {
  readonly address: string;
  readonly port: number;
  readonly accessKey: string;
  readonly secretKey: string;
  /** The authority that signed the serving certificate; undefined without TLS. */
  readonly caPem: string | undefined;
  /** Every bucket is a folder in here, every object a file. */
  readonly dataFolder: string;
  readonly #janitor: Janitor;
  readonly #start: () => ChildProcess;
  #process: ChildProcess;

  /** Use startVersitygw. */
  constructor(fields: VersitygwFields, janitor: Janitor, start: () => ChildProcess) {
    this.address = fields.address;
    this.port = fields.port;
    this.accessKey = fields.accessKey;
    this.secretKey = fields.secretKey;
    this.caPem = fields.caPem;
    this.dataFolder = fields.dataFolder;
    this.#janitor = janitor;
    this.#start = start;
    this.#process = start();
  }

  /** Host and port, as kopia's --endpoint takes it. */
  get endpoint(): string {
    return `${this.address}:${this.port}`;
  }

  /** The address as a URL. */
  get url(): string {
    return `${this.caPem === undefined ? "http" : "https"}://${this.endpoint}`;
  }

  /** Makes a bucket; a name has at least three characters. */
  async createBucket(name: string): Promise<void> {
    await Deno.mkdir(join(this.dataFolder, name), { recursive: true });
  }

  /** Resolves when the server accepts connections. */
  async ready(): Promise<void> {
    await waitUntil(async () => {
      if (this.#process.ended) return "ended";
      const connection = await Deno.connect({ hostname: this.address, port: this.port });
      connection.close();
      return "listening";
    }, { what: `the S3 server at ${this.endpoint}`, limitSeconds: 15, everyMs: 20 });
    if (this.#process.ended) {
      throw new Error(
        `Cannot start versitygw: it ended at once and said: ${await this.#process.lastWords()}`,
      );
    }
  }

  /** Kills the server, as an outage does; its data stays. */
  async kill(): Promise<void> {
    await this.#process.kill();
  }

  /** Starts the server again on the same address. */
  async start(): Promise<void> {
    if (!this.#process.ended) return;
    this.#process = this.#start();
    await this.ready();
  }

  /** Ends the server and removes its data. */
  async stop(): Promise<void> {
    await this.#process.kill();
    await this.#janitor.clean();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Starts an S3 server; it accepts connections when this resolves. */
export async function startVersitygw(options: VersitygwOptions = {}): Promise<Versitygw> {
  const parts = await ensureParts(["versitygw", "janitor", "setpriv"], options.progress);
  const folder = await workFolder("s3");
  const janitor = new Janitor(parts.janitor, [folder]);
  const fields = {
    address: options.address ?? "127.0.0.1",
    port: options.port ?? freePort(options.address ?? "127.0.0.1"),
    accessKey: options.accessKey ?? "test-access-key",
    secretKey: options.secretKey ?? "test-secret-key",
    dataFolder: join(folder, "data"),
  };
  const { caPem, flags } = options.tls === true
    ? await writeTlsFiles(folder, fields.address)
    : { caPem: undefined, flags: [] };
  await Deno.mkdir(fields.dataFolder);
  const server = new Versitygw({ ...fields, caPem }, janitor, () =>
    new ChildProcess({
      name: "versitygw",
      argv: [
        parts.versitygw,
        "--port",
        `${fields.address}:${fields.port}`,
        ...flags,
        "posix",
        fields.dataFolder,
      ],
      env: { ROOT_ACCESS_KEY: fields.accessKey, ROOT_SECRET_KEY: fields.secretKey },
      logPath: join(folder, "versitygw.log"),
      setpriv: parts.setpriv,
    }));
  try {
    for (const bucket of options.buckets ?? []) await server.createBucket(bucket);
    await server.ready();
    return server;
  } catch (cause) {
    await server.stop();
    throw cause;
  }
}

async function writeTlsFiles(folder: string, address: string) {
  const authority = await createCertificateAuthority("S3 test CA");
  const pair = await authority.issue({ commonName: "s3", ipAddresses: [address], dnsNames: ["localhost"] });
  const certFile = join(folder, "tls.crt");
  const keyFile = join(folder, "tls.key");
  await Deno.writeTextFile(certFile, pair.certPem);
  await Deno.writeTextFile(keyFile, pair.keyPem, { mode: 0o600 });
  return { caPem: authority.certPem, flags: ["--cert", certFile, "--key", keyFile] };
}

function freePort(hostname: string): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}
