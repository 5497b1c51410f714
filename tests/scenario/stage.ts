import { join } from "node:path";
import { partPath, runToolOk } from "../parts/mod.ts";
import { type Cluster, startCluster, waitUntil } from "../cluster/mod.ts";
import { busyboxImageName, writeBusyboxImage } from "../cluster/busybox_image.ts";
import { parseMetrics, type Series } from "./metrics_text.ts";
import { findProcesses, isController, killAll } from "./processes.ts";
import { product } from "./product.ts";
import { Tenant } from "./tenant.ts";

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

  /** Boots a cluster and installs kopiur; `sets` are further `helm --set` values. */
  static async open(...sets: readonly string[]): Promise<Stage> {
    const folder = await Deno.makeTempDir({ prefix: "kopiur-stage-" });
    const cluster = await startCluster({ progress: () => {} });
    const stage = new Stage(cluster, await partPath("kopia"), folder);
    try {
      const busybox = join(folder, "busybox.tar");
      await writeBusyboxImage(busybox, await partPath("busybox"));
      await cluster.loadImage(busybox);
      await cluster.loadImage(product.imageArchive);
      await stage.install(...sets);
      return stage;
    } catch (cause) {
      await stage[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /** Installs or upgrades the chart and waits until the controller is ready. */
  async install(...sets: readonly string[]): Promise<void> {
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
      ...values.flatMap((value) => ["--set", value]),
      "--kubeconfig",
      this.cluster.kubeconfigPath,
    ], { limitSeconds: 150 }).catch(async (cause) => {
      throw new Error(`Cannot install kopiur: ${await this.controllerLog()}`, { cause });
    });
  }

  /** A namespace with PodSecurity restricted enforced, and the means to use kopiur in it. */
  async tenant(name: string): Promise<Tenant> {
    await this.cluster.apply({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    });
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

  /** The controller's `/metrics`, read from outside. */
  async metrics(): Promise<readonly Series[]> {
    return parseMetrics(await this.metricsText());
  }

  /** The text of `/metrics`. */
  async metricsText(): Promise<string> {
    const address = await this.cluster.kubectl(
      "get",
      "pods",
      "-n",
      "kopiur-system",
      "-l",
      "app.kubernetes.io/component=controller",
      "-o",
      "jsonpath={.items[0].status.podIP}",
    );
    const response = await fetch(`http://${address}:8080/metrics`, { signal: AbortSignal.timeout(5000) });
    if (!response.ok) throw new Error(`Cannot read /metrics: HTTP ${response.status}`);
    return await response.text();
  }

  /** Kills the controller's process at once; the kubelet starts it again. Answers with how many there were. */
  killController(): number {
    return killAll(findProcesses(this.cluster.name, isController));
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
    await waitUntil(() => findProcesses(this.cluster.name, isController).length === 0 ? true : undefined, {
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
