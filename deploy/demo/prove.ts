import type { Container, Made } from "../../kube/builtins.ts";
import { awaitPod } from "./await_pod.ts";
import { apply, kubectl } from "./kubectl.ts";
import type { Place } from "./place.ts";
import { containerSecurity, podSecurity } from "./pod_security.ts";
import { type Proof, readProof } from "./proof.ts";

/** The backup that is to be proven. */
export interface Claim {
  readonly id: string;
  readonly files: number;
}

/** Asks kopia in a pod of its own: connect, list, restore into an empty folder, compare with the volume. */
export async function proveWithKopia(place: Place, namespace: string, claim: Claim): Promise<Proof> {
  const { target } = place;
  await kubectl(target, ["delete", "pod", "proof", "-n", namespace, "--ignore-not-found", "--wait"]);
  await apply(target, namespace, proofPod(place, claim.id));
  await awaitPod(target, namespace, "proof");
  return readProof(await kubectl(target, ["logs", "-n", namespace, "proof"]), claim);
}

const script = `
export PATH=/usr/local/bin
b=/work/busybox
kopia repository connect filesystem --path=/repository > /work/said 2>&1 || { $b cat /work/said; exit 1; }
kopia snapshot list --all --manifest-id 2> /work/said || { $b cat /work/said; exit 1; }
kopia snapshot restore "$0" /work/restored > /work/said 2>&1 || { $b cat /work/said; exit 1; }
$b diff -r /photos /work/restored || exit 1
echo "byte-identical files: $($b find /work/restored -type f | $b wc -l)"
`;

/** The image of kopia has no shell: one is brought along. */
function proofPod({ image, busybox }: Place, snapshotId: string): Made<"Pod"> {
  const work = { name: "work", mountPath: "/work" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "proof" },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: podSecurity,
      initContainers: [{
        name: "shell",
        image: busybox,
        command: ["/bin/busybox", "cp", "/bin/busybox", "/work/busybox"],
        securityContext: containerSecurity,
        volumeMounts: [work],
      }],
      containers: [{
        name: "kopia",
        image,
        command: ["/work/busybox", "sh", "-c", script, snapshotId],
        env: kopiaEnvironment,
        securityContext: containerSecurity,
        volumeMounts: [
          work,
          { name: "repository", mountPath: "/repository" },
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

const kopiaEnvironment: Container["env"] = [
  {
    name: "KOPIA_PASSWORD",
    valueFrom: { secretKeyRef: { name: "repository-password", key: "KOPIA_PASSWORD" } },
  },
  { name: "KOPIA_CONFIG_PATH", value: "/work/repository.config" },
  { name: "KOPIA_CACHE_DIRECTORY", value: "/work/cache" },
  { name: "KOPIA_LOG_DIR", value: "/work/logs" },
  { name: "KOPIA_CHECK_FOR_UPDATES", value: "false" },
];
