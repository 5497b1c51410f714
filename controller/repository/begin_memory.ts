import { ANNOTATION } from "../../api/mod.ts";
import type { Annotating } from "../../kube/types.ts";
import { deletionMemory, deletionMemoryText, REPOSITORY, withoutTimesToCome } from "../shared/mod.ts";
import type { RepositoryWorld } from "./world.ts";

/**
 * The annotation with which a Repository begins to remember deletions: in its first pass, so that the first deletion need not
 * wait for a window, and again when the memory was removed or is invalid. Times in the future are corrected, or
 * it would delay deletions until then. It never overwrites a version that was not seen.
 */
export function beginMemory({ object, repository }: RepositoryWorld, now: Date): readonly Annotating[] {
  if (repository.isDeleting) return [];
  const nowSecond = Math.floor(now.getTime() / 1000);
  const known = deletionMemory(object);
  const memory = known === undefined
    ? { sinceSecond: nowSecond, past: [] }
    : withoutTimesToCome(known, nowSecond);
  if (memory === known) return [];
  const { key, uid } = repository;
  const { resourceVersion } = object.metadata;
  return [{
    resource: REPOSITORY,
    key,
    uid,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    annotations: { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, memory) },
  }];
}
