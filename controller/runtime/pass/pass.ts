import { TransientError } from "../../../api/mod.ts";
import { isConflict, isNotFound, type KubeClock } from "../../../kube/mod.ts";
import { keyText, type KubeObject, type Reader, type Writer } from "../../../kube/types.ts";
import { outcomeOfError } from "../outcome.ts";
import type { Plan, PlannedEvent, PlannedMeasure } from "../plan.ts";
import { applyPlan, OutdatedPlan, type PlanApplied } from "./apply_plan.ts";
import { conditionsOf } from "./conditions_of.ts";
import { type Decision, observeAndPlan, type Subject } from "./observe_and_plan.ts";
import { desiredStatus, factsDiffer } from "./desired_status.ts";
import { Fenced } from "./fenced_writer.ts";
import { type Freshness, takesAway } from "./freshness.ts";
import {
  outcomeEvent,
  type Report,
  reportConflict,
  reportFenced,
  reportGone,
  reportInterrupted,
  reportOf,
  reportStale,
} from "./report.ts";

/** What a pass needs. */
export interface PassDeps {
  readonly reader: Reader;
  readonly writer: Writer;
  readonly clock: KubeClock;
  /** From 0 to 1, exclusive. */
  readonly random: () => number;
  /** The age of the caches; without it they count as fresh. */
  readonly freshness?: Pick<Freshness, "stale" | "reportWait">;
}

/** The result of a pass, to be reported. */
export interface PassResult {
  readonly report: Report;
  /** The object of the Events, unless they name another; without it there are no Events. */
  readonly object?: KubeObject;
  readonly events: readonly PlannedEvent[];
  readonly measures: readonly PlannedMeasure[];
  /** True when the object does not exist any more. */
  readonly isGone: boolean;
}

/** The result of the status write. */
type Written =
  | { readonly kind: "written" | "unchanged" | "gone" }
  | { readonly kind: "refused"; readonly error: unknown };

const workLimitMs = 60_000;
const statusLimitMs = 15_000;

/**
 * Does one pass: observe → plan → apply → status; the caller reports it. Whatever kind or API server
 * throw is in the result. A pass aborted by `signal` is reported as interrupted.
 */
export async function runPass(subject: Subject, deps: PassDeps, signal: AbortSignal): Promise<PassResult> {
  try {
    const work = await doWork(subject, deps, signal);
    if (work === "gone") return gone();
    if (work === "stale") return silent(reportStale());
    const { decision, done } = work;
    const { error } = done.applied;
    if (error instanceof Fenced) return silent(reportFenced(error));
    if (error instanceof OutdatedPlan || (error !== undefined && isConflict(error))) {
      return silent(reportConflict(error));
    }
    if (error !== undefined) signal.throwIfAborted();
    if (decision.kind === "planned" && isTerminating(decision.plan, done)) {
      return leave(decision.plan, done, deps);
    }
    return await recordStatus(subject, decision, done, deps, signal);
  } catch (error) {
    if (signal.aborted) return silent(reportInterrupted());
    throw error;
  }
}

interface Work {
  readonly decision: Decision;
  readonly done: PlanApplied;
}

function doWork(subject: Subject, deps: PassDeps, signal: AbortSignal): Promise<Work | "gone" | "stale"> {
  const what = `reconcile ${subject.kind.name} ${keyText(subject.key)}`;
  return withinLimit({ clock: deps.clock, limitMs: workLimitMs, what }, signal, async (limited) => {
    const staleBefore = deps.freshness?.stale();
    const decision = await observeAndPlan(subject, deps, limited);
    signal.throwIfAborted();
    if (decision === undefined) return "gone";
    if (decision.kind === "threw") {
      return { decision, done: { applied: { objects: [] }, object: decision.object, released: false } };
    }
    const stale = staleBefore ?? deps.freshness?.stale();
    if (stale !== undefined && takesAway(decision.plan, decision.object)) {
      deps.freshness?.reportWait(stale);
      return "stale";
    }
    const done = await applyPlan(subject, decision.plan, decision.object, deps, limited);
    subject.kind.applied?.(decision.world, done.applied, new Date(deps.clock.epochMs()));
    return { decision, done };
  });
}

