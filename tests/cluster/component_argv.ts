import { join } from "node:path";
import { etcdArgv } from "./api/etcd.ts";
import type { ClusterNetwork } from "./cluster_network.ts";
import type { ClusterSpec } from "./cluster_spec.ts";
import { type ControlPlaneFiles, controlPlaneFlags } from "./api/control_plane_files.ts";

/** The long-running programs of a cluster. */
export const componentNames = [
  "etcd",
  "kube-apiserver",
  "containerd",
  "kube-controller-manager",
  "kube-scheduler",
  "kubelet",
  "kube-proxy",
] as const;

/** One of them. */
export type ComponentName = typeof componentNames[number];

/** What the argv of the components are made from. */
export interface ComponentInput {
  readonly spec: ClusterSpec;
  readonly network: ClusterNetwork;
  readonly files: ControlPlaneFiles;
  readonly kubeconfigs: Readonly<
    Record<"kube-controller-manager" | "kube-scheduler" | "kubelet" | "kube-proxy", string>
  >;
}

/** The argv of each component. */
export function componentArgv(name: ComponentName, input: ComponentInput): readonly string[] {
  const { spec, network, files, kubeconfigs } = input;
  const program = spec.parts[name];
  switch (name) {
    case "etcd":
      return etcdArgv(program, network.nodeAddress, spec.folder);
    case "kube-apiserver":
      return [
        program,
        `--etcd-servers=http://${network.nodeAddress}:2379`,
        "--bind-address=0.0.0.0",
        `--advertise-address=${network.nodeAddress}`,
        "--secure-port=6443",
        ...controlPlaneFlags(files),
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        `--service-cluster-ip-range=${network.serviceCidr}`,
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
      ];
    case "containerd":
      return [program, `--config=${join(spec.folder, "containerd.toml")}`];
    case "kube-controller-manager":
      return [
        program,
        `--kubeconfig=${kubeconfigs[name]}`,
        `--service-account-private-key-file=${files.serviceAccountKey}`,
        `--root-ca-file=${files.caFile}`,
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        "--kube-api-qps=200",
        "--kube-api-burst=400",
      ];
    case "kube-scheduler":
      return [
        program,
        `--kubeconfig=${kubeconfigs[name]}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
      ];
    case "kubelet":
      return [
        program,
        `--config=${join(spec.folder, "kubelet.json")}`,
        `--kubeconfig=${kubeconfigs[name]}`,
        `--hostname-override=${spec.name}`,
        `--node-ip=${network.nodeAddress}`,
      ];
    case "kube-proxy":
      return [
        program,
        `--kubeconfig=${kubeconfigs[name]}`,
        `--hostname-override=${spec.name}`,
        "--proxy-mode=nftables",
        `--cluster-cidr=${network.podCidr}`,
        // Pods share a bridge: without this, an answer would take the direct way past the translation.
        "--masquerade-all=true",
        "--oom-score-adj=0",
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
      ];
  }
}
