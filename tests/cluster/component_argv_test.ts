import { equal } from "node:assert/strict";
import { clusterNetwork } from "./cluster_network.ts";
import { clusterPartNames, type ClusterSpec } from "./cluster_spec.ts";
import { componentArgv, componentNames } from "./component_argv.ts";
import { createControlPlaneFiles } from "./api/control_plane_files.ts";

Deno.test("no component of a cluster is given an address of another", async () => {
  const folder = await Deno.makeTempDir();
  const parts = Object.fromEntries(
    clusterPartNames.map((name) => [name, `/parts/${name}`]),
  ) as ClusterSpec["parts"];
  const spec: ClusterSpec = { name: "seven", folder, networkIndex: 7, snapshotter: "overlayfs", parts };
  const network = clusterNetwork(7);
  const files = await createControlPlaneFiles({
    folder,
    name: "seven",
    url: "https://10.98.7.2:6443",
    ipAddresses: [],
  });
  const path = `${folder}/kubeconfig`;
  const kubeconfigs = {
    "kube-controller-manager": path,
    "kube-scheduler": path,
    "kubelet": path,
    "kube-proxy": path,
  };
  for (const name of componentNames) {
    const [program, ...flags] = componentArgv(name, { spec, network, files, kubeconfigs });
    equal(program, `/parts/${name}`);
    const addresses = flags.join(" ").match(/10\.(98|99|100)\.\d+\.\d+/g) ?? [];
    equal(addresses.every((address) => /^10\.(98\.7|99\.28|100\.7)\./.test(address)), true, name);
  }
  await Deno.remove(folder, { recursive: true });
});
