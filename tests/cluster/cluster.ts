import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ensureParts,
  exists,
  type Progress,
  runTool,
  runToolOk,
  stderrProgress,
  type ToolResult,
} from "../parts/mod.ts";
import { ApiClient, type ApiRequestOptions } from "./api/client.ts";
import { pathOf } from "./api/paths.ts";
import { claimCluster, listClusterNames } from "./life/claim_cluster.ts";
import { type ClusterNetwork, clusterNetwork } from "./cluster_network.ts";
import {
  clusterFolder,
  clusterPartNames,
  type ClusterSpec,
  readClusterSpec,
  readClusterState,
} from "./cluster_spec.ts";
import type { ComponentName } from "./component_argv.ts";
import { compactEtcd } from "./api/etcd.ts";
import { importArgv, parseImageDigest } from "./node/image_store.ts";
import { readKubeconfig } from "./api/kubeconfig.ts";
import { clusterMissing } from "./machine/machine.ts";
import { containerdSocket } from "./node/files.ts";
import { firstChildOf, sendSignal } from "./machine/process_table.ts";
import { reachTestAddressesDirectly } from "./api/reach_directly.ts";
import { serviceAccountToken } from "./api/service_account_token.ts";
import { Supervisor } from "./life/supervisor_process.ts";
import { waitUntil } from "./machine/wait_until.ts";

/** How a cluster is started. */
export interface ClusterOptions {
  /** Names the node too; random when left out. */
  readonly name?: string;
  readonly progress?: Progress;
  /** OCI archives that are loaded while the control plane starts, each as soon as it is there. */
  readonly images?: readonly (string | Promise<string>)[];
  /** Aborted, the start ends and nothing of it is left. Of no more effect once the cluster is ready. */
  readonly signal?: AbortSignal;
}

/** An object to be applied, as it stands in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/**
 * A real single-node cluster in namespaces of its own. There is no DNS and no registry: pods speak to addresses and
 * run images that were loaded. Pod and Service addresses are reachable from the host.
 */
export class Cluster {
  readonly name: string;
  readonly folder: string;
  readonly network: ClusterNetwork;
  readonly kubeconfigPath: string;
  readonly url: string;
  readonly caPem: string;
  readonly #spec: ClusterSpec;
  readonly #client: ApiClient;
  readonly #supervisor: Supervisor | undefined;

  private constructor(spec: ClusterSpec, kubeconfig: string, supervisor: Supervisor | undefined) {
    const { server, caPem, credential } = readKubeconfig(kubeconfig);
    this.name = spec.name;
    this.folder = spec.folder;
    this.network = clusterNetwork(spec.networkIndex);
    this.kubeconfigPath = adminKubeconfig(spec);
    this.url = server;
    this.caPem = caPem;
    this.#spec = spec;
    this.#client = new ApiClient({ url: server, caPem, credential });
    this.#supervisor = supervisor;
  }

  /** Attaches to a running cluster; without a supervisor of one's own it will not stop with this process. */
  static async attach(spec: ClusterSpec, supervisor?: Supervisor): Promise<Cluster> {
    reachTestAddressesDirectly();
    return new Cluster(spec, await Deno.readTextFile(adminKubeconfig(spec)), supervisor);
  }

  /** The address on which pods reach servers of the host, such as an S3 server. */
  get hostAddress(): string {
    return this.network.hostAddress;
  }

  /** The address of the node, where also the API server listens. */
  get nodeAddress(): string {
    return this.network.nodeAddress;
  }

  /** The folder with one log per component. */
  get logFolder(): string {
    return join(this.folder, "logs");
  }

  /** Where kubectl keeps what it learns about this cluster's API; it goes with the cluster. */
  get kubectlCacheFolder(): string {
    return join(this.folder, "kubectl");
  }

  /** Sends one request as the administrator, past the code under test. */
  async request(method: string, path: string, options?: ApiRequestOptions): Promise<unknown> {
    return await this.#client.request(method, path, options);
  }

