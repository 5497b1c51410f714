import { findCondition, type RepositorySpec, repositorySpec, repositoryStatus } from "../../../api/mod.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../../kube/types.ts";
import { isOpenAs } from "./opening.ts";
import { textAt } from "../objects/field_at.ts";
import { byObject } from "../objects/by_object.ts";
import { isHeir } from "../restored/inherited.ts";

/** The result of looking up an object. */
export type Lookup<T> =
  | { readonly kind: "missing" }
  /** It exists, but this version cannot read it; `why` is a sentence. */
  | { readonly kind: "unreadable"; readonly why: string }
  | { readonly kind: "found"; readonly value: T };

/** A Repository as other kinds see it. */
export interface RepositoryView {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly spec: RepositorySpec;
  /** Kopia's unique id, known after the first bootstrap. */
  readonly uniqueId: string | undefined;
  /** A person said that no other cluster uses the snapshots of Backups that were put back. */
  readonly isHeir: boolean;
  /** The `credentialVersion` of the last bootstrap. */
  readonly credentialVersion: string | undefined;
  /** Why movers may not use it now, as a sentence; undefined when they may. */
  readonly notReady: string | undefined;
}

/** The view of a Repository. Ready means that a bootstrap opened the repository its spec means now. */
export function repositoryView(repository: KubeObject | undefined): Lookup<RepositoryView> {
  return repository === undefined ? { kind: "missing" } : viewOf(repository);
}

const viewOf = byObject((repository): Lookup<RepositoryView> => {
  const key = keyOf(repository);
  const spec = repositorySpec.safeParse(repository.spec);
  const status = repositoryStatus.safeParse(repository.status ?? {});
  if (!spec.success || !status.success) {
    return {
      kind: "unreadable",
      why: `Repository "${key.name}" is not one this version of kopiur can read`,
    };
  }
  const { uniqueId, bootstrap } = status.data;
  const notReady = whyNotReady(key.name, repository.metadata.generation, spec.data, status.data);
  const credentialVersion = bootstrap?.credentialVersion;
  const { uid = "" } = repository.metadata;
  const value = {
    key,
    uid,
    spec: spec.data,
    uniqueId,
    isHeir: isHeir(repository),
    credentialVersion,
    notReady,
  };
  return { kind: "found", value };
});

type Status = ReturnType<typeof repositoryStatus.parse>;

function whyNotReady(
  name: string,
  generation: number | undefined,
  spec: RepositorySpec,
  status: Status,
): string | undefined {
  const { phase, observedGeneration, conditions, uniqueId, bootstrap } = status;
  if (phase === undefined) return `Repository "${name}" was not opened yet`;
  // observedGeneration also changes in a pass that failed before it could read the spec.
  const openedFor = bootstrap?.forGeneration ?? observedGeneration;
  const isOfSpec = observedGeneration === generation && openedFor === generation;
  if (!isOfSpec && !isOpenAs(spec, status)) {
    return `Repository "${name}" was changed, and is opened as it is now before anything uses it`;
  }
  if (phase === "Ready" && uniqueId !== undefined) return undefined;
  const why = findCondition(conditions, "Ready")?.message ?? "";
  return `Repository "${name}" is ${phase}${why === "" ? "" : `: ${why}`}`;
}

/** Index of Repositories by kopia's unique id. */
export const BY_UNIQUE_ID = "uniqueId";

/** Index function: a Repository under kopia's unique id. */
export function byUniqueId(repository: KubeObject): readonly string[] {
  const id = textAt(repository, "status", "uniqueId");
  return id === undefined ? [] : [id];
}
