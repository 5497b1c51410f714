import { answerOf, type Resource } from "../../kube/mod.ts";
import type { PluginSession } from "./session.ts";
import { expectedNames } from "./text.ts";

/** The error for a missing object; it lists the existing names where the user may list them. */
export async function noSuchObject(
  { api, namespace }: Pick<PluginSession, "api" | "namespace">,
  { action, resource, name }: {
    readonly action: string;
    readonly resource: Resource;
    readonly name: string;
  },
  signal: AbortSignal,
): Promise<Error> {
  const found = `Cannot ${action} "${name}": namespace "${namespace}" has no ${resource.kind} of that name`;
  try {
    const there = await api.list(resource, { namespace, metadataOnly: true }, signal);
    const names = there.map(({ metadata }) => metadata.name).toSorted();
    return new Error(`${found}, ${expectedNames(resource.kind, names)}`);
  } catch (error) {
    if (answerOf(error)?.code !== 403) throw error;
    return new Error(`${found}, expected one that is there`, { cause: error });
  }
}
