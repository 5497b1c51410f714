import { join } from "node:path";
import type { ClusterNetwork } from "../cluster_network.ts";
import type { ClusterSpec } from "../cluster_spec.ts";

/** The image that holds a pod's namespaces open; it is imported at each start. */
export const pauseImageName = "kopiur.test/pause:1";

/** The socket of containerd, as the node sees it. */
export const containerdSocket = "/run/containerd/containerd.sock";

/** The configuration of containerd. */
export function containerdConfig(spec: ClusterSpec): string {
  return `version = 3

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "${spec.snapshotter}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${pauseImageName}"

[plugins.'io.containerd.cri.v1.runtime']
  # Some machines do not let root lower its own score.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["${spec.parts["cni-plugins"]}"]
  conf_dir = "${join(spec.folder, "cni")}"
[plugins.'io.containerd.cri.v1.runtime'.containerd]
  default_runtime_name = "runc"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = "${spec.parts.runc}"
`;
}

/** The pod network: one bridge, addresses from the cluster's pod range. */
export function cniConfig(network: ClusterNetwork): unknown {
  return {
    cniVersion: "1.0.0",
    name: "kopiur",
    plugins: [{
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      // A pod must reach itself through its Service.
      hairpinMode: true,
      ipam: {
        type: "host-local",
        dataDir: "/run/cni-addresses",
        ranges: [[{ subnet: network.podCidr, gateway: network.podGateway }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    }],
  };
}

/** What the kubelet's configuration is made from. */
export interface KubeletConfigInput {
  readonly spec: ClusterSpec;
  readonly controlGroup: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** The configuration of the kubelet. */
export function kubeletConfig(input: KubeletConfigInput): unknown {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: input.caFile },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: input.certFile,
    tlsPrivateKeyFile: input.keyFile,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: "cgroupfs",
    // Each cluster has its own: a kubelet kills the pods below its group that it does not know.
    cgroupRoot: `/${input.controlGroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    enforceNodeAllocatable: [],
    // There is no DNS server: pods speak to addresses.
    resolvConf: join(input.spec.folder, "resolv.conf"),
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    evictionHard: {
      "memory.available": "50Mi",
      "nodefs.available": "1%",
      "nodefs.inodesFree": "1%",
      "imagefs.available": "1%",
    },
    // No registry could bring an image back.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    maxPods: 250,
    serializeImagePulls: false,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    eventRecordQPS: 0,
  };
}
