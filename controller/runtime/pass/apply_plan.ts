import { isDeepStrictEqual } from "node:util";
import { FINALIZER, GROUP } from "../../../api/mod.ts";
import { resourceId } from "../../../kube/mod.ts";
import {
  type Annotating,
  type DesiredObject,
  keyText,
  type KubeObject,
  type Reader,
  type Removal,
  type Writer,
} from "../../../kube/types.ts";
import { Fenced } from "./fenced_writer.ts";
import type { Applied, Plan } from "../plan.ts";
import type { Subject } from "./observe_and_plan.ts";

/** What a plan did to the cluster, and the reconciled object as it is afterwards. */
export interface PlanApplied {
  readonly applied: Applied;
  readonly object: KubeObject;
  /** True when this pass dropped the finalizer. */
  readonly released: boolean;
}

/** The object changed after its plan was made, and the plan removes something: nothing was applied. */
export class OutdatedPlan extends Error {
  override readonly name = "OutdatedPlan";
}

/**
 * Applies a plan: finalizer present, annotations, creations, removals, offers, finalizer absent, in that order. The
 * first failure ends it (a refused offer is none), so a finalizer is never dropped after a failure. A plan with a removal
 * that names no version is applied only when what counts of the object, read live, is unchanged: by an outdated status the
 * mover of today could look like an earlier one, and its result would be removed with it.
 */
export async function applyPlan(
  { kind, key }: Subject,
  plan: Plan,
  object: KubeObject,
  { reader, writer }: { readonly reader: Pick<Reader, "read">; readonly writer: Writer },
  signal: AbortSignal,
): Promise<PlanApplied> {
  const objects: Applied["objects"][number][] = [];
  const versions = new OwnChanges();
  let current = object;
  let released = false;
  try {
    if (plan.remove.some(({ resourceVersion }) => resourceVersion === undefined)) {
      const now = await reader.read(kind.resource, key, signal);
      if (now === undefined || !isAsPlanned(now, object)) {
        throw new OutdatedPlan(`${kind.name} ${keyText(key)} has changed since this was planned`);
      }
    }
    if (plan.finalizer === "present") {
      current = await writer.setFinalizer(current, FINALIZER, "present", signal);
    }
    for (const annotating of plan.annotate ?? []) {
      const resourceVersion = await writer.annotate(versions.after(annotating), signal);
      versions.note(annotating, resourceVersion);
      current = afterOwnWord(current, annotating, resourceVersion);
    }
    for (const desired of plan.create) {
      const stored = await writer.create(desired, signal);
      objects.push({ desired, uid: stored.metadata.uid ?? "" });
    }
    for (const removal of plan.remove) await writer.remove(versions.after(removal), signal);
    const offered = await makeOffers(plan.offer ?? [], writer, signal);
    if (plan.finalizer === "absent" && current.metadata.finalizers?.includes(FINALIZER) === true) {
      current = await writer.setFinalizer(current, FINALIZER, "absent", signal);
      released = true;
    }
    return { applied: { objects, offered }, object: current, released };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
    return { applied: { objects, error }, object: current, released };
  }
}

/** Without what others write beside it: somebody who touches an annotation all the time must not hold up a removal. */
function isAsPlanned(now: KubeObject, seen: KubeObject): boolean {
  return now.metadata.resourceVersion === seen.metadata.resourceVersion ||
    isDeepStrictEqual(whatCounts(now), whatCounts(seen));
}

function whatCounts({ metadata, spec, status }: KubeObject): unknown {
  const { uid, deletionTimestamp, finalizers, labels, annotations = {} } = metadata;
  const own = Object.fromEntries(
    Object.entries(annotations).filter(([name]) => name.startsWith(`${GROUP}/`)),
  );
  return { uid, deletionTimestamp, finalizers, labels, own, spec, status };
}

/**
 * The versions of objects after the plan's own annotations. A later write of the plan that names the version it saw is
 * sent for the version this plan left, so that it still conflicts with any other change.
 */
class OwnChanges {
  readonly #now = new Map<string, string>();

  note(annotating: Annotating, resourceVersion: string | undefined): void {
    const id = idAsSeen(annotating);
    if (id !== undefined && resourceVersion !== undefined) this.#now.set(id, resourceVersion);
  }

  after<T extends Annotating | Removal>(write: T): T {
    const resourceVersion = this.#now.get(idAsSeen(write) ?? "");
    return resourceVersion === undefined ? write : { ...write, resourceVersion };
  }
}

/**
 * The reconciled object after an annotation on itself, so that the status of the same pass does not
 * conflict. Only when the annotation named the version that was seen; otherwise another change may lie in between.
 */
function afterOwnWord(
  current: KubeObject,
  { uid, resourceVersion: seen, annotations }: Annotating,
  resourceVersion: string | undefined,
): KubeObject {
  const { metadata } = current;
  if (resourceVersion === undefined || uid !== metadata.uid || seen !== metadata.resourceVersion) {
    return current;
  }
  const merged = Object.entries({ ...metadata.annotations, ...annotations })
    .filter((entry): entry is [string, string] => entry[1] !== null);
  return { ...current, metadata: { ...metadata, resourceVersion, annotations: Object.fromEntries(merged) } };
}

function idAsSeen({ resource, key, uid, resourceVersion }: Annotating | Removal): string | undefined {
  if (resourceVersion === undefined) return undefined;
  return [resourceId(resource), keyText(key), uid ?? "", resourceVersion].join(" ");
}

async function makeOffers(
  offers: readonly DesiredObject[],
  writer: Writer,
  signal: AbortSignal,
): Promise<NonNullable<Applied["offered"]>> {
  let made = 0;
  for (const desired of offers) {
    try {
      await writer.create(desired, signal);
      made += 1;
    } catch (thrown) {
      // Aborted, out of time or no longer the leader: that concerns the pass, not the offer.
      if (signal.aborted || thrown instanceof Fenced) throw thrown;
      return {
        made,
        refused: thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown }),
      };
    }
  }
  return { made };
}
