import { dirname, join } from "node:path";
import { exists, runToolOk } from "../../parts/mod.ts";
import { ChildProcess } from "../machine/child_process.ts";
import type { ClusterNetwork } from "../cluster_network.ts";
import type { ClusterSpec } from "../cluster_spec.ts";
import { firstChildOf } from "../machine/process_table.ts";
import { waitUntil } from "../machine/wait_until.ts";

/**
 * The network, mount and process namespaces of one node.
 *
 *     supervisor ──▶ unshare ──▶ pause, process 1 of the node: holds the namespaces, reaps orphans
 *          └───────▶ nsenter ──▶ kubelet, containerd, … ──▶ shims ──▶ pods
 *
 * The kernel kills each process of the upper line when the one before it dies, and everything in the node when its
 * process 1 dies; mounts and interfaces go with the namespaces. So there is no crash that leaves any of it behind.
 */
export class NodeNamespaces {
  readonly holderPid: number;
  readonly #spec: ClusterSpec;
  readonly #holder: ChildProcess;

  private constructor(spec: ClusterSpec, holder: ChildProcess, holderPid: number) {
    this.#spec = spec;
    this.#holder = holder;
    this.holderPid = holderPid;
  }

  /** Makes the namespaces, with the node's mounts and its link to the host. */
  static async create(spec: ClusterSpec, network: ClusterNetwork): Promise<NodeNamespaces> {
    const { setpriv, unshare, pause } = spec.parts;
    const holder = new ChildProcess({
      name: "namespaces",
      argv: [unshare, ...unshareFlags, pause],
      logPath: join(spec.folder, "logs", "namespaces.log"),
      setpriv,
    });
    const holderPid = await waitUntil(() => holder.ended ? -1 : childRunning(holder, pause), {
      what: "the namespaces of the node",
      limitSeconds: 10,
      everyMs: 5,
    });
    if (holder.ended) {
      throw new Error(`Cannot make the namespaces of the node: unshare said: ${await holder.lastWords()}`);
    }
    const namespaces = new NodeNamespaces(spec, holder, holderPid);
    await namespaces.#arrangeMounts();
    await namespaces.#linkToHost(network);
    return namespaces;
  }

  /** The argv that runs a program inside. */
  enter(argv: readonly string[]): readonly string[] {
    return [
      this.#spec.parts.nsenter,
      `--target=${this.holderPid}`,
      "--net",
      "--mount",
      "--pid",
      "--",
      ...argv,
    ];
  }

  /** Runs a tool inside, to its end. */
  async run(argv: readonly string[], stdin?: string): Promise<string> {
    return await runToolOk(this.enter(argv), stdin === undefined ? {} : { stdin });
  }

  /** Kills every process inside; resolves when all are gone, and with them mounts and interfaces. */
  async destroy(): Promise<void> {
    await this.#holder.kill();
  }

  /** Resolves when the namespaces are gone, for whatever reason. */
  async gone(): Promise<void> {
    await this.#holder.done();
  }

  /**
   * Gives the node a /run, /var/lib and /var/log of its own, so that every program can use its default paths and
   * none is shared with the host or another cluster.
   */
  async #arrangeMounts(): Promise<void> {
    const { mount } = this.#spec.parts;
    const { folder } = this.#spec;
    await this.run([mount, "--make-rshared", "/"]);
    // The cache, with the cluster's folder and the parts in it, must stay in sight where it is.
    const cache = dirname(dirname(folder));
    const hidden = coveredFolders.some((covered) => `${cache}/`.startsWith(`${covered}/`));
    if (hidden) await this.run([mount, "--bind", cache, "/mnt"]);
    for (const covered of coveredFolders) {
      await this.run([mount, "-t", "tmpfs", "-o", "mode=0755", "tmpfs", covered]);
    }
    if (hidden) await this.#bind("/mnt", cache);
    for (const [source, target] of boundFolders) await this.#bind(join(folder, source), target);
    await this.#answerKernelTunables();
  }

  async #bind(source: string, target: string): Promise<void> {
    await this.run(["mkdir", "-p", source, target]);
    await this.run([this.#spec.parts.mount, "--bind", source, target]);
  }

  /** The kubelet sets these for the whole machine unless they already are what it wants: let it read that they are. */
  async #answerKernelTunables(): Promise<void> {
    for (const [name, value] of Object.entries(kernelTunables)) {
      const target = `/proc/sys/${name}`;
      if (!exists(target)) continue;
      const source = join(this.#spec.folder, "tunables", name.replaceAll("/", "."));
      await Deno.mkdir(join(this.#spec.folder, "tunables"), { recursive: true });
      await Deno.writeTextFile(source, `${value}\n`);
      await this.run([this.#spec.parts.mount, "--bind", source, target]);
    }
  }

  async #linkToHost(network: ClusterNetwork): Promise<void> {
    const { ip } = this.#spec.parts;
    const { hostInterface, nodeInterface, hostAddress, nodeAddress } = network;
    const host = (...args: string[]) => runToolOk([ip, ...args]);
    const node = (...args: string[]) => this.run([ip, ...args]);
    const peer = ["peer", "name", nodeInterface, "netns", String(this.holderPid)];
    await host("link", "add", hostInterface, "type", "veth", ...peer);
    await host("address", "add", `${hostAddress}/30`, "dev", hostInterface);
    await host("link", "set", hostInterface, "up");
    await node("link", "set", "lo", "up");
    await node("address", "add", `${nodeAddress}/30`, "dev", nodeInterface);
    await node("link", "set", nodeInterface, "up");
    await node("route", "add", "default", "via", hostAddress);
    await this.run(["tee", "/proc/sys/net/ipv4/ip_forward"], "1\n");
    await host("route", "add", network.podCidr, "via", nodeAddress);
    await host("route", "add", network.serviceCidr, "via", nodeAddress);
  }
}

const unshareFlags = [
  "--net",
  "--mount",
  "--pid",
  "--fork",
  "--kill-child=SIGKILL",
  "--mount-proc",
  "--propagation=private",
];

const coveredFolders = ["/run", "/var/lib", "/var/log"];

/** Folders of the cluster's own, and where the node's programs look for them. */
const boundFolders = [
  ["kubelet", "/var/lib/kubelet"],
  ["containerd", "/var/lib/containerd"],
  ["pod-logs", "/var/log/pods"],
] as const;

const kernelTunables = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
};

/** The child's id once it runs the program: before that it may still be on its way into the namespaces. */
function childRunning(holder: ChildProcess, program: string): number | undefined {
  const pid = firstChildOf(holder.pid);
  if (pid === undefined) return undefined;
  return Deno.readTextFileSync(`/proc/${pid}/cmdline`).startsWith(program) ? pid : undefined;
}
