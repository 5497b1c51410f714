import type { OperationKey } from "../../../api/mod.ts";
import { OPERATIONS } from "../operations.ts";
import { jobHash } from "../../shared/objects/names.ts";

/** Pods of a Job add a dash and five characters and must stay within 63; five are kept in reserve. */
export const JOB_NAME_MAX = 52;

/** The purpose of a mover Job, for its name. */
export type JobPurpose =
  | { readonly kind: "backup"; readonly source: string }
  | { readonly kind: Exclude<OperationKey, "backup"> };

/**
 * Name of a mover Job: `<owner>-<source, delete or bootstrap>-<number>-<hash>`, a DNS-1123 label of at most
 * {@link JOB_NAME_MAX} characters, the same for the same request. The hash is over everything, with the owner's
 * uid: a Backup `a` of a volume `b-c` and a Backup `a-b` of a volume `c`, a volume called `delete`, and an
 * owner that was deleted and made again all get names of their own. What does not fit is cut, owner last.
 */
export function moverJobName(
  owner: { readonly name: string; readonly uid: string },
  purpose: JobPurpose,
  number: number,
): string {
  const what = wordOf(purpose);
  const tail = `-${number}-${jobHash(owner, purpose.kind, what, number)}`;
  const room = JOB_NAME_MAX - tail.length;
  const half = Math.floor((room - 1) / 2);
  const whatPart = part(what, Math.max(half, room - 1 - owner.name.length));
  const ownerPart = part(owner.name, room - 1 - whatPart.length);
  return `${ownerPart}-${whatPart}${tail}`;
}

function wordOf(purpose: JobPurpose): string {
  return purpose.kind === "backup" ? purpose.source : OPERATIONS[purpose.kind].jobNamePart;
}

/** Object names may contain dots, pod host names may not. */
function part(name: string, longest: number): string {
  const cut = name.slice(0, longest).replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
  return cut === "" ? "x" : cut;
}
