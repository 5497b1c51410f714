import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { partPath, partTest } from "../parts/mod.ts";
import {
  busyboxImageName,
  type Cluster,
  clusterMissing,
  type Manifest,
  startCluster,
  startVersitygw,
  waitUntil,
  writeBusyboxImage,
} from "./mod.ts";
import { clusterPartNames } from "./cluster_spec.ts";

const restricted = {
  runAsNonRoot: true,
  runAsUser: 65532,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

function pod(name: string, script: string): Manifest {
  const container = {
    name: "main",
    image: busyboxImageName,
    command: ["sh", "-c", script],
    securityContext: restricted,
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "app", labels: { app: name } },
    spec: { restartPolicy: "Never", containers: [container] },
  };
}

async function prepare(cluster: Cluster): Promise<void> {
  const archive = await Deno.makeTempFile({ suffix: ".tar" });
  await writeBusyboxImage(archive, await partPath("busybox"));
  await cluster.loadImage(archive);
  await Deno.remove(archive);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "app", labels } });
  // The admission of pods waits for this account.
  await waitUntil(() => cluster.request("GET", "/api/v1/namespaces/app/serviceaccounts/default"), {
    what: "the default ServiceAccount",
    limitSeconds: 30,
  });
}

async function logOf(cluster: Cluster, name: string): Promise<string> {
  await cluster.kubectl(
    "-n",
    "app",
    "wait",
    "--for=jsonpath={.status.phase}=Succeeded",
    `pod/${name}`,
    "--timeout=60s",
  );
  return (await cluster.kubectl("-n", "app", "logs", name)).trim();
}

partTest({
  name: "startCluster() gives a node that runs what kopiur needs",
  parts: [...clusterPartNames, "busybox", "versitygw"],
  machineMissing: clusterMissing,
  fn: async (t) => {
    await using cluster = await startCluster({ progress: () => undefined });
    await prepare(cluster);

    await t.step(
      "a Job of a restricted, non-root pod writes to a dynamically provisioned volume",
      async () => {
        await cluster.apply({
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: { name: "data", namespace: "app" },
          spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
        });
        await cluster.apply(jobThatWrites());
        await cluster.kubectl("-n", "app", "wait", "--for=condition=complete", "job/write", "--timeout=60s");
        const [volume] = [...Deno.readDirSync(join(cluster.folder, "volumes"))];
        equal(
          await Deno.readTextFile(join(cluster.folder, "volumes", volume?.name ?? "", "file")),
          "hello\n",
        );
      },
    );

    await t.step("a deleted claim takes its folder along", async () => {
      await cluster.kubectl("-n", "app", "delete", "job/write", "pvc/data", "--wait");
      await waitUntil(
        () => [...Deno.readDirSync(join(cluster.folder, "volumes"))].length === 0 ? true : undefined,
        {
          what: "the volume's folder to go",
          limitSeconds: 30,
        },
      );
    });

    await t.step("a pod is refused that is not restricted", async () => {
      const { code, stderr } = await cluster.tryKubectl([
        "-n",
        "app",
        "run",
        "bad",
        `--image=${busyboxImageName}`,
      ]);
      equal(code, 1);
      match(stderr, /violates PodSecurity "restricted:latest"/);
    });

    await t.step("a Service is reached from a pod and from the host, a pod from the host", async () => {
      const serve = "echo hello from a pod > /tmp/index.html; exec httpd -f -p 8080 -h /tmp";
      await cluster.apply(pod("web", serve));
      const spec = { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] };
      await cluster.apply({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace: "app" },
        spec,
      });
      await cluster.kubectl("-n", "app", "wait", "--for=condition=ready", "pod/web", "--timeout=60s");
      const get = (kind: string, path: string) =>
        cluster.kubectl("-n", "app", "get", kind, "web", `-o=jsonpath={${path}}`);
      const service = await get("service", ".spec.clusterIP");
      for (const address of [`${await get("pod", ".status.podIP")}:8080`, service]) {
        equal(await eventuallyFetch(`http://${address}`), "hello from a pod\n");
      }
      await cluster.apply(pod("client", `wget -q -O- http://${service}/`));
      match(await logOf(cluster, "client"), /hello from a pod/);
    });

    await t.step("a pod reaches the API server, and an S3 server of the host", async () => {
      await using s3 = await startVersitygw({ address: cluster.hostAddress });
      const api = cluster.network.apiServiceAddress;
      const knock = (address: string, port: number) => `nc -w 5 ${address} ${port} < /dev/null`;
      await cluster.apply(pod("caller", `${knock(api, 443)} && ${knock(s3.address, s3.port)} && echo both`));
      equal(await logOf(cluster, "caller"), "both");
    });

    for (const component of ["kube-apiserver", "kubelet", "containerd"] as const) {
      await t.step(`${component} is started again when it is killed, and pods still run`, async () => {
        await cluster.signal(component);
        await cluster.apiServerReady();
        await waitUntil(() => cluster.apply(pod(`after-${component}`, "echo back")), {
          what: "a new pod to be accepted",
          limitSeconds: 30,
        });
        equal(await logOf(cluster, `after-${component}`), "back");
      });
    }
  },
});

async function eventuallyFetch(url: string): Promise<string> {
  return await waitUntil(async () => await (await fetch(url, { signal: AbortSignal.timeout(2000) })).text(), {
    what: url,
    limitSeconds: 20,
  });
}

function jobThatWrites(): Manifest {
  const container = {
    name: "main",
    image: busyboxImageName,
    command: ["sh", "-c", "echo hello > /data/file"],
    securityContext: { ...restricted, readOnlyRootFilesystem: true },
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  };
  const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "write", namespace: "app" },
    spec: { template: { spec: { restartPolicy: "Never", containers: [container], volumes } } },
  };
}
