import { ALL_KINDS, API_VERSION, customResourceDefinition, GROUP, VERSION } from "../../api/mod.ts";
import { type ApiServer, ApiStatusError, waitUntil } from "../cluster/mod.ts";

/** Teaches an API server the kinds of the product, and makes the namespaces the tests use. */
export async function installKopiur(server: ApiServer, namespaces: readonly string[]): Promise<void> {
  for (const definition of ALL_KINDS) {
    await server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      body: customResourceDefinition(definition),
    });
  }
  for (const name of namespaces) {
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await server.request("POST", "/api/v1/namespaces", { body });
  }
  for (const { plural } of ALL_KINDS) {
    const served = () => server.request("GET", `/apis/${GROUP}/${VERSION}/${plural}`);
    await waitUntil(served, { what: `${plural} to be served`, limitSeconds: 20 });
  }
}

/** Makes an object of the product, with a status when one is given. */
export async function createObject(
  server: ApiServer,
  plural: string,
  object: {
    readonly kind: string;
    readonly name: string;
    readonly namespace: string;
    readonly spec: unknown;
    readonly status?: unknown;
  },
): Promise<void> {
  const { kind, name, namespace, spec, status } = object;
  const folder = `/apis/${GROUP}/${VERSION}/namespaces/${namespace}/${plural}`;
  const body = { apiVersion: API_VERSION, kind, metadata: { name, namespace }, spec };
  await server.request("POST", folder, { body });
  if (status === undefined) return;
  const options = { body: { status }, contentType: "application/merge-patch+json" };
  await server.request("PATCH", `${folder}/${name}/status`, options);
}

/** An object, or undefined when there is none. */
export async function readObject(server: ApiServer, path: string): Promise<unknown> {
  try {
    return await server.request("GET", path);
  } catch (error) {
    if (error instanceof ApiStatusError && error.status === 404) return undefined;
    throw error;
  }
}
