import { ANNOTATION, type RepositoryStatus } from "../../../api/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import {
  jobMemory,
  jobNameOf,
  jobsInDoubt,
  type MoverTask,
  type SeenMover,
  seenMovers,
  SLOT_GRACE_SECONDS,
  type TaskMemory,
  taskMemory,
} from "../../movers/mod.ts";
import { madeFrom, purposeOf } from "./purpose.ts";
import { mayCreate, type RepositoryObject } from "../repository_object.ts";
import type { RepositoryWorld } from "../world.ts";

/** The kubelet's limit for a pod that never starts, or does not keep its own limit. */
export const POD_SECONDS = 600;
/** The limit of the Job, where no kubelet ends the pod: the time to wait, and then to work. */
export const JOB_SECONDS = SLOT_GRACE_SECONDS + POD_SECONDS;
/** A wait for a node or an image may also end by itself, and keeps its slot meanwhile. */
const LONGEST_REST_SECONDS = 1800;

/** Opening a repository, or reading it again. */
export type BootstrapTask = MoverTask<"bootstrap">;

/** The task of a Repository: tried for ever; two that may create never run at once, as each could find nothing. */
export function bootstrapTask(repository: RepositoryObject): BootstrapTask {
  const { key: { name }, uid } = repository;
  return {
    operation: "bootstrap",
    owner: { name, uid },
    purpose: { kind: "bootstrap" },
    limits: {
      startDeadlineSeconds: Infinity,
      activeDeadlineSeconds: Infinity,
      jobSeconds: JOB_SECONDS,
      longestRestSeconds: LONGEST_REST_SECONDS,
      ...(mayCreate(repository) ? {} : { replaceAfterSeconds: SLOT_GRACE_SECONDS }),
    },
  };
}

/** Name of the n-th bootstrap Job of a Repository. */
export function bootstrapJobName(repository: RepositoryObject, number: number): string {
  return jobNameOf(bootstrapTask(repository), number);
}

/** Names of the bootstrap Jobs that may exist though no cache shows them. */
export function bootstrapsInDoubt(repository: RepositoryObject): readonly string[] {
  return jobsInDoubt(bootstrapTask(repository), { number: bootstrapNumber(repository) }, "next");
}

/** The number of the bootstrap Job in the status, else of the next one. */
function bootstrapNumber({ status }: RepositoryObject): number {
  const { runs = 0, job } = status.bootstrap ?? {};
  return job?.attempts ?? runs + 1;
}

/** The movers of a Repository. */
export interface Bootstraps {
  readonly task: BootstrapTask;
  readonly memory: TaskMemory;
  readonly movers: readonly SeenMover<"bootstrap">[];
}

/**
 * The movers of a Repository as they are now, and what is remembered of them: what its status says, or the Job itself. A
 * result belongs to the generation of the spec it was asked for, and what kept one from starting may be mended once it
 * would be made from something else.
 */
export function bootstrapsOf(
  world: Pick<RepositoryWorld, "repository" | "jobs" | "pods" | "serverNow">,
  options: ControllerOptions,
  now: Date,
): Bootstraps {
  const { repository, serverNow } = world;
  const task = bootstrapTask(repository);
  const memory = memoryOf(task, world, options, now);
  const movers = seenMovers(task, memory, world, serverNow).map((mover): SeenMover<"bootstrap"> => {
    if (mover.job === undefined) return mover;
    const purpose = purposeOf(mover.job);
    if (purpose === undefined) return { ...mover, isUnwanted: true, unwantedWhy: NO_PURPOSE };
    const isStale = mover.state.kind === "waiting" && (purpose.madeFrom ?? "") !== madeFrom(options);
    const isUnwanted = purpose.generation !== repository.generation || isStale;
    return isUnwanted ? { ...mover, isUnwanted } : mover;
  });
  return { task, memory, movers };
}

const NO_PURPOSE =
  `its Job has no readable annotation ${ANNOTATION.bootstrapFor}, without which its result is not believed; ` +
  "a webhook may have taken it away";

function memoryOf(
  task: BootstrapTask,
  { repository, jobs }: Pick<RepositoryWorld, "repository" | "jobs">,
  options: ControllerOptions,
  now: Date,
): TaskMemory {
  const { job: known, madeFrom: cause } = repository.status.bootstrap ?? {};
  if (known !== undefined && cause === causeOf(repository, options)) return taskMemory(known);
  const number = bootstrapNumber(repository);
  const job = jobs.find(({ metadata }) => metadata.name === jobNameOf(task, number));
  const waitingSince = job === undefined ? undefined : purposeOf(job)?.madeAt;
  // False after a clock was set back.
  const isPast = waitingSince !== undefined && Date.parse(waitingSince) <= now.getTime();
  return { number, retryAt: now.toISOString(), ...(isPast ? { waitingSince } : {}) };
}

type Bootstrap = NonNullable<RepositoryStatus["bootstrap"]>;

const NEVER_ENDED: Bootstrap = { forGeneration: 0, credentialVersion: "", runs: 0, failures: 0 };

/** The status with the memory of its movers; a working one is described by its Job. */
export function withMemory(
  repository: RepositoryObject,
  memory: TaskMemory | undefined,
  options: ControllerOptions,
): RepositoryStatus {
  const { status } = repository;
  const { job: _job, madeFrom: _cause, ...known } = status.bootstrap ?? NEVER_ENDED;
  if (memory === undefined || isPlain(memory, known.runs + 1)) {
    return status.bootstrap === undefined ? status : { ...status, bootstrap: known };
  }
  const job = jobMemory(bootstrapTask(repository), memory);
  return { ...status, bootstrap: { ...known, job, madeFrom: causeOf(repository, options) } };
}

function isPlain(
  { number, podGoneSince, slotsGivenBack, stoppedAt, disruptions }: TaskMemory,
  next: number,
): boolean {
  return number === next && (podGoneSince ?? slotsGivenBack ?? stoppedAt ?? disruptions) === undefined;
}

/** What the next bootstrap would be made from. */
function causeOf({ generation }: RepositoryObject, options: ControllerOptions): string {
  return `${generation} ${madeFrom(options)}`;
}