  /** Runs kubectl as the administrator and answers with what it printed; a failure is an error with its words. */
  async kubectl(...args: readonly string[]): Promise<string> {
    return await runToolOk(this.#kubectlArgv(args), { env: this.#kubectlEnv });
  }

  /** Runs kubectl with something on its standard input and answers with code and output, whatever they are. */
  async tryKubectl(args: readonly string[], stdin?: string): Promise<ToolResult> {
    const env = this.#kubectlEnv;
    return await runTool(this.#kubectlArgv(args), { env, ...(stdin === undefined ? {} : { stdin }) });
  }

  /** Applies an object on the server, which refuses fields it does not know; what others set and it names is taken. */
  async apply(manifest: Manifest): Promise<unknown> {
    const { apiVersion, kind, metadata: { name, namespace } } = manifest;
    const query = "fieldManager=tests&force=true&fieldValidation=Strict";
    return await this.request("PATCH", `${pathOf({ apiVersion, kind, namespace })}/${name}?${query}`, {
      body: manifest,
      contentType: "application/apply-patch+yaml",
    });
  }

  /** Yields the events of a watch until the server ends it or the signal aborts. */
  watch(path: string, signal: AbortSignal): AsyncGenerator<unknown> {
    return this.#client.watch(path, signal);
  }

  /** Loads an OCI archive; pods use it under the name in its index with imagePullPolicy IfNotPresent or Never. */
  async loadImage(archivePath: string): Promise<void> {
    await loadImage(this.#spec, await this.#holderPid(), archivePath);
  }

  /** The digest of the manifest that pods get under this image name; undefined when there is none. */
  async imageDigest(name: string): Promise<string | undefined> {
    return parseImageDigest(await this.ctr("images", "list", `name==${name}`), name);
  }

  /** Runs containerd's own client in the namespace of the kubelet. */
  async ctr(...args: readonly string[]): Promise<string> {
    const socket = socketOf(await this.#holderPid());
    const argv = [this.#spec.parts.ctr, "--address", socket, "--namespace", "k8s.io"];
    return await runToolOk([...argv, ...args], { limitSeconds: 300 });
  }

  /** A token of a service account, which is made first (with its namespace) when it is not there. */
  async serviceAccountToken(namespace: string, name: string, expirationSeconds = 3600): Promise<string> {
    return await serviceAccountToken(this.#client, namespace, name, expirationSeconds);
  }

  /** Makes etcd forget its history, so that older resource versions answer 410 Gone. */
  async compact(): Promise<void> {
    await compactEtcd(this.nodeAddress);
  }

  /** Sends a signal to a component; the supervisor starts it again when it ends. */
  async signal(component: ComponentName, signal: Deno.Signal = "SIGKILL"): Promise<void> {
    const { components } = await this.#state();
    const nsenter = components[component];
    const pid = nsenter === undefined ? undefined : firstChildOf(nsenter);
    if (pid === undefined) throw new Error(`Cannot send ${signal} to ${component}: it is not running`);
    sendSignal(pid, signal);
    // nsenter stops when its child does, and would not see the child's end before it goes on itself.
    if (signal === "SIGCONT" && nsenter !== undefined) sendSignal(nsenter, signal);
  }

  /** Resolves when the API server answers that it is ready. */
  async apiServerReady(limitSeconds = 30): Promise<void> {
    await waitUntil(() => this.request("GET", "/readyz", { limitSeconds: 2 }), {
      what: "the API server",
      limitSeconds,
    });
  }

  /** Lets the cluster outlive this process. */
  async keep(): Promise<void> {
    this.#client.close();
    await this.#supervisor?.release();
  }

  /** Ends everything and resolves when nothing is left of it. */
  async stop(): Promise<void> {
    this.#client.close();
    if (this.#supervisor !== undefined) return await this.#supervisor.stop();
    const state = await readClusterState(this.folder);
    if (state !== undefined) await Supervisor.stopForeign(this.folder, state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #kubectlArgv(args: readonly string[]): readonly string[] {
    return [this.#spec.parts.kubectl, `--kubeconfig=${this.kubeconfigPath}`, ...args];
  }

  get #kubectlEnv(): Readonly<Record<string, string>> {
    return { KUBECACHEDIR: this.kubectlCacheFolder };
  }

  async #holderPid(): Promise<number | undefined> {
    return (await this.#state()).holderPid;
  }

  async #state() {
    const state = await readClusterState(this.folder);
    if (state === undefined) throw new Error(`Cannot use the cluster "${this.name}": it is not running`);
    return state;
  }
}

/** The socket lies in a folder only the node sees, but the kernel shows each process's view of the files. */
function socketOf(holderPid: number | undefined): string {
  return `/proc/${holderPid}/root${containerdSocket}`;
}

async function loadImage(spec: ClusterSpec, holderPid: number | undefined, archive: string): Promise<void> {
  await runToolOk(importArgv(spec, socketOf(holderPid), archive), { limitSeconds: 300 });
}

/** Loads images as soon as containerd listens, long before a pod could run. */
async function loadEarly(
  spec: ClusterSpec,
  images: readonly Promise<string>[],
  signal: AbortSignal,
): Promise<void> {
  if (images.length === 0) return;
  const listening = waitUntil(async () => {
    const pid = (await readClusterState(spec.folder))?.holderPid;
    if (pid === undefined || !exists(socketOf(pid))) return undefined;
    await runToolOk([spec.parts.ctr, "--address", socketOf(pid), "version"], { limitSeconds: 5 });
    return pid;
  }, { what: "containerd", limitSeconds: 60, signal });
  await Promise.all(images.map(async (image) => {
    const [archive, holderPid] = await Promise.all([image, listening]);
    await loadImage(spec, holderPid, archive);
  }));
}

function adminKubeconfig(spec: ClusterSpec): string {
  return join(spec.folder, "pki", "admin.kubeconfig");
}

/**
 * Starts a cluster; a pod could run when this resolves. It ends with this process, however that ends, unless keep()
 * is called.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const progress = options.progress ?? stderrProgress;
  const missing = clusterMissing();
  if (missing !== undefined) throw new Error(missing);
  reachTestAddressesDirectly();
  const images = (options.images ?? []).map((image) => Promise.resolve(image));
  // One that fails before it is waited for must not end the process.
  for (const image of images) image.catch(() => undefined);
  const parts = await ensureParts(clusterPartNames, progress);
  const spec = await claimCluster(options.name ?? `t-${crypto.randomUUID().slice(0, 8)}`, parts);
  const supervisor = new Supervisor(
    spec.folder,
    fileURLToPath(new URL("./life/supervisor.ts", import.meta.url)),
  );
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const parallel = [
    supervisor.ready(spec.name, progress, signal),
    loadEarly(spec, images, signal),
  ].map((work) =>
    work.catch((cause) => {
      failed.abort(cause);
      throw cause;
    })
  );
  try {
    await Promise.all(parallel);
    return await Cluster.attach(spec, supervisor);
  } catch (cause) {
    await Promise.allSettled(parallel);
    await supervisor.stop();
    throw cause;
  }
}

/** Attaches to the running cluster of this name; undefined when there is none, or none that is ready. */
export async function findCluster(name: string): Promise<Cluster | undefined> {
  const folder = clusterFolder(name);
  if (!(await listClusterNames()).includes(name)) return undefined;
  const spec = await readClusterSpec(folder);
  const state = await readClusterState(folder);
  return spec === undefined || state?.ready !== true ? undefined : await Cluster.attach(spec);
}
