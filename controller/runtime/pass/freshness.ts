import { FINALIZER } from "../../../api/mod.ts";
import { type Informer, SILENT_SECONDS } from "../../../kube/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { Log } from "../../../telemetry/mod.ts";
import type { Plan } from "../plan.ts";

/**
 * Whether the caches that one kind decides on are young enough to take something away. They are until a watch has been
 * silent for so long that it is begun anew, so what waits goes on as soon as the API server answers.
 */
export class Freshness {
  readonly #kind: string;
  readonly #informers: readonly Informer[];
  readonly #log: Log;
  #isHolding = false;

  constructor(kind: string, informers: readonly Informer[], log: Log) {
    this.#kind = kind;
    this.#informers = informers;
    this.#log = log;
  }

  /** The caches that are too old, in words; undefined when none is. */
  stale(): string | undefined {
    const stale = this.#informers.filter((informer) => !(informer.stalenessSeconds() <= SILENT_SECONDS));
    if (stale.length > 0) return stale.map(({ resource }) => resource.plural).join(", ");
    if (this.#isHolding) this.#log.info("caches are fresh again", { kind: this.#kind });
    this.#isHolding = false;
    return undefined;
  }

  /** Notes that a plan waits for them: said once, for a thousand objects may wait. */
  hold(caches: string): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#log.warn("what takes something away waits for fresh caches", { kind: this.#kind, caches });
  }
}

/**
 * True when a plan takes something away, or tells another object to let something go: an object removed, the finalizer
 * dropped, a word said to somebody else's object, or anything made for an object that is being deleted. What an object
 * notes on itself takes nothing away, nor does removing a Job that is spent: a run that ended says so, and a Repository
 * is opened again, however old a cache is.
 */
export function takesAway(plan: Plan, { metadata }: KubeObject): boolean {
  const isTerminating = metadata.deletionTimestamp !== undefined;
  return plan.remove.some(({ isSpent }) => isSpent !== true) ||
    (plan.annotate ?? []).some(({ uid }) => uid !== metadata.uid) ||
    (isTerminating && (plan.create.length > 0 || (plan.offer ?? []).length > 0)) ||
    (plan.finalizer === "absent" && metadata.finalizers?.includes(FINALIZER) === true);
}
