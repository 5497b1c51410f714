import { ALL_KINDS, customResourceDefinition } from "../../../api/mod.ts";
import { resourceOf, resourcePath } from "../../../kube/resources.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { type ApiServer, waitUntil } from "../../cluster/mod.ts";
import { inLanes } from "../in_lanes.ts";
import { type TeamCounts, teamNamespaces, teamRecipes, teamRepositories, teamRuns } from "./team.ts";

/** Requests under way at a time: more make this API server no faster. */
const lanes = 20;

/** Makes the kinds known to an API server; resolves when all of them are served. */
export async function installKinds(server: Pick<ApiServer, "request">): Promise<void> {
  for (const kind of ALL_KINDS) {
    await server.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      body: customResourceDefinition(kind),
    });
  }
  for (const kind of ALL_KINDS) {
    const path = resourcePath(resourceOf(kind));
    await waitUntil(() => server.request("GET", path), {
      what: `${kind.plural} to be served`,
      limitSeconds: 30,
    });
  }
}

/** Writes namespaces, repositories, recipes and ended runs with their status, as a user and the controller would. */
export async function writeTeam(
  server: Pick<ApiServer, "request">,
  counts: TeamCounts,
  signal: AbortSignal,
): Promise<void> {
  await inLanes(teamNamespaces(counts), lanes, signal, async (name) => {
    const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
    await server.request("POST", "/api/v1/namespaces", { body, signal });
  });
  const withoutStatus = [...teamRepositories(counts), ...teamRecipes(counts)];
  await inLanes(withoutStatus, lanes, signal, async (object) => {
    await server.request("POST", pathOf(object), { body: object, signal });
  });
  await inLanes(teamRuns(counts), lanes, signal, async (run) => {
    const created = await server.request("POST", pathOf(run), { body: run, signal });
    const body = { ...asRecord(created), status: run.status };
    await server.request("PUT", `${pathOf(run)}/${run.metadata.name}/status`, { body, signal });
  });
}

function pathOf({ kind, metadata }: KubeObject): string {
  const definition = ALL_KINDS.find((each) => each.kind === kind);
  if (definition === undefined) {
    throw new Error(`Cannot write a ${kind}: it is none of the kinds of this project`);
  }
  return resourcePath(resourceOf(definition), { namespace: metadata.namespace ?? "" });
}

function asRecord(value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return { ...value };
  throw new Error(`Cannot write a status: the API server answered with ${typeof value}, expected the object`);
}
