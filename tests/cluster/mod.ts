/** Real Kubernetes for the tests: an API server alone, or a whole node in a network namespace of its own. */
export { ApiClient, type ApiRequestOptions, ApiStatusError } from "./api/client.ts";
export { type ObjectFolder, pathOf } from "./api/paths.ts";
export { ApiServer, type ApiServerOptions, startApiserver } from "./api/server.ts";
export {
  type CertificateAuthority,
  createCertificateAuthority,
  createSelfSigned,
  type KeyPair,
} from "./api/certificate_authority.ts";
export { listClusterNames as listClusters } from "./life/claim_cluster.ts";
export { clusterFolder } from "./cluster_spec.ts";
export { Cluster, type ClusterOptions, findCluster, type Manifest, startCluster } from "./cluster.ts";
export type { ClusterNetwork } from "./cluster_network.ts";
export { type ComponentName, componentNames } from "./component_argv.ts";
export { busyboxImageName, writeBusyboxImage } from "./node/busybox_image.ts";
export { startVersitygw, Versitygw, type VersitygwOptions } from "./versitygw.ts";
export { clusterMissing } from "./machine/machine.ts";
export { storageClassName } from "./node/volume_provisioner.ts";
export { pause, type WaitOptions, waitUntil } from "./machine/wait_until.ts";
