import { join } from "node:path";
import { ensureParts, type Progress } from "../../parts/mod.ts";
import { ApiClient, type ApiRequestOptions } from "./client.ts";
import type { KeyPair } from "./certificate_authority.ts";
import { ChildProcess } from "../machine/child_process.ts";
import { type ControlPlaneFiles, controlPlaneFlags, createControlPlaneFiles } from "./control_plane_files.ts";
import { compactEtcd, etcdArgv } from "./etcd.ts";
import { Janitor } from "../machine/janitor.ts";
import { renderKubeconfig } from "./kubeconfig.ts";
import { chooseLoopbackAddress } from "../machine/loopback_address.ts";
import { reachTestAddressesDirectly } from "./reach_directly.ts";
import { serviceAccountToken } from "./service_account_token.ts";
import { waitUntil } from "../machine/wait_until.ts";
import { workFolder } from "../machine/work_folder.ts";

/** What an API server of its own may be given. */
export interface ApiServerOptions {
  /** Added after the default flags, so that they win. */
  readonly flags?: readonly string[];
  /** Runs a kube-controller-manager with exactly these controllers, e.g. "garbage-collector-controller". */
  readonly controllers?: readonly string[];
  readonly progress?: Progress;
}

const partNames = ["etcd", "kube-apiserver", "kube-controller-manager", "janitor", "setpriv"] as const;
type Parts = Readonly<Record<typeof partNames[number], string>>;

/**
 * A real kube-apiserver with an etcd of its own on a loopback address: no kubelet, no controllers unless asked for,
 * no root needed. It authorizes by RBAC.
 */
export class ApiServer {
  readonly address: string;
  readonly url: string;
  readonly folder: string;
  readonly #parts: Parts;
  readonly #options: ApiServerOptions;
  readonly #files: ControlPlaneFiles;
  readonly #client: ApiClient;
  readonly #janitor: Janitor;
  readonly #companions: ChildProcess[] = [];
  #server: ChildProcess | undefined;

  /** Use startApiserver. */
  constructor(
    address: string,
    folder: string,
    parts: Parts,
    files: ControlPlaneFiles,
    options: ApiServerOptions,
  ) {
    this.address = address;
    this.url = `https://${address}:6443`;
    this.folder = folder;
    this.#parts = parts;
    this.#options = options;
    this.#files = files;
    this.#client = new ApiClient({ url: this.url, caPem: files.authority.certPem, credential: files.admin });
    this.#janitor = new Janitor(parts.janitor, [folder]);
  }

  /** A kubeconfig of a client certificate in system:masters. */
  get kubeconfigPath(): string {
    return this.#files.adminKubeconfig;
  }

  /** The authority that signed the serving certificate. */
  get caPem(): string {
    return this.#files.authority.certPem;
  }

  /** The administrator's client certificate and key. */
  get admin(): KeyPair {
    return this.#files.admin;
  }

  /** The file everything the API server says is written to. */
  get logPath(): string {
    return join(this.folder, "kube-apiserver.log");
  }

  /** Sends one request as the administrator, past the code under test. */
  async request(method: string, path: string, options?: ApiRequestOptions): Promise<unknown> {
    return await this.#client.request(method, path, options);
  }

