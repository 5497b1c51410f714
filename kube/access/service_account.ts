import type { KubeClock } from "../clock.ts";
import type { ConnectionInfo } from "./connection.ts";
import { readableCertificates } from "./key_pair.ts";
import { PolledCredentials } from "./polled_credentials.ts";
import { readFile, readToken } from "./credential_files.ts";
import { FILE_SECONDS } from "./user_credentials.ts";

/** The folder of a pod's service account. */
export const SERVICE_ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";

const origin = "the service account";

/** The connection of a pod to its API server; the token is read again as it is rotated. */
export async function serviceAccountConnection(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
  clock: KubeClock,
): Promise<ConnectionInfo> {
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  const port = env.KUBERNETES_SERVICE_PORT || "443";
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const credentials = new PolledCredentials(
    async () => {
      const token = await readToken(`${folder}/token`, origin);
      const ca = await readFile(`${folder}/ca.crt`, origin);
      return {
        credentials: {
          headers: { authorization: `Bearer ${token}` },
          caCerts: readableCertificates(ca, origin),
        },
        goodForSeconds: FILE_SECONDS,
      };
    },
    clock,
    origin,
  );
  const namespace = (await readFile(`${folder}/namespace`, origin)).trim();
  return { server, description: origin, isOfPod: true, namespace: namespace || "default", credentials };
}

/** True in a pod that has a service account mounted. */
export async function isInPod(
  env: Readonly<Record<string, string | undefined>>,
  folder: string,
): Promise<boolean> {
  if (!env.KUBERNETES_SERVICE_HOST) return false;
  try {
    return (await Deno.stat(`${folder}/token`)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
