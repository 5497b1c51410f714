import { dirname, join } from "node:path";
import { runToolOk } from "../../parts/mod.ts";
import { ApiClient } from "../api/client.ts";
import { ChildProcess } from "../machine/child_process.ts";
import { type ClusterNetwork, clusterNetwork } from "../cluster_network.ts";
import { type ClusterSpec, writeJson } from "../cluster_spec.ts";
import { componentArgv, type ComponentInput, type ComponentName } from "../component_argv.ts";
import { createControlGroup } from "../node/control_groups.ts";
import { type ControlPlaneFiles, createControlPlaneFiles } from "../api/control_plane_files.ts";
import { importArgv } from "../node/image_store.ts";
import { cniConfig, containerdConfig, containerdSocket, kubeletConfig } from "../node/files.ts";
import { NodeNamespaces } from "../node/namespaces.ts";
import { writePauseImage } from "../node/pause_image.ts";
import { processStart } from "../machine/process_table.ts";
import { runVolumeProvisioner, storageClass } from "../node/volume_provisioner.ts";
import { nodeIsReady } from "../node/ready.ts";
import { pause, waitUntil } from "../machine/wait_until.ts";

/** Tells which step of the start has begun. */
export type Step = (text: string) => void;

/** The control group of a cluster. */
export function controlGroupOf(name: string): string {
  return `kopiur-${name}`;
}

/** A cluster as its supervisor has it: all its processes are children of this one. */
export class RunningCluster {
  readonly #spec: ClusterSpec;
  readonly #network: ClusterNetwork;
  readonly #log: (line: string) => void;
  readonly #components = new Map<ComponentName, ChildProcess>();
  readonly #stopping = new AbortController();
  #namespaces: NodeNamespaces | undefined;
  #client: ApiClient | undefined;
  #ready = false;
  #written: Promise<void> = Promise.resolve();

  constructor(spec: ClusterSpec, log: (line: string) => void) {
    this.#spec = spec;
    this.#network = clusterNetwork(spec.networkIndex);
    this.#log = log;
  }