  /** Starts the API server again after kill(); resolves when it is ready. */
  async start(): Promise<void> {
    if (this.#server?.ended === false) return;
    if (this.#companions.length === 0) this.#companions.push(this.#spawn(this.#etcdArgv()));
    const server = this.#spawn(this.#serverArgv());
    this.#server = server;
    await waitUntil(async () => {
      if (server.ended) return "ended";
      return await this.#client.request("GET", "/readyz", { limitSeconds: 2 });
    }, { what: `the API server at ${this.url}`, limitSeconds: 60, everyMs: 30 });
    if (server.ended) {
      throw new Error(`Cannot start kube-apiserver: it ended at once and said: ${await server.lastWords()}`);
    }
  }

  /** Starts the controllers asked for in the options. */
  startControllers(): void {
    const { controllers } = this.#options;
    if (controllers === undefined || controllers.length === 0) return;
    this.#companions.push(this.#spawn([
      this.#parts["kube-controller-manager"],
      `--kubeconfig=${this.kubeconfigPath}`,
      `--controllers=${controllers.join(",")}`,
      `--service-account-private-key-file=${this.#files.serviceAccountKey}`,
      `--root-ca-file=${this.#files.caFile}`,
      "--leader-elect=false",
      `--bind-address=${this.address}`,
    ]));
  }

  /** Kills the API server without a word, as a crash does: open watches break. etcd stays. */
  async kill(): Promise<void> {
    await this.#server?.kill();
  }

  /** Sends a signal to the API server, e.g. SIGSTOP for one that hangs. */
  signal(name: Deno.Signal): void {
    if (this.#server === undefined) {
      throw new Error(`Cannot send ${name} to the API server: it is not running`);
    }
    this.#server.signal(name);
  }

  /** Ends the API server in an orderly way, as an upgrade does, and starts it again on the same address. */
  async restart(): Promise<void> {
    await this.#server?.stop(10_000);
    await this.start();
  }

  /** Makes etcd forget its history, so that a list or watch from an older resource version answers 410 Gone. */
  async compact(): Promise<void> {
    await compactEtcd(this.address);
  }

  /** A token of a service account, which is made first (with its namespace) when it is not there. */
  async serviceAccountToken(namespace: string, name: string, expirationSeconds = 3600): Promise<string> {
    return await serviceAccountToken(this.#client, namespace, name, expirationSeconds);
  }

  /** A kubeconfig with a new client certificate for a user in these groups; answers with its path. */
  async userKubeconfig(user: string, groups: readonly string[] = []): Promise<string> {
    return await this.#files.writeKubeconfig(`user-${crypto.randomUUID()}.kubeconfig`, user, groups);
  }

  /** A kubeconfig that shows a bearer token; answers with its path. */
  async tokenKubeconfig(token: string): Promise<string> {
    const path = join(this.folder, "pki", `token-${crypto.randomUUID()}.kubeconfig`);
    const text = renderKubeconfig({
      name: "test",
      server: this.url,
      caPem: this.caPem,
      credential: { token },
    });
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  }

  /** Ends everything and removes its folder. */
  async stop(): Promise<void> {
    this.#client.close();
    await Promise.all([this.#server, ...this.#companions].map((child) => child?.kill()));
    await this.#janitor.clean();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #spawn(argv: readonly string[]): ChildProcess {
    const name = argv[0]?.split("/").at(-1) ?? "";
    return new ChildProcess({
      name,
      argv,
      logPath: join(this.folder, `${name}.log`),
      setpriv: this.#parts.setpriv,
    });
  }

  #etcdArgv(): readonly string[] {
    return etcdArgv(this.#parts.etcd, this.address, this.folder);
  }

  #serverArgv(): readonly string[] {
    return [
      this.#parts["kube-apiserver"],
      `--etcd-servers=http://${this.address}:2379`,
      `--bind-address=${this.address}`,
      "--secure-port=6443",
      ...controlPlaneFlags(this.#files),
      "--authorization-mode=RBAC",
      "--service-cluster-ip-range=10.0.0.0/24",
      "--allow-privileged=true",
      // A loopback address can be no Endpoints of the kubernetes Service.
      "--endpoint-reconciler-type=none",
      // Without a controller-manager nobody makes the default ServiceAccount this plugin waits for.
      "--disable-admission-plugins=ServiceAccount",
      ...(this.#options.flags ?? []),
    ];
  }
}

/** Starts a real API server; it is ready when this resolves. Stop it, or hold it with `await using`. */
export async function startApiserver(options: ApiServerOptions = {}): Promise<ApiServer> {
  const parts = await ensureParts(partNames, options.progress);
  reachTestAddressesDirectly();
  const folder = await workFolder("apiserver");
  const address = chooseLoopbackAddress([2379, 2380, 6443]);
  const url = `https://${address}:6443`;
  const files = await createControlPlaneFiles({
    folder,
    name: "test",
    url,
    ipAddresses: [address, "10.0.0.1"],
  });
  const server = new ApiServer(address, folder, parts, files, options);
  try {
    await server.start();
    server.startControllers();
    return server;
  } catch (cause) {
    await server.stop();
    throw cause;
  }
}