/** True when the plan releases an object that is being deleted: it must not be patched any more. */
function isTerminating(plan: Plan, done: PlanApplied): boolean {
  return plan.finalizer === "absent" && done.applied.error === undefined &&
    done.object.metadata.deletionTimestamp !== undefined;
}

/** Dropping the finalizer records that the end was reported: without a drop it was reported before. */
function leave(plan: Plan, { object, released }: PlanApplied, deps: PassDeps): PassResult {
  const conditions = conditionsOf(object);
  const { outcome } = plan;
  const turn = {
    outcome,
    before: conditions,
    after: conditions,
    planned: plan.events,
    random: deps.random(),
  };
  const report = reportOf(turn);
  if (!released) return silent(report);
  return { report, object, events: plan.events, measures: plan.measures, isGone: false };
}

async function recordStatus(
  { kind, key }: Subject,
  decision: Decision,
  { applied, object }: PlanApplied,
  { writer, clock, random }: PassDeps,
  signal: AbortSignal,
): Promise<PassResult> {
  const now = new Date(clock.epochMs());
  const { status, outcome } = desiredStatus({ kind, decision, applied, object, now });
  const limit = { clock, limitMs: statusLimitMs, what: `write the status of ${kind.name} ${keyText(key)}` };
  const written = await withinLimit(limit, signal, async (limited): Promise<Written> => {
    try {
      return { kind: await writer.replaceStatus(object, status, limited) ? "written" : "unchanged" };
    } catch (error) {
      return isNotFound(error) ? { kind: "gone" } : { kind: "refused", error };
    }
  });
  const before = conditionsOf(object);
  switch (written.kind) {
    case "gone":
      return gone();
    case "refused":
      signal.throwIfAborted();
      return refused(written.error, { object, random: random(), earlier: applied.error });
    case "unchanged":
      return silent(reportOf({ outcome, before, after: before, planned: [], random: random() }));
    case "written": {
      const recorded = decision.kind === "planned" &&
        (applied.error === undefined || factsDiffer(object, status));
      const [planned, measures] = recorded ? [decision.plan.events, decision.plan.measures] : [[], []];
      const report = reportOf({ outcome, before, after: status.conditions, planned, random: random() });
      const events = report.event === undefined ? planned : [...planned, report.event];
      return { report, object, events, measures, isGone: false };
    }
  }
}

/** A refused status write is visible nowhere else, so its Event is reported each time. */
function refused(
  error: unknown,
  about: { readonly object: KubeObject; readonly random: number; readonly earlier: Error | undefined },
): PassResult {
  if (error instanceof Fenced) return silent(reportFenced(error));
  if (error instanceof Error && isConflict(error)) return silent(reportConflict(error));
  const outcome = outcomeOfError(error);
  const report = reportOf({ outcome, before: [], after: [], planned: [], random: about.random });
  const log = { ...report.log, fields: { ...report.log.fields, earlier_error: about.earlier } };
  const events = outcome.kind === "stalled" ? [outcomeEvent(outcome)] : [];
  return { report: { ...report, log }, object: about.object, events, measures: [], isGone: false };
}

function silent(report: Report): PassResult {
  return { report, events: [], measures: [], isGone: false };
}

function gone(): PassResult {
  return { report: reportGone(), events: [], measures: [], isGone: true };
}

/**
 * Runs work with a signal that aborts with `signal` or, with a TransientError, at the limit. Waits for
 * the work to end, so that none of its writes runs during the next pass.
 */
async function withinLimit<T>(
  limit: { readonly clock: KubeClock; readonly limitMs: number; readonly what: string },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { clock, limitMs, what } = limit;
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const cancel = clock.setTimer(limitMs, () => {
    const message = `Cannot ${what}: it took longer than ${limitMs / 1000} s`;
    controller.abort(new TransientError("DeadlineExceeded", message));
  });
  try {
    return await work(controller.signal);
  } finally {
    cancel();
    signal.removeEventListener("abort", onAbort);
  }
}
