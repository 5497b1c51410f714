import { isoSeconds, type MoverMemory, type OperationKey } from "../../../api/mod.ts";
import type { AnyJobState } from "../state/job_state.ts";
import type { AnyMover } from "./seen_movers.ts";
import { jobNameOf, type MoverTask, type TaskLimits, type TaskMemory } from "./task.ts";
import { secondsSince, secondsUntil, timeOr } from "./time.ts";

/** The cluster may end so many movers of a task before it ends too: a drain is ordinary, a full node is not. */
export const MAX_DISRUPTIONS = 10;
const TEXT_MAX_BYTES = 2048;

/**
 * What is remembered of the movers of a task. A pod that follows another one does not move the start of its Job; one
 * that starts before its Job is removed ends the giving up. How long it waits, how often it gave its slot back, and how
 * often the cluster ended it, is remembered over all its Jobs; where it is tried for ever, also over those that began and
 * were lost.
 */
export function memoryAfter(
  before: TaskMemory | undefined,
  { number, state, job, podIsAlive, isUnwanted }: AnyMover,
  limits: Pick<TaskLimits, "jobs">,
): TaskMemory {
  const known = before?.number === number ? before : undefined;
  const isOpen = state.kind === "running" || state.kind === "waiting";
  const startedAt = known?.startedAt ?? (isOpen ? state.startedAt : undefined);
  const works = state.kind === "running" && state.noPod === undefined;
  const disruptions = disruptionsAfter(before, state);
  const goesOn = works && job !== undefined && job.metadata.deletionTimestamp === undefined &&
    isUnwanted !== true && (disruptions.disruptions ?? 0) < MAX_DISRUPTIONS;
  const { stoppedAt, stoppedWhy, retryAt } = goesOn ? {} : known ?? {};
  const isGivenUp = stoppedAt !== undefined || (job === undefined && retryAt !== undefined);
  const hasPod = state.kind === "waiting"
    ? state.podMadeAt !== undefined
    : state.kind === "absent"
    ? !podIsAlive
    : works;
  const podGoneSince = hasPod ? undefined : known?.podGoneSince;
  const hasEnded = state.kind === "succeeded" || state.kind === "failed";
  const { waitingSince } = goesOn || hasEnded ? {} : before ?? {};
  const beginsAnew = hasEnded || (goesOn && limits.jobs !== undefined);
  const { slotsGivenBack, stoppedReason } = beginsAnew ? {} : before ?? {};
  return {
    number,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(podGoneSince === undefined ? {} : { podGoneSince }),
    ...(waitingSince === undefined ? {} : { waitingSince }),
    ...(slotsGivenBack === undefined ? {} : { slotsGivenBack }),
    ...(stoppedAt === undefined ? {} : { stoppedAt }),
    ...(!isGivenUp || stoppedWhy === undefined ? {} : { stoppedWhy }),
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
    ...(!isGivenUp || retryAt === undefined ? {} : { retryAt }),
    ...disruptions,
  };
}

/** No task rests for longer than this, whatever it waits for. */
const LONGEST_REST_SECONDS = 7200;

/**
 * The memory as a clock that is right would have written it. A clock that was ahead for a while wrote times to come: that
 * they are waited for would stop the task as long. What has begun began now at the latest; a rest that is longer than
 * any is over.
 */
export function withoutTimesToCome(memory: TaskMemory | undefined, now: Date): TaskMemory | undefined {
  if (memory === undefined) return undefined;
  const begun = (["waitingSince", "podGoneSince", "stoppedAt"] as const)
    .filter((field) => secondsSince(memory[field] ?? "", now) < 0);
  const isRestTooLong = secondsUntil(memory.retryAt ?? "", now) > LONGEST_REST_SECONDS;
  if (begun.length === 0 && !isRestTooLong) return memory;
  const since = isoSeconds(now);
  return {
    ...memory,
    ...Object.fromEntries(begun.map((field) => [field, since])),
    ...(isRestTooLong ? { retryAt: since } : {}),
  };
}

/** What is remembered as a Job of that number is made. */
export function memoryOfStart(before: TaskMemory | undefined, number: number, now: Date): TaskMemory {
  const { slotsGivenBack, stoppedReason, disruptions, disruptedAt, disruptedWhy } = before ?? {};
  return {
    number,
    waitingSince: waitingSinceOf(before, now),
    ...(slotsGivenBack === undefined ? {} : { slotsGivenBack }),
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
    ...(disruptions === undefined ? {} : { disruptions }),
    ...(disruptedAt === undefined ? {} : { disruptedAt }),
    ...(disruptedWhy === undefined ? {} : { disruptedWhy }),
  };
}

/** Since when a task that is given a mover now has waited for one that runs: its time in the line does not count. */
function waitingSinceOf(before: TaskMemory | undefined, now: Date): string {
  const since = Date.parse(before?.waitingSince ?? "");
  if (Number.isNaN(since)) return isoSeconds(now);
  const inLineMs = Math.max(0, now.getTime() - timeOr(before?.retryAt ?? "", now));
  return isoSeconds(new Date(since + inLineMs));
}

/** Counts each pod once, by when it was made: those of a drained node are gone soon. */
function disruptionsAfter(
  before: TaskMemory | undefined,
  state: AnyJobState,
): Pick<TaskMemory, "disruptions" | "disruptedAt" | "disruptedWhy"> {
  const { disruptions: count = 0, disruptedAt = "", disruptedWhy } = before ?? {};
  const found = state.kind === "running" || state.kind === "waiting" ? state.disruptions ?? [] : [];
  const fresh = found.filter(({ podMadeAt }) => podMadeAt > disruptedAt);
  const [newest] = fresh;
  if (newest !== undefined) {
    const why = cutText(newest.text);
    return { disruptions: count + fresh.length, disruptedAt: newest.podMadeAt, disruptedWhy: why };
  }
  return count === 0
    ? {}
    : { disruptions: count, disruptedAt, ...(disruptedWhy === undefined ? {} : { disruptedWhy }) };
}

/** True when the cluster ended so many movers of the task that it ends as well. */
export function isDisruptedTooOften(memory: Pick<TaskMemory, "disruptions"> | undefined): boolean {
  return (memory?.disruptions ?? 0) >= MAX_DISRUPTIONS;
}

/** The end of a text, in at most {@link TEXT_MAX_BYTES} bytes of UTF-8, cut between characters. */
export function cutText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= TEXT_MAX_BYTES) return text;
  const cut = new TextDecoder().decode(bytes.subarray(bytes.length - TEXT_MAX_BYTES + 3));
  return `…${cut.replace(/^\uFFFD+/, "")}`;
}

/** What a status remembers of the movers of a task, and the other way round. */
export function taskMemory({ name: _name, attempts: number, ...memory }: MoverMemory): TaskMemory {
  return { ...memory, number };
}

/** As it is written into a status. */
export function jobMemory(task: MoverTask<OperationKey>, { number, ...memory }: TaskMemory): MoverMemory {
  return { name: jobNameOf(task, number), attempts: number, ...memory };
}
