import { FINALIZER } from "../../../api/mod.ts";
import { type Informer, SILENT_SECONDS } from "../../../kube/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { Log } from "../../../telemetry/mod.ts";
import type { Plan } from "../plan.ts";

/**
 * Tells whether the caches of a kind are fresh enough for a plan that takes something away. A cache is stale once its
 * watch was silent for SILENT_SECONDS; the watch is then restarted, so waiting plans go on as soon as the API server
 * answers.
 */
export class Freshness {
  readonly #kind: string;
  readonly #informers: readonly Informer[];
  readonly #log: Log;
  #isReported = false;

  constructor(kind: string, informers: readonly Informer[], log: Log) {
    this.#kind = kind;
    this.#informers = informers;
    this.#log = log;
  }

  /** The names of the stale caches; undefined when all are fresh. */
  stale(): string | undefined {
    const stale = this.#informers.filter((informer) => !(informer.stalenessSeconds() <= SILENT_SECONDS));
    if (stale.length > 0) return stale.map(({ resource }) => resource.plural).join(", ");
    if (this.#isReported) this.#log.info("caches are fresh again", { kind: this.#kind });
    this.#isReported = false;
    return undefined;
  }

  /** Logs that a plan waits for fresh caches; only once, as a thousand objects may wait. */
  reportWait(caches: string): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#log.warn("what takes something away waits for fresh caches", { kind: this.#kind, caches });
  }
}

/**
 * True when a plan takes something away: it removes an object, drops the finalizer, annotates another object, or creates
 * anything for an object that is being deleted. An annotation on the object itself takes nothing away, nor does removing
 * a spent Job: a run may report its end, and a Repository may be opened again, however old a cache is.
 */
export function takesAway(plan: Plan, { metadata }: KubeObject): boolean {
  const isTerminating = metadata.deletionTimestamp !== undefined;
  return plan.remove.some(({ isSpent }) => isSpent !== true) ||
    (plan.annotate ?? []).some(({ uid }) => uid !== metadata.uid) ||
    (isTerminating && (plan.create.length > 0 || (plan.offer ?? []).length > 0)) ||
    (plan.finalizer === "absent" && metadata.finalizers?.includes(FINALIZER) === true);
}
