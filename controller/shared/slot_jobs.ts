import { ANNOTATION, COMPONENT_MOVER, LABEL } from "../../api/mod.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../kube/types.ts";
import { jobHasEnded } from "./job_state.ts";
import { labelValue } from "./label_value.ts";
import type { MoverSlots } from "./mover_slots.ts";
import type { WorkingMover } from "./slot_types.ts";
import { JOB } from "./resources.ts";

/** Id in the ledger of slots of the mover whose Job has that name. */
export function moverId(namespace: string, job: string): string {
  return keyText({ namespace, name: job });
}

/** Key in the ledger of slots of a Repository; made so that the label of a bootstrap Job leads to it. */
export function slotRepository(repository: ObjectKey): string {
  return keyText({ namespace: repository.namespace, name: labelValue(repository.name) });
}

/** The movers among Jobs that have not ended. */
export function workingMovers(jobs: readonly KubeObject[]): readonly WorkingMover[] {
  return jobs.flatMap((job) => {
    const { namespace = "", name, labels, annotations } = job.metadata;
    if (labels?.[LABEL.component] !== COMPONENT_MOVER || jobHasEnded(job)) return [];
    const repository = annotations?.[ANNOTATION.repository] ?? labels[LABEL.repository];
    return [{
      id: moverId(namespace, name),
      namespace,
      repository: repository === undefined ? undefined : slotRepository({ namespace, name: repository }),
    }];
  });
}

/** Tells the ledger how the mover of a Job stands in the cache now. To be called for every change of a Job. */
export function noteMover(job: KubeObject, reader: Reader, slots: MoverSlots): void {
  const key = keyOf(job);
  const current = reader.get(JOB, key);
  const [mover] = current === undefined ? [] : workingMovers([current]);
  if (mover === undefined) slots.moverEnded(moverId(key.namespace, key.name));
  else slots.moverWorks(mover);
}