  /** Starts everything; resolves when a pod could run. */
  async start(step: Step): Promise<void> {
    const { folder } = this.#spec;
    await this.#writeState();
    for (const name of ["logs", "cni", "volumes"]) await Deno.mkdir(join(folder, name), { recursive: true });
    await createControlGroup(controlGroupOf(this.#spec.name));
    step("making namespaces and certificates");
    const [namespaces, files] = await Promise.all([
      NodeNamespaces.create(this.#spec, this.#network),
      this.#createFiles(),
    ]);
    this.#namespaces = namespaces;
    const input = await this.#writeConfigs(files);
    step("starting etcd, kube-apiserver and containerd");
    const client = new ApiClient({ url: this.#url, caPem: files.authority.certPem, credential: files.admin });
    this.#client = client;
    for (const name of ["etcd", "kube-apiserver", "containerd"] as const) this.#keepRunning(name, input);
    await Promise.all([this.#apiServerReady(client), this.#importPauseImage()]);
    step("starting kubelet, controllers, scheduler and kube-proxy");
    for (const name of ["kubelet", "kube-controller-manager", "kube-scheduler", "kube-proxy"] as const) {
      this.#keepRunning(name, input);
    }
    await client.request("POST", "/apis/storage.k8s.io/v1/storageclasses", { body: storageClass });
    runVolumeProvisioner(client, join(folder, "volumes"), this.#log, this.#stopping.signal).catch(() =>
      undefined
    );
    step("waiting for the node");
    await Promise.all([this.#nodeReady(client), this.#defaultServiceAccount(client)]);
    this.#ready = true;
    await this.#writeState();
  }

  /** Resolves when the node's namespaces are gone although nobody asked for it. */
  async broken(): Promise<void> {
    await this.#namespaces?.gone();
  }

  /** Ends every process; the kernel takes mounts, interfaces and namespaces away with them. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#client?.close();
    await this.#components.get("kubelet")?.stop(1000);
    await this.#namespaces?.destroy();
    await Promise.all([...this.#components.values()].map((component) => component.kill()));
    await this.#removeLink();
  }

  get #url(): string {
    return `https://${this.#network.nodeAddress}:6443`;
  }

  async #createFiles(): Promise<ControlPlaneFiles> {
    const { nodeAddress, apiServiceAddress } = this.#network;
    const ipAddresses = ["127.0.0.1", nodeAddress, apiServiceAddress];
    return await createControlPlaneFiles({
      folder: this.#spec.folder,
      name: `kopiur-${this.#spec.name}`,
      url: this.#url,
      ipAddresses,
    });
  }

  async #writeConfigs(files: ControlPlaneFiles): Promise<ComponentInput> {
    const { folder, name } = this.#spec;
    const serving = await files.authority.issue({
      commonName: name,
      ipAddresses: [this.#network.nodeAddress],
    });
    const certFile = join(folder, "pki", "kubelet.crt");
    const keyFile = join(folder, "pki", "kubelet.key");
    const controlGroup = controlGroupOf(name);
    const kubelet = kubeletConfig({
      spec: this.#spec,
      controlGroup,
      caFile: files.caFile,
      certFile,
      keyFile,
    });
    await Promise.all([
      Deno.writeTextFile(certFile, serving.certPem),
      Deno.writeTextFile(keyFile, serving.keyPem, { mode: 0o600 }),
      Deno.writeTextFile(join(folder, "resolv.conf"), ""),
      Deno.writeTextFile(join(folder, "containerd.toml"), containerdConfig(this.#spec)),
      writeJson(join(folder, "cni", "10-kopiur.conflist"), cniConfig(this.#network)),
      writeJson(join(folder, "kubelet.json"), kubelet),
    ]);
    const component = (user: string) => files.writeKubeconfig(`${user}.kubeconfig`, `system:${user}`, []);
    const kubeconfigs = {
      "kube-controller-manager": await component("kube-controller-manager"),
      "kube-scheduler": await component("kube-scheduler"),
      "kube-proxy": await component("kube-proxy"),
      "kubelet": await files.writeKubeconfig("kubelet.kubeconfig", `system:node:${name}`, ["system:nodes"]),
    };
    return { spec: this.#spec, network: this.#network, files, kubeconfigs };
  }

  /** Starts a component, and starts it again whenever it ends before its time. */
  #keepRunning(name: ComponentName, input: ComponentInput): void {
    if (this.#namespaces === undefined || this.#stopping.signal.aborted) return;
    const { parts, folder } = this.#spec;
    const programFolders = [
      dirname(parts.containerd),
      dirname(parts.runc),
      dirname(parts.nft),
      dirname(parts.ip),
    ];
    const process = new ChildProcess({
      name,
      argv: this.#namespaces.enter(componentArgv(name, input)),
      env: { PATH: [...programFolders, "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":") },
      logPath: join(folder, "logs", `${name}.log`),
      setpriv: parts.setpriv,
      nested: true,
    });
    this.#components.set(name, process);
    this.#restartWhenDone(process, name, input).catch((cause) => this.#log(`${name}: ${cause}`));
  }

  async #restartWhenDone(process: ChildProcess, name: ComponentName, input: ComponentInput): Promise<void> {
    await this.#writeState();
    const { code, signal } = await process.done();
    if (this.#stopping.signal.aborted) return;
    this.#log(`${name} ended (${signal ?? `exit code ${code}`}), it is started again`);
    await pause(300, this.#stopping.signal).catch(() => undefined);
    this.#keepRunning(name, input);
  }

  async #apiServerReady(client: ApiClient): Promise<void> {
    await this.#await("kube-apiserver", 60, async () => {
      return await client.request("GET", "/readyz", { limitSeconds: 2 });
    });
  }

  async #importPauseImage(): Promise<void> {
    const archive = join(this.#spec.folder, "pause.tar");
    await writePauseImage(archive, this.#spec.parts.pause);
    const argv = importArgv(this.#spec, containerdSocket, archive);
    await this.#await("containerd", 30, async () => await this.#namespaces?.run(argv));
  }

  async #nodeReady(client: ApiClient): Promise<void> {
    await this.#await("kubelet", 60, async () => {
      return nodeIsReady(await client.request("GET", `/api/v1/nodes/${this.#spec.name}`)) ? true : undefined;
    });
  }

  async #defaultServiceAccount(client: ApiClient): Promise<void> {
    await this.#await("kube-controller-manager", 60, async () => {
      return await client.request("GET", "/api/v1/namespaces/default/serviceaccounts/default");
    });
  }

  /** Waits for a component to do its part; when it does not, its last words belong to the message. */
  async #await(name: ComponentName, limitSeconds: number, look: () => Promise<unknown>): Promise<void> {
    try {
      await waitUntil(look, { what: name, limitSeconds, everyMs: 50, signal: this.#stopping.signal });
    } catch (cause) {
      if (this.#stopping.signal.aborted || !(cause instanceof Error)) throw cause;
      const words = await this.#components.get(name)?.lastWords();
      throw new Error(`${cause.message}\n${name} said last:\n${words}`, { cause });
    }
  }

  /** Tells those who attach; one writer at a time, so that the last word stays. */
  async #writeState(): Promise<void> {
    this.#written = this.#written.then(() => this.#writeStateNow());
    await this.#written;
  }

  async #writeStateNow(): Promise<void> {
    const components = [...this.#components].map(([name, { pid }]) => [name, pid]);
    await writeJson(join(this.#spec.folder, "state.json"), {
      supervisorPid: Deno.pid,
      supervisorStart: processStart(Deno.pid),
      holderPid: this.#namespaces?.holderPid,
      components: Object.fromEntries(components),
      ready: this.#ready,
    });
  }

  /** The link goes with the namespaces, but the kernel takes its time; this makes it now. */
  async #removeLink(): Promise<void> {
    const { ip } = this.#spec.parts;
    await runToolOk([ip, "link", "delete", this.#network.hostInterface]).catch(() => undefined);
  }
}
