import { stringify } from "yaml";
import { kubectl, type Target } from "./kubectl.ts";

/** What kopia itself says, asked past kopiur: its list of snapshots, and whether a restore is byte-identical. */
export interface Proof {
  readonly list: string;
  readonly compared: string;
}

/** Asks kopia in a pod of its own: connect, list, restore into an empty folder, compare with the volume. */
export async function proveWithKopia(
  target: Target,
  namespace: string,
  images: { readonly kopia: string; readonly busybox: string },
  snapshotId: string,
): Promise<Proof> {
  await kubectl(target, ["delete", "pod", "proof", "-n", namespace, "--ignore-not-found", "--wait"]);
  await kubectl(target, ["apply", "-n", namespace, "-f", "-"], stringify(proofPod(images, snapshotId)));
  await kubectl(target, [
    "wait",
    "-n",
    namespace,
    "pod/proof",
    "--for=jsonpath={.status.phase}=Succeeded",
    "--timeout=120s",
  ]).catch(async (cause) => {
    const logs = await kubectl(target, ["logs", "-n", namespace, "proof", "--all-containers", "--prefix"])
      .catch(() => "");
    throw new Error(`Cannot prove the backup: kopia or the comparison failed: ${logs.trim()}`, { cause });
  });
  return {
    list: await kubectl(target, ["logs", "-n", namespace, "proof", "-c", "list"]),
    compared: await kubectl(target, ["logs", "-n", namespace, "proof", "-c", "compare"]),
  };
}

function proofPod(images: { readonly kopia: string; readonly busybox: string }, snapshotId: string): unknown {
  const securityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  };
  const env = [
    {
      name: "KOPIA_PASSWORD",
      valueFrom: { secretKeyRef: { name: "repository-password", key: "KOPIA_PASSWORD" } },
    },
    { name: "KOPIA_CONFIG_PATH", value: "/work/repository.config" },
    { name: "KOPIA_CACHE_DIRECTORY", value: "/work/cache" },
    { name: "KOPIA_LOG_DIR", value: "/work/logs" },
    { name: "KOPIA_CHECK_FOR_UPDATES", value: "false" },
  ];
  function kopia(name: string, args: readonly string[]): unknown {
    return {
      name,
      image: images.kopia,
      command: ["/usr/local/bin/kopia", ...args],
      env,
      securityContext,
      volumeMounts: [
        { name: "work", mountPath: "/work" },
        { name: "repository", mountPath: "/repository" },
      ],
    };
  }
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "proof" },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      initContainers: [
        kopia("connect", ["repository", "connect", "filesystem", "--path=/repository"]),
        kopia("list", ["snapshot", "list", "--all", "--manifest-id"]),
        kopia("restore", ["snapshot", "restore", snapshotId, "/work/restored"]),
      ],
      containers: [{
        name: "compare",
        image: images.busybox,
        command: [
          "/bin/busybox",
          "sh",
          "-c",
          "cd /work/restored && find . -type f | sort | xargs sha256sum > /work/sums && cd /photos && sha256sum -c /work/sums && diff -r /photos /work/restored && echo byte-identical",
        ],
        securityContext,
        volumeMounts: [
          { name: "work", mountPath: "/work" },
          { name: "photos", mountPath: "/photos", readOnly: true },
        ],
      }],
      volumes: [
        { name: "work", emptyDir: {} },
        { name: "repository", persistentVolumeClaim: { claimName: "repository" } },
        { name: "photos", persistentVolumeClaim: { claimName: "photos", readOnly: true } },
      ],
    },
  };
}
