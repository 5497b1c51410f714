import type { OperationKey } from "../../../api/mod.ts";
import { builtin } from "../../../kube/builtins.ts";
import type { KubeObject, Reader } from "../../../kube/types.ts";
import { JOB } from "../../shared/objects/resources.ts";
import { BY_CONTROLLER, controllerOf } from "../../shared/objects/watched.ts";
import { jobHasEnded } from "../state/job_state.ts";
import { jobNameOf, type MoverTask, type TaskMemory } from "./task.ts";

/**
 * The mover Jobs an object controls: those of the cache, and live those of `inDoubt` that it does not show. Of these
 * the end is left out: their pods come by a watch as well, and an end without them would be one without a result.
 *
 * Objects and Jobs come by watches of their own, in no order, and either may lag behind. So whoever has movers made keeps
 * this rule:
 * - that a Job is gone is said by the API server and not by a cache: the one that is remembered is in doubt;
 * - where all movers are to be stopped, or the next one is about to be made, one that a pass before this made and did
 *   not come to write down is in doubt as well (`jobsInDoubt`);
 * - by a status that is out of date a mover would follow one whose end was taken: where it may, the object itself is
 *   read live, and that before the next one is made (`SlotUse.observeLive`) or while its end is written down.
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

function withoutEnd(job: KubeObject): KubeObject {
  return jobHasEnded(job) ? { ...job, status: { ...builtin(job, "Job").status, conditions: [] } } : job;
}

/** Names of the Jobs of a task that may be there though no cache shows them: the one that is remembered, and the next. */
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
