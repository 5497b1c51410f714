import * as z from "zod";
import { type ApiClient, ApiStatusError } from "./client.ts";

const tokenAnswer = z.object({ status: z.object({ token: z.string() }) });

/** A token of a service account, which is made first (with its namespace) when it is not there. */
export async function serviceAccountToken(
  client: ApiClient,
  namespace: string,
  name: string,
  expirationSeconds: number,
): Promise<string> {
  await ensure(client, "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await ensure(client, accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds } };
  return tokenAnswer.parse(await client.request("POST", `${accounts}/${name}/token`, { body })).status.token;
}

async function ensure(client: ApiClient, path: string, body: unknown): Promise<void> {
  try {
    await client.request("POST", path, { body });
  } catch (cause) {
    if (!(cause instanceof ApiStatusError && cause.status === 409)) throw cause;
  }
}
