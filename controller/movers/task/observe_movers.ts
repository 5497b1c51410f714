import type { OperationKey } from "../../../api/mod.ts";
import { builtin } from "../../../kube/builtins.ts";
import type { KubeObject, Reader } from "../../../kube/types.ts";
import { textAt } from "../../shared/objects/field_at.ts";
import { EVENT, JOB } from "../../shared/objects/resources.ts";
import { BY_CONTROLLER, BY_REFUSED_JOB, controllerOf } from "../../shared/objects/watched.ts";
import { jobHasEnded } from "../state/job_state.ts";
import { jobNameOf, type MoverTask, type TaskMemory } from "./task.ts";

/**
 * The mover Jobs of an object: those in the cache, and those of `inDoubt` that it does not show, read live. Of the latter
 * the end is left out: their pods come by a watch as well, and an end without pods would have no result.
 *
 * Objects and Jobs have watches of their own, without a common order, and either may lag. So every kind with movers keeps
 * these rules:
 * - only the API server, not a cache, shows that a Job is gone: the remembered one is in doubt;
 * - when all movers must be stopped, or the next one is about to be made, a Job that an earlier pass made and did
 *   not record is in doubt as well (`jobsInDoubt`);
 * - with an outdated status a mover would be made after one whose end was recorded already: where that is possible, the
 *   object itself is read live, before the next mover is made (`SlotUse.observeLive`) or while its end is recorded.
 */
export async function observeMovers(
  { key: { namespace }, uid }: { readonly key: { readonly namespace: string }; readonly uid: string },
  inDoubt: readonly string[],
  reader: Reader,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const cached = reader.list(JOB, { namespace, index: { name: BY_CONTROLLER, value: uid } });
  const unseen = new Set(inDoubt).difference(new Set(cached.map(({ metadata }) => metadata.name)));
  const read = await Promise.all([...unseen].map((name) => reader.read(JOB, { namespace, name }, signal)));
  return [
    ...cached,
    ...read.filter((job) => job !== undefined).filter((job) => controllerOf(job)?.uid === uid).map(
      withoutEnd,
    ),
  ];
}

/** Why no pod could be made for a Job, by its uid. */
export type Refusals = ReadonlyMap<string, string>;

/** The longest refusal that is reported: an admission plugin may say anything. */
const REFUSAL_CHARACTERS = 1000;

/**
 * What the API server last said to the Job controller when it refused a pod of these Jobs: a quota, PodSecurity, a policy
 * or a webhook. Believed for the Job of the same namespace and uid alone, as whoever may write Events there may write any.
 */
export function observeRefusals(jobs: readonly KubeObject[], reader: Reader): Refusals {
  const found = new Map<string, string>();
  for (const { metadata: { namespace = "", uid = "" } } of jobs) {
    const events = reader.list(EVENT, { namespace, index: { name: BY_REFUSED_JOB, value: uid } });
    const [last] = events.toSorted((a, b) => lastTime(a) < lastTime(b) ? 1 : -1);
    const message = textAt(last, "message")?.replace(/^Error creating: /, "").replaceAll(/\p{Cc}+/gu, " ")
      .trim();
    if (message !== undefined && message !== "") {
      found.set(uid, message.slice(0, REFUSAL_CHARACTERS).toWellFormed());
    }
  }
  return found;
}

function lastTime(event: KubeObject): string {
  return textAt(event, "lastTimestamp") ?? textAt(event, "eventTime") ?? event.metadata.creationTimestamp ??
    "";
}

function withoutEnd(job: KubeObject): KubeObject {
  return jobHasEnded(job) ? { ...job, status: { ...builtin(job, "Job").status, conditions: [] } } : job;
}

/** Names of the Jobs of a task that may exist though no cache shows them: the remembered one, and the next. */
export function jobsInDoubt(
  task: MoverTask<OperationKey>,
  memory: TaskMemory | undefined,
  until: "remembered" | "next",
): readonly string[] {
  const number = memory?.number ?? 0;
  return [number, ...(until === "next" ? [number + 1] : [])]
    .filter((each) => each > 0 && each <= (task.limits.jobs ?? Infinity))
    .map((each) => jobNameOf(task, each));
}
