import { type Indexes, resourceId } from "../../../kube/mod.ts";
import type { KubeObject, ObjectKey, Reader, Resource } from "../../../kube/types.ts";
import type { AnyKind, IndexFunction, Watch } from "../kind.ts";

/** How a change of a resource affects one kind. */
export interface Route {
  readonly kind: AnyKind;
  /** `own`: the kind's objects themselves; else how a change maps to keys of the kind. */
  readonly via: "own" | ((object: KubeObject, reader: Reader) => readonly ObjectKey[]);
}

/** One cache for all kinds that watch a resource. */
interface MergedWatch {
  readonly resource: Resource;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  readonly fields?: readonly string[];
  readonly indexes: Indexes;
  readonly routes: readonly Route[];
}

/** Names of a kind's indexes: resource id → own name → name in the merged cache. */
export type IndexNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** All caches, and what each kind may read from them under which names. */
interface MergedWatches {
  readonly watches: readonly MergedWatch[];
  readonly namesOf: ReadonlyMap<AnyKind, IndexNames>;
}

interface Draft {
  readonly watch: Watch;
  /** The kind that was first to declare how this resource is watched. */
  readonly by: string;
  readonly indexes: Map<string, IndexFunction>;
  readonly names: Map<IndexFunction, string>;
  readonly routes: Route[];
}

/**
 * Merges the watches of all kinds into one cache per resource. An index that two kinds declare with the same
 * function is kept once; others are kept apart under the name of their kind. Throws when two kinds want the
 * same resource in different ways, as a reader could not know which of two caches is meant.
 */
export function mergeWatches(kinds: readonly AnyKind[]): MergedWatches {
  const drafts = new Map<string, Draft>();
  const namesOf = new Map<AnyKind, Map<string, Map<string, string>>>();
  for (const kind of kinds) {
    const names = new Map<string, Map<string, string>>();
    namesOf.set(kind, names);
    const { resource, indexes } = kind;
    add(kind, names, indexes === undefined ? { resource } : { resource, indexes }, "own");
    for (const watch of kind.watches) add(kind, names, watch, watch.keys);
  }
  const watches = [...drafts.values()].map(({ watch, indexes, routes }): MergedWatch => {
    const { resource, labelSelector, fieldSelector, metadataOnly, fields } = watch;
    return {
      resource,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(metadataOnly === true ? { metadataOnly } : {}),
      ...(fields === undefined ? {} : { fields }),
      indexes: Object.fromEntries(indexes),
      routes,
    };
  });
  return { watches, namesOf };

  function add(
    kind: AnyKind,
    names: Map<string, Map<string, string>>,
    watch: Watch,
    via: Route["via"] | undefined,
  ): void {
    const id = resourceId(watch.resource);
    const made: Draft = { watch, by: kind.name, indexes: new Map(), names: new Map(), routes: [] };
    const draft = drafts.get(id) ?? made;
    drafts.set(id, draft);
    refuseDifferent(id, draft, kind.name, watch);
    if (via !== undefined) draft.routes.push({ kind, via });
    const own = names.get(id) ?? new Map<string, string>();
    names.set(id, own);
    for (const [name, index] of Object.entries(watch.indexes ?? {})) {
      own.set(name, nameIndex(draft, `${kind.name}.${name}`, index));
    }
  }
}

function nameIndex(draft: Draft, wanted: string, index: IndexFunction): string {
  const shared = draft.names.get(index);
  if (shared !== undefined) return shared;
  if (draft.indexes.has(wanted)) {
    throw new Error(
      `Cannot merge watches: index "${wanted}" is declared twice, expected one function for a name`,
    );
  }
  draft.names.set(index, wanted);
  draft.indexes.set(wanted, index);
  return wanted;
}

function refuseDifferent(id: string, draft: Draft, kind: string, watch: Watch): void {
  const [first, second] = [draft.watch, watch].map(wayOf);
  if (first === second) return;
  throw new Error(
    `Cannot merge the watches of "${id}": ${draft.by} wants ${first} and ${kind} wants ${second}, ` +
      "expected the same",
  );
}

function wayOf({ labelSelector, fieldSelector, metadataOnly, fields }: Watch): string {
  const whole = metadataOnly === true ? "metadata" : "objects";
  const content = fields === undefined ? whole : `${whole} with the fields ${fields.join(", ")}`;
  const wanted = [
    ...(labelSelector === undefined ? [] : [`labels "${labelSelector}"`]),
    ...(fieldSelector === undefined ? [] : [`fields "${fieldSelector}"`]),
  ];
  return wanted.length === 0 ? `all ${content}` : `${content} with ${wanted.join(" and ")}`;
}
