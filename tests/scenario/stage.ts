import { join } from "node:path";
import { partPath, runTool, runToolOk, type ToolResult } from "../parts/mod.ts";
import { type Cluster, startCluster, waitUntil } from "../cluster/mod.ts";
import { busyboxImageName, writeBusyboxImage } from "../cluster/node/busybox_image.ts";
import { parseMetrics, type Series, valueOf } from "./metrics_text.ts";
import { findProcesses, isController, killAll } from "./processes.ts";
import { product } from "./product.ts";
import { type Found, Tenant } from "./tenant.ts";

/** How a stage differs from what most users have. */
export interface StageOptions {
  /** Further `helm --set` values. */
  readonly sets?: readonly string[];
  /** Makes what the installation needs in a cluster that runs; answers with the chart's value files. */
  readonly prepare?: (cluster: Cluster, folder: string) => Promise<readonly string[]>;
  /** Writes further images into the stage's folder and answers with their archives. */
  readonly images?: (folder: string) => Promise<readonly string[]>;
}

/** A controller pod as the API server knows it. */
export interface ControllerPod {
  readonly name: string;
  readonly uid: string;
  readonly address: string;
}

/** A cluster with kopiur installed by helm, as a user would; the compiled binary's image runs in every pod. */
export class Stage {
  readonly cluster: Cluster;
  readonly kopia: string;
  readonly folder: string;

  private constructor(cluster: Cluster, kopia: string, folder: string) {
    this.cluster = cluster;
    this.kopia = kopia;
    this.folder = folder;
  }

