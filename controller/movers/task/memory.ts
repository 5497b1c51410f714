import { isoSeconds, type MoverMemory, type OperationKey } from "../../../api/mod.ts";
import type { AnyJobState } from "../state/job_state.ts";
import type { AnyMover } from "./seen_movers.ts";
import { jobNameOf, type MoverTask, type TaskLimits, type TaskMemory } from "./task.ts";
import { secondsSince, secondsUntil, timeOr } from "./time.ts";

/** The task fails when the cluster ended this many of its movers: a drain is ordinary, a full node is not. */
export const MAX_DISRUPTIONS = 10;
const TEXT_MAX_BYTES = 2048;

/**
 * Updates the memory of a task's movers. A later pod of a Job does not change its start; a pod
 * that starts before its Job is removed ends the giving up. How long the task waits, how often it gave its slot back, and how
 * often the cluster ended its movers is kept over all its Jobs; when it is tried for ever, also over those that began and
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
  const hasEnded = isUnwanted !== true && (state.kind === "succeeded" || state.kind === "failed");
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

/** The longest rest of any task. */
const LONGEST_REST_SECONDS = 7200;

/**
 * The memory without times in the future, which a wrong clock wrote: the task would wait for them.
 * Begin times become now at the latest; a rest that is longer than
 * allowed is over.
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

/** The memory after a Job of that number is made. */
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

/** Since when a task that gets a mover now waits for a running one: its time in the queue does not count. */
function waitingSinceOf(before: TaskMemory | undefined, now: Date): string {
  const since = Date.parse(before?.waitingSince ?? "");
  if (Number.isNaN(since)) return isoSeconds(now);
  const inLineMs = Math.max(0, now.getTime() - timeOr(before?.retryAt ?? "", now));
  return isoSeconds(new Date(since + inLineMs));
}

/** Counts each pod once, by its creation time: pods of a drained node are soon gone. */
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

/** True when the cluster ended so many movers that the task fails. */
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

/** The memory from a status. */
export function taskMemory({ name: _name, attempts: number, ...memory }: MoverMemory): TaskMemory {
  return { ...memory, number };
}

/** The memory for a status. */
export function jobMemory(task: MoverTask<OperationKey>, { number, ...memory }: TaskMemory): MoverMemory {
  return { name: jobNameOf(task, number), attempts: number, ...memory };
}
