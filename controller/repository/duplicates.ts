import { type ConditionChange, findCondition, REASONS } from "../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import type { PlannedEvent } from "../runtime/plan.ts";
import { BY_UNIQUE_ID, byUniqueId, REPOSITORY } from "../shared/mod.ts";
import type { RepositoryWorld } from "./world.ts";

const mostNamed = 3;

/** Other Repositories, in any namespace, with the same unique id; sorted. */
export function duplicatesOf(repository: KubeObject, reader: Reader): readonly ObjectKey[] {
  const [value] = byUniqueId(repository);
  if (value === undefined) return [];
  const self = keyText(keyOf(repository));
  return reader.list(REPOSITORY, { index: { name: BY_UNIQUE_ID, value } })
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(keyOf)
    .filter((key) => keyText(key) !== self)
    .sort((a, b) => keyText(a) < keyText(b) ? -1 : 1);
}

/**
 * The condition and Event of a Repository that is not the only one with its unique id: both open one repository, or one opens a copy
 * of the other's. Both go on working. Of another namespace only the existence is shown, not the name.
 */
export function reportDuplicates(
  { repository, duplicates }: RepositoryWorld,
): { readonly conditions: readonly ConditionChange[]; readonly events: readonly PlannedEvent[] } {
  const type = "UniqueRepository";
  if (duplicates.length === 0) return { conditions: [{ kind: "remove", type }], events: [] };
  const message =
    `${REASONS.RepositoryShared}: ${
      whoText(repository.key.namespace, duplicates)
    }; either it opens the same ` +
    "repository, and what one of them deletes or maintains is gone for the other, or it opens a copy";
  const value = { type, status: "False", reason: "RepositoryShared", message } as const;
  const isReported = findCondition(repository.status.conditions, type)?.message === message;
  return {
    conditions: [{ kind: "set", value }],
    events: isReported
      ? []
      : [{ type: "Warning", reason: "RepositoryShared", action: "CheckBackend", note: message }],
  };
}

/** A text about other Repositories; those of another namespace are not named. */
export function whoText(namespace: string, others: readonly ObjectKey[]): string {
  const here = others.filter((key) => key.namespace === namespace);
  const named = here.slice(0, mostNamed).map(({ name }) => `"${name}"`);
  const more = here.length > mostNamed ? [`${here.length - mostNamed} more of this namespace`] : [];
  const elsewhere = here.length < others.length ? ["one of another namespace"] : [];
  return [...named, ...more, ...elsewhere].join(", ");
}