  /** Boots a cluster and installs kopiur. */
  static async open(options: StageOptions = {}): Promise<Stage> {
    const folder = await Deno.makeTempDir({ prefix: "kopiur-stage-" });
    const busybox = join(folder, "busybox.tar");
    await writeBusyboxImage(busybox, await partPath("busybox"));
    const more = await options.images?.(folder) ?? [];
    const images = [busybox, product.imageArchive, ...more];
    const cluster = await startCluster({ progress: () => {}, images });
    const stage = new Stage(cluster, await partPath("kopia"), folder);
    try {
      const files = await options.prepare?.(cluster, folder) ?? [];
      await stage.install(...files.map((file) => `--values=${file}`), ...options.sets ?? []);
      return stage;
    } catch (cause) {
      await stage[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /**
   * Installs or upgrades the chart with these values, or files of values as `--values=…`, and waits until the
   * controller is ready.
   */
  async install(...more: readonly string[]): Promise<void> {
    const files = more.filter((each) => each.startsWith("--values="));
    const sets = more.filter((each) => !files.includes(each));
    const values = [
      "image.registry=",
      "image.controller.repository=kopiur.local/kopiur",
      "image.mover.repository=kopiur.local/kopiur",
      "logging.level=info\\,kopiur=debug",
      ...sets,
    ];
    const args = [
      "upgrade",
      "--install",
      "kopiur",
      product.chart,
      "-n",
      "kopiur-system",
      "--create-namespace",
      "--wait",
      "--timeout",
      "90s",
    ];
    await runToolOk([
      await partPath("helm"),
      ...args,
      ...files,
      ...values.flatMap((value) => ["--set", value]),
      "--kubeconfig",
      this.cluster.kubeconfigPath,
    ], { limitSeconds: 150 }).catch(async (cause) => {
      throw new Error(`Cannot install kopiur: ${await this.controllerLog()}`, { cause });
    });
  }

  /** Uninstalls the chart as a person would; further words go to helm. Resolves with what helm said. */
  async uninstall(...more: readonly string[]): Promise<string> {
    const { stdout, stderr } = await runTool([
      await partPath("helm"),
      "uninstall",
      "kopiur",
      "-n",
      "kopiur-system",
      ...more,
      "--kubeconfig",
      this.cluster.kubeconfigPath,
    ], { limitSeconds: 200 });
    return stdout + stderr;
  }

  /** Runs the compiled binary as the plugin, as the administrator. */
  async plugin(...words: readonly string[]): Promise<ToolResult> {
    return await runTool([product.binary, ...words, "--kubeconfig", this.cluster.kubeconfigPath], {
      limitSeconds: 90,
    });
  }

  /** A namespace with PodSecurity restricted enforced, and the means to use kopiur in it. */
  async tenant(name: string): Promise<Tenant> {
    await this.cluster.apply({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
    // The admission of pods waits for this account.
    await waitUntil(
      () => this.cluster.request("GET", `/api/v1/namespaces/${name}/serviceaccounts/default`),
      { what: `the default ServiceAccount of ${name}`, limitSeconds: 30 },
    );
    return new Tenant(this, name);
  }

  /** What the controller logs, of all its containers that are still known. */
  async controllerLog(): Promise<string> {
    const { stdout, stderr } = await this.cluster.tryKubectl([
      "logs",
      "-n",
      "kopiur-system",
      "-l",
      "app.kubernetes.io/component=controller",
      "--tail=400",
    ]);
    return stdout + stderr;
  }

  /** The leading controller's `/metrics`, read from outside. */
  async metrics(): Promise<readonly Series[]> {
    return (await this.leader()).series;
  }

  /** Resolves when assertions on the leader's metrics hold, which follow a status within moments; throws what failed last. */
  async assertMetrics(assertions: (metrics: readonly Series[]) => void): Promise<void> {
    const options = { what: "what the metrics are to say", limitSeconds: 60, everyMs: 250 };
    await waitUntil(async () => {
      assertions(await this.metrics());
      return true;
    }, options).catch(({ cause }) => {
      throw cause;
    });
  }

  /** The controller that leads, with its metrics; throws while none does. */
  async leader(): Promise<{ readonly pod: ControllerPod; readonly series: readonly Series[] }> {
    let cause: unknown;
    for (const pod of await this.controllers()) {
      try {
        const series = parseMetrics(await metricsText(pod.address));
        if (valueOf(series, "kopiur_leader") === 1) return { pod, series };
      } catch (error) {
        cause = error;
      }
    }
    throw new Error("Cannot read the metrics of the leader: no controller leads", { cause });
  }

  /** The controller pods that run. */
  async controllers(): Promise<readonly ControllerPod[]> {
    const query =
      "labelSelector=app.kubernetes.io/component%3Dcontroller&fieldSelector=status.phase%3DRunning";
    const { items } = await this.cluster.request(
      "GET",
      `/api/v1/namespaces/kopiur-system/pods?${query}`,
    ) as { readonly items: readonly Found[] };
    return items.map(({ metadata: { name, uid }, status }) => ({ name, uid, address: status.podIP }));
  }

  /** What the path of the control group of each of its processes holds. */
  get controlGroup(): string {
    return `kopiur-${this.cluster.name}/`;
  }

  /** Kills the controller's process at once; the kubelet starts it again. Answers with how many there were. */
  killController(): number {
    return killAll(findProcesses(this.controlGroup, isController));
  }

  /** Stops the controller and resolves when no process of it is left. */
  async stopController(): Promise<void> {
    await this.cluster.kubectl(
      "scale",
      "deployment/kopiur-controller",
      "-n",
      "kopiur-system",
      "--replicas=0",
    );
    await waitUntil(() => findProcesses(this.controlGroup, isController).length === 0 ? true : undefined, {
      what: "the controller to end",
      limitSeconds: 40,
    });
  }

  /** Starts the controller again and resolves when it is ready. */
  async startController(): Promise<void> {
    await this.cluster.kubectl(
      "scale",
      "deployment/kopiur-controller",
      "-n",
      "kopiur-system",
      "--replicas=1",
    );
    await this.cluster.kubectl(
      "rollout",
      "status",
      "deployment/kopiur-controller",
      "-n",
      "kopiur-system",
      "--timeout=60s",
    );
  }

  /** The image with a shell. */
  get busybox(): string {
    return busyboxImageName;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function metricsText(address: string): Promise<string> {
  const response = await fetch(`http://${address}:8080/metrics`, { signal: AbortSignal.timeout(5000) });
  if (!response.ok) throw new Error(`Cannot read /metrics: HTTP ${response.status}`);
  return await response.text();
}
