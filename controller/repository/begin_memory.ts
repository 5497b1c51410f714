import { ANNOTATION } from "../../api/mod.ts";
import type { Annotating } from "../../kube/types.ts";
import { deletionMemory, deletionMemoryText, REPOSITORY } from "../shared/mod.ts";
import type { RepositoryWorld } from "./world.ts";

/**
 * The word with which a Repository begins to remember deletions: in its first pass, so that the first deletion need not
 * wait for a window, and anew where the memory was taken away or spoilt. It never goes over one that was not seen.
 */
export function beginMemory({ object, repository }: RepositoryWorld, now: Date): readonly Annotating[] {
  if (repository.isDeleting || deletionMemory(object) !== undefined) return [];
  const { key, uid } = repository;
  const { resourceVersion } = object.metadata;
  const sinceSecond = Math.floor(now.getTime() / 1000);
  return [{
    resource: REPOSITORY,
    key,
    uid,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    annotations: { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, { sinceSecond, past: [] }) },
  }];
}
