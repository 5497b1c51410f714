/** The commands the tests run that are built from pinned Go modules, and how each is built. */

/** Every command or folder that can be asked of the parts cache. */
export type PartName = GoPartName | DebianPartName;

/** A command built from a Go module set in `tests/parts/go`. */
export type GoPartName =
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubelet"
  | "kube-proxy"
  | "kubectl"
  | "etcd"
  | "containerd"
  | "containerd-shim-runc-v2"
  | "ctr"
  | "kopia"
  | "helm"
  | "versitygw"
  | "otelcol"
  | "pause"
  | "janitor";

/** A command (or, for `cni-plugins`, a folder) that comes from a Debian package. */
export type DebianPartName =
  | "runc"
  | "cni-plugins"
  | "busybox"
  | "ip"
  | "nft"
  | "nsenter"
  | "setpriv"
  | "unshare"
  | "mount"
  | "prometheus"
  | "promtool";

/** One Go package of a set, and the names its binary is reached by: the first is the file, the rest are links. */
export interface GoBinary {
  readonly package: string;
  readonly names: readonly [GoPartName | "kubernetes", ...GoPartName[]];
}

/** One Go module set: a folder with go.mod and go.sum, and what is built from it. */
export interface GoSet {
  readonly name: string;
  readonly version: string;
  readonly binaries: readonly GoBinary[];
  /** Linker variables, written into the binary so that it reports the version it is. */
  readonly variables: Readonly<Record<string, string>>;
}

const kubernetesVersion = "1.36.3";

/** All sets, cheapest to wait for first among those the API server needs. */
export const goSets: readonly GoSet[] = [
  {
    name: "janitor",
    version: "1",
    binaries: [{ package: ".", names: ["janitor"] }],
    variables: {},
  },
  {
    name: "pause",
    version: "1",
    binaries: [{ package: ".", names: ["pause"] }],
    variables: {},
  },
  {
    name: "kubernetes",
    version: kubernetesVersion,
    binaries: [{
      package: ".",
      names: [
        "kubernetes",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
      ],
    }],
    variables: {
      ...kubernetesVariables("k8s.io/component-base/version"),
      ...kubernetesVariables("k8s.io/client-go/pkg/version"),
    },
  },
  {
    name: "etcd",
    version: "3.6.6",
    binaries: [{ package: "go.etcd.io/etcd/server/v3", names: ["etcd"] }],
    variables: {},
  },
  {
    name: "kopia",
    version: "0.23.1",
    binaries: [{ package: "github.com/kopia/kopia", names: ["kopia"] }],
    variables: {
      "github.com/kopia/kopia/repo.BuildVersion": "0.23.1",
      "github.com/kopia/kopia/repo.BuildGitHubRepo": "kopia/kopia",
    },
  },
  {
    name: "containerd",
    version: "2.4.2",
    binaries: [
      { package: "github.com/containerd/containerd/v2/cmd/containerd", names: ["containerd"] },
      {
        package: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        names: ["containerd-shim-runc-v2"],
      },
      { package: "github.com/containerd/containerd/v2/cmd/ctr", names: ["ctr"] },
    ],
    variables: { "github.com/containerd/containerd/v2/version.Version": "v2.4.2" },
  },
  {
    name: "versitygw",
    version: "1.8.0",
    binaries: [{ package: "github.com/versity/versitygw/cmd/versitygw", names: ["versitygw"] }],
    variables: { "main.Version": "v1.8.0" },
  },
  {
    name: "otelcol",
    version: "0.150.0",
    binaries: [{ package: ".", names: ["otelcol"] }],
    variables: {},
  },
  {
    name: "helm",
    version: "3.19.0",
    binaries: [{ package: "helm.sh/helm/v3/cmd/helm", names: ["helm"] }],
    variables: {
      "helm.sh/helm/v3/internal/version.version": "v3.19.0",
      "helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor": "1",
      "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "34",
    },
  },
];

function kubernetesVariables(target: string): Record<string, string> {
  const [major = "", minor = ""] = kubernetesVersion.split(".");
  return {
    [`${target}.gitVersion`]: `v${kubernetesVersion}`,
    [`${target}.gitMajor`]: major,
    [`${target}.gitMinor`]: minor,
    [`${target}.gitTreeState`]: "clean",
  };
}

/** The set that has this command, or undefined for a Debian part. */
export function goSetOf(part: PartName): GoSet | undefined {
  return goSets.find((set) => set.binaries.some((binary) => binary.names.some((name) => name === part)));
}

/** All parts built from Go modules, in build order. */
export const goPartNames: readonly GoPartName[] = goSets.flatMap((set) =>
  set.binaries.flatMap((binary) => binary.names.filter((name) => name !== "kubernetes"))
);
