import { ANNOTATION, COMPONENT_MOVER, LABEL } from "../../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import { labelValue } from "../../shared/objects/names.ts";
import { JOB, POD } from "../../shared/objects/resources.ts";
import { controllerOf } from "../../shared/objects/watched.ts";
import { operationOfLabel, type SlotPool } from "../operations.ts";
import { jobHasEnded } from "../state/job_state.ts";
import { podMayRun } from "../state/pod_facts.ts";
import type { MoverSlots } from "./mover_slots.ts";
import type { WorkingMover } from "./types.ts";

/** Id in the ledger of slots of the mover whose Job has that name. */
export function moverId(namespace: string, job: string): string {
  return keyText({ namespace, name: job });
}

/** Key in the ledger of slots of a Repository; made so that the label of a bootstrap Job leads to it. */
export function slotRepository(repository: ObjectKey): string {
  return keyText({ namespace: repository.namespace, name: labelValue(repository.name) });
}

/** Slots for opening repositories, besides the limit of movers: a quarter of it, at least two; each lasts seconds. */
export function bootstrapSlots(maxMovers: number): number {
  return maxMovers === 0 ? 0 : Math.max(2, Math.ceil(maxMovers / 4));
}

/** The movers of a pool among Jobs that have not ended. */
export function workingMovers(
  jobs: readonly KubeObject[],
  pool: SlotPool = "movers",
): readonly WorkingMover[] {
  return jobs.flatMap((job) => {
    const { namespace = "", name, labels, annotations, deletionTimestamp } = job.metadata;
    if (labels?.[LABEL.component] !== COMPONENT_MOVER || jobHasEnded(job) || poolOf(job) !== pool) return [];
    const repository = annotations?.[ANNOTATION.repository] ?? labels[LABEL.repository];
    return [{
      id: moverId(namespace, name),
      namespace,
      repository: repository === undefined ? undefined : slotRepository({ namespace, name: repository }),
      ...(deletionTimestamp === undefined ? {} : { isTerminating: true as const }),
    }];
  });
}

/** Updates a pool with the state of a Job. Must be called for every change of a Job. */
export function noteMover(
  job: KubeObject,
  reader: Reader,
  slots: MoverSlots,
  pool: SlotPool = "movers",
): void {
  const key = keyOf(job);
  const current = reader.get(JOB, key);
  const [mover] = current === undefined ? [] : workingMovers([current], pool);
  if (mover !== undefined) slots.moverWorks(mover);
  else slots.moverEnded(moverId(key.namespace, key.name), current === undefined ? "gone" : "ended");
}

/**
 * Updates a pool when a pod of a mover is being deleted. Must be called for every change of a pod: on a lost node
 * that lasts for ever, and the Job has no second pod.
 */
export function noteMoverPod(pod: KubeObject, reader: Reader, slots: MoverSlots): void {
  const owner = controllerOf(pod);
  if (owner?.kind !== JOB.kind) return;
  const key = keyOf(pod);
  const current = reader.get(POD, key);
  const isTerminating = current?.metadata.deletionTimestamp !== undefined && podMayRun(current);
  const id = moverId(key.namespace, owner.name);
  if (isTerminating) slots.moverTerminates(id, "Pod");
  else slots.moverCountsAgain(id, "Pod");
}

/** Fills both pools with the existing movers when leadership begins. */
export function beginSlots(reader: Reader, pools: Readonly<Record<SlotPool, MoverSlots>>): void {
  const jobs = reader.list(JOB);
  pools.movers.begin(workingMovers(jobs, "movers"));
  pools.bootstraps.begin(workingMovers(jobs, "bootstraps"));
  for (const pod of reader.list(POD)) {
    for (const slots of Object.values(pools)) noteMoverPod(pod, reader, slots);
  }
}

function poolOf({ metadata: { labels } }: KubeObject): SlotPool {
  // A mover of another release counts as well, so that the limit is kept.
  return operationOfLabel(labels?.[LABEL.operation])?.slots ?? "movers";
}
