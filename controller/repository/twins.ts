import { type ConditionChange, findCondition, REASONS } from "../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import type { PlannedEvent } from "../runtime/plan.ts";
import { textAt } from "../shared/mod.ts";
import { REPOSITORY } from "./repository_object.ts";
import type { RepositoryWorld } from "./world.ts";

/** Index of Repositories by kopia's unique id. */
export const BY_UNIQUE_ID = "uniqueId";
const mostNamed = 3;

/** Index function: a Repository under kopia's unique id. */
export function byUniqueId(repository: KubeObject): readonly string[] {
  const id = textAt(repository, "status", "uniqueId");
  return id === undefined ? [] : [id];
}

/** Other Repositories, in any namespace, that open the same repository; sorted. */
export function twinsOf(repository: KubeObject, reader: Reader): readonly ObjectKey[] {
  const [value] = byUniqueId(repository);
  if (value === undefined) return [];
  const self = keyText(keyOf(repository));
  return reader.list(REPOSITORY, { index: { name: BY_UNIQUE_ID, value } })
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(keyOf)
    .filter((key) => keyText(key) !== self)
    .sort((a, b) => keyText(a) < keyText(b) ? -1 : 1);
}

/** What is said to a Repository that is not the only one to open its repository; both go on working. */
export function tellOfTwins(
  { repository, twins }: RepositoryWorld,
): { readonly conditions: readonly ConditionChange[]; readonly events: readonly PlannedEvent[] } {
  const type = "UniqueRepository";
  if (twins.length === 0) return { conditions: [{ kind: "remove", type }], events: [] };
  const named = twins.slice(0, mostNamed).map((key) => `"${keyText(key)}"`).join(", ");
  const more = twins.length > mostNamed ? ` and ${twins.length - mostNamed} more` : "";
  const message = `${REASONS.RepositoryShared}: ${named}${more}; ` +
    "what one of them deletes or maintains is gone for the other";
  const value = { type, status: "False", reason: "RepositoryShared", message } as const;
  const isTold = findCondition(repository.status.conditions, type)?.message === message;
  return {
    conditions: [{ kind: "set", value }],
    events: isTold
      ? []
      : [{ type: "Warning", reason: "RepositoryShared", action: "CheckBackend", note: message }],
  };
}
