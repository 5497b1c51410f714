import { join } from "node:path";
import {
  type CertificateAuthority,
  createCertificateAuthority,
  createSigningKey,
  type KeyPair,
} from "./certificate_authority.ts";
import { renderKubeconfig } from "./kubeconfig.ts";

/** What a control plane's certificates are made for. */
export interface ControlPlaneNames {
  readonly folder: string;
  /** The name of the context in the kubeconfigs. */
  readonly name: string;
  readonly url: string;
  readonly ipAddresses: readonly string[];
}

/** The certificates and keys of one control plane, in memory and in its `pki` folder. */
export interface ControlPlaneFiles {
  readonly authority: CertificateAuthority;
  readonly admin: KeyPair;
  readonly adminKubeconfig: string;
  readonly caFile: string;
  readonly servingCert: string;
  readonly servingKey: string;
  readonly kubeletClientCert: string;
  readonly kubeletClientKey: string;
  readonly serviceAccountPublicKey: string;
  readonly serviceAccountKey: string;
  /** Writes a kubeconfig with a new client certificate for a user and answers with its path. */
  readonly writeKubeconfig: (file: string, user: string, groups: readonly string[]) => Promise<string>;
}

const serviceNames = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];

/** Makes an authority and everything an API server and its first clients prove themselves with. */
export async function createControlPlaneFiles(names: ControlPlaneNames): Promise<ControlPlaneFiles> {
  const folder = join(names.folder, "pki");
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const authority = await createCertificateAuthority(`${names.name} CA`);
  const [serving, kubeletClient, admin, signing] = await Promise.all([
    authority.issue({ commonName: "kube-apiserver", dnsNames: serviceNames, ipAddresses: names.ipAddresses }),
    authority.issue({ commonName: "kube-apiserver-kubelet-client", organizations: ["system:masters"] }),
    authority.issue({ commonName: "admin", organizations: ["system:masters"] }),
    createSigningKey(),
  ]);
  const save = async (file: string, text: string): Promise<string> => {
    const path = join(folder, file);
    await Deno.writeTextFile(path, text, { mode: 0o600 });
    return path;
  };
  const kubeconfig = (file: string, credential: KeyPair) =>
    save(
      file,
      renderKubeconfig({ name: names.name, server: names.url, caPem: authority.certPem, credential }),
    );
  return {
    authority,
    admin,
    adminKubeconfig: await kubeconfig("admin.kubeconfig", admin),
    caFile: await save("ca.crt", authority.certPem),
    servingCert: await save("apiserver.crt", serving.certPem),
    servingKey: await save("apiserver.key", serving.keyPem),
    kubeletClientCert: await save("kubelet-client.crt", kubeletClient.certPem),
    kubeletClientKey: await save("kubelet-client.key", kubeletClient.keyPem),
    serviceAccountPublicKey: await save("service-account.pub", signing.publicPem),
    serviceAccountKey: await save("service-account.key", signing.keyPem),
    writeKubeconfig: async (file, user, groups) =>
      await kubeconfig(file, await authority.issue({ commonName: user, organizations: groups })),
  };
}

/** The flags by which every API server of the tests uses these files. */
export function controlPlaneFlags(files: ControlPlaneFiles): readonly string[] {
  return [
    `--client-ca-file=${files.caFile}`,
    `--tls-cert-file=${files.servingCert}`,
    `--tls-private-key-file=${files.servingKey}`,
    `--kubelet-client-certificate=${files.kubeletClientCert}`,
    `--kubelet-client-key=${files.kubeletClientKey}`,
    `--service-account-key-file=${files.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
  ];
}
