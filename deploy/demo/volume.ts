import type { Made } from "../../kube/builtins.ts";
import { awaitPod } from "./await_pod.ts";
import { apply, kubectl } from "./kubectl.ts";
import { manifest } from "./manifest.ts";
import { claimNamespace } from "./namespaces.ts";
import type { Place } from "./place.ts";
import { containerSecurity, podSecurity } from "./pod_security.ts";

/** Makes a namespace with PodSecurity restricted, and two claims in it: for photos, and for a repository. */
export async function makeVolumes({ target }: Place, namespace: string): Promise<void> {
  await claimNamespace(target, namespace, { "pod-security.kubernetes.io/enforce": "restricted" });
  await kubectl(target, ["apply", "-n", namespace, "-f", manifest("01-volumes.yaml")]);
}

/** Fills the volume for photos: 200 files of random bytes. */
export async function takePhotos({ target, busybox }: Place, namespace: string): Promise<void> {
  await kubectl(target, ["delete", "pod", "camera", "-n", namespace, "--ignore-not-found", "--wait"]);
  // Pods are refused until it is there.
  await kubectl(target, ["wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s"]);
  await apply(target, namespace, cameraPod(busybox));
  await awaitPod(target, namespace, "camera");
}

const script = `for i in $(seq 1 200); do
  album=/photos/album-$((i % 10))
  mkdir -p $album
  head -c 50000 /dev/urandom > $album/photo-$i.jpg
done`;

function cameraPod(busybox: string): Made<"Pod"> {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "camera" },
    spec: {
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      securityContext: podSecurity,
      containers: [{
        name: "camera",
        image: busybox,
        command: ["/bin/sh", "-ec", script],
        securityContext: containerSecurity,
        volumeMounts: [{ name: "photos", mountPath: "/photos" }],
      }],
      volumes: [{ name: "photos", persistentVolumeClaim: { claimName: "photos" } }],
    },
  };
}
