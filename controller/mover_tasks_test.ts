import assert from "node:assert/strict";
import { isoSeconds, type OperationKey } from "../api/mod.ts";
import type { KubeObject } from "../kube/types.ts";
import {
  aBackup,
  aJob,
  aPodOf,
  aRepository,
  endedPodStatus,
  failedJobStatus,
  succeededJobStatus,
} from "../tests/support/mod.ts";
import { aDeletedResult, aFailedResult, aSavedResult } from "../tests/support/backup_stage.ts";
import { parseBackup } from "./backup/world/object.ts";
import { deletionTask } from "./backup/deletion/job.ts";
import { sourceTask } from "./backup/run/task.ts";
import {
  jobNameOf,
  leftoverJobs,
  type MoverTask,
  nextStep,
  seenMovers,
  type TaskMemory,
  type TaskStep,
} from "./movers/mod.ts";
import { bootstrapTask } from "./repository/bootstrap/task.ts";
import { openedMessage } from "./repository/stage_test.ts";
import { parseRepository } from "./repository/repository_object.ts";

const now = new Date("2026-01-02T04:00:00Z");
const create = { create: { enabled: true } };

/** Every kind of work for which movers are made, with what a mover of it says that did its work. */
const tasks = {
  source: { task: sourceTask(parseBackup(aBackup()), "data"), result: aSavedResult("k1") },
  deletion: { task: deletionTask(parseBackup(aBackup())), result: aDeletedResult(1) },
  reads: { task: bootstrapTask(parseRepository(aRepository())), result: openedMessage() },
  creates: { task: bootstrapTask(parseRepository(aRepository({ spec: create }))), result: openedMessage() },
} as const;
type TaskName = keyof typeof tasks;
type Task = MoverTask<OperationKey>;

/** So many seconds ago. */
function ago(seconds: number): string {
  return isoSeconds(new Date(now.getTime() - seconds * 1000));
}

/** What there is of the movers of a task. */
interface Found {
  readonly jobs: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
}

function jobOf(task: Task, secondsOld: number, status: Readonly<Record<string, unknown>> = { active: 1 }) {
  const metadata = { uid: "uid-of-job", creationTimestamp: ago(secondsOld) };
  return aJob({ name: jobNameOf(task, 1), metadata, status });
}

/** A Job so old, with a pod that is as old. */
function withPod(secondsOld: number, status: Readonly<Record<string, unknown>>, toGoSeconds?: number) {
  return (task: Task): Found => {
    const job = jobOf(task, secondsOld);
    const metadata = {
      creationTimestamp: ago(secondsOld),
      ...(toGoSeconds === undefined ? {} : { deletionTimestamp: ago(toGoSeconds) }),
    };
    return { jobs: [job], pods: [aPodOf(job, { metadata, status })] };
  };
}

function withoutJob(found: (task: Task) => Found): (task: Task) => Found {
  return (task) => ({ jobs: [], pods: found(task).pods });
}

const nothing = (): Found => ({ jobs: [], pods: [] });
const noPod = (secondsOld: number) => (task: Task): Found => ({
  jobs: [jobOf(task, secondsOld, {})],
  pods: [],
});
const unscheduled = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no node" }],
};
const pulling = {
  phase: "Pending",
  containerStatuses: [{ name: "mover", state: { waiting: { reason: "ContainerCreating" } } }],
};
const running = {
  phase: "Running",
  containerStatuses: [{ name: "mover", state: { running: { startedAt: "2026-01-02T03:00:00Z" } } }],
};
const ended = (exitCode: number, message: string) => (task: Task): Found => {
  const job = jobOf(task, 900, exitCode === 0 ? succeededJobStatus() : failedJobStatus());
  const metadata = { creationTimestamp: ago(900) };
  return { jobs: [job], pods: [aPodOf(job, { metadata, status: endedPodStatus(exitCode, message) })] };
};

const waited = (seconds: number): TaskMemory => ({ number: 1, waitingSince: ago(seconds) });
const ran: TaskMemory = { number: 1, startedAt: ago(3600) };
/** Given up so long ago; what it rests for is over unless that is said. */
const givenUp = (seconds: number, before: TaskMemory = waited(400 + seconds)): TaskMemory => ({
  ...before,
  waitingSince: before.waitingSince ?? ago(seconds),
  stoppedAt: ago(seconds),
  stoppedReason: "Unschedulable",
  stoppedWhy: "no node",
  slotsGivenBack: 1,
  retryAt: ago(seconds - 60),
});

/** A situation, and what becomes of each task in it. */
interface Row {
  readonly memory?: TaskMemory;
  readonly found: (task: Task, result: string) => Found;
  /** Something else is wanted meanwhile. */
  readonly isUnwanted?: true;
  readonly becomes: string | Readonly<Record<TaskName, string>>;
}

const table: Readonly<Record<string, Row>> = {
  "nothing was made yet": { found: nothing, becomes: "start 1" },
  "no node takes its pod for 299 s": {
    memory: waited(299),
    found: withPod(299, unscheduled),
    becomes: "waits Unschedulable",
  },
  "no node takes its pod for 300 s": {
    memory: waited(300),
    found: withPod(300, unscheduled),
    becomes: "given up Unschedulable, again in 60 s",
  },
  "it gets no pod for 300 s": {
    memory: waited(300),
    found: noPod(300),
    becomes: "given up PodNotStarted, again in 60 s",
  },
  "its pod has a node and does not start for 300 s": {
    memory: waited(300),
    found: withPod(300, pulling),
    becomes: {
      source: "waits PodNotStarted",
      deletion: "given up PodNotStarted, again in 60 s",
      reads: "given up PodNotStarted, again in 60 s",
      creates: "given up PodNotStarted, again in 60 s",
    },
  },
  "it was given up for the sixth time": {
    memory: { ...waited(300), slotsGivenBack: 5 },
    found: noPod(300),
    becomes: {
      source: "given up PodNotStarted, again in 300 s",
      deletion: "given up PodNotStarted, again in 1920 s",
      reads: "given up PodNotStarted, again in 1800 s",
      creates: "given up PodNotStarted, again in 1800 s",
    },
  },
  "it was given up, and its Job is still there": {
    memory: givenUp(100),
    found: withPod(500, unscheduled),
    becomes: "waits Unschedulable, its Job goes",
  },
  "it was given up, is gone, and rests": {
    memory: givenUp(20),
    found: nothing,
    becomes: "rests Unschedulable, 40 s",
  },
  "it was given up, never ran, and its rest is over": {
    memory: givenUp(100),
    found: nothing,
    becomes: "start 1",
  },
  "it was given up, had run, and its rest is over": {
    memory: givenUp(100, ran),
    found: nothing,
    becomes: "start 2",
  },
  "it starts after it was given up": {
    memory: givenUp(100),
    found: withPod(500, running),
    becomes: {
      source: "works",
      deletion: "works",
      reads: "works",
      creates: "works",
    },
  },
  "its pod was told to go a minute ago": {
    memory: ran,
    found: withPod(3600, running, 60),
    becomes: "works",
  },
  "its node is lost for 300 s": {
    memory: { ...ran, podGoneSince: ago(300) },
    found: withPod(3600, running, 300),
    becomes: "given up MoverLost, again in 60 s",
  },
  "it was given up on a lost node 300 s ago": {
    memory: givenUp(300, ran),
    found: withPod(3600, running, 900),
    becomes: {
      source: "waits MoverLost, its Job goes",
      deletion: "waits MoverLost, its Job goes",
      reads: "start 2",
      creates: "waits MoverLost, its Job goes",
    },
  },
  "it was given up on a lost node half an hour ago": {
    memory: givenUp(1800, ran),
    found: withPod(7200, running, 2700),
    becomes: {
      source: "failed Interrupted",
      deletion: "start 2",
      reads: "start 2",
      creates: "waits MoverLost, its Job goes",
    },
  },
  "its time is over and nothing says that it ended": {
    memory: { ...ran, podGoneSince: ago(300) },
    found: withPod(1200, running),
    becomes: {
      // The limit of its Job ends it.
      source: "works",
      deletion: "works",
      reads: "given up MoverLost, again in 60 s",
      creates: "given up MoverLost, again in 60 s",
    },
  },
  "its Job is gone and its pod works for a minute": {
    memory: { ...ran, podGoneSince: ago(60) },
    found: withoutJob(withPod(3600, running)),
    becomes: "waits MoverLost",
  },
  "its Job is gone and its pod works for a day": {
    memory: { ...ran, podGoneSince: ago(86_400) },
    found: withoutJob(withPod(90_000, running)),
    becomes: {
      source: "failed ResultMissing",
      deletion: "start 2",
      reads: "start 2",
      creates: "waits MoverLost",
    },
  },
  "its Job is gone without a word": { memory: ran, found: nothing, becomes: "start 2" },
  "the cluster ended ten of its movers, the last one is gone": {
    memory: { ...givenUp(100, ran), disruptions: 10 },
    found: nothing,
    becomes: "failed Interrupted",
  },
  "it leaves no result": {
    memory: ran,
    found: (task) => ended(1, "no result")(task),
    becomes: {
      source: "start 2",
      deletion: "failed ResultMissing, counted",
      reads: "failed ResultMissing, counted",
      creates: "failed ResultMissing, counted",
    },
  },
  "it fails": {
    memory: ran,
    found: (task) => ended(2, aFailedResult("AuthFailure", "wrong password"))(task),
    becomes: "failed AuthFailure, counted",
  },
  "it succeeds": {
    memory: ran,
    found: (task, result) => ended(0, result)(task),
    becomes: "succeeded",
  },
  "something else is wanted while it works": {
    memory: ran,
    found: withPod(3600, running),
    isUnwanted: true,
    becomes: "given up without a word, again in 0 s",
  },
  "something else was wanted, and its Job is still there": {
    memory: { ...ran, waitingSince: ago(20), stoppedAt: ago(20), retryAt: ago(20) },
    found: withPod(3600, running),
    isUnwanted: true,
    becomes: "works, its Job goes",
  },
  "something else was wanted, and its Job does not go for 300 s": {
    memory: { ...ran, waitingSince: ago(300), stoppedAt: ago(300), retryAt: ago(300) },
    found: withPod(3600, running),
    isUnwanted: true,
    becomes: {
      source: "waits MoverLost, its Job goes",
      deletion: "waits MoverLost, its Job goes",
      reads: "start 2",
      creates: "waits MoverLost, its Job goes",
    },
  },
  "something else was wanted, and it is gone": {
    memory: { ...ran, waitingSince: ago(20), stoppedAt: ago(20), retryAt: ago(20) },
    found: nothing,
    becomes: "start 2",
  },
};

/** A step in a few words. */
function inWords(step: TaskStep<OperationKey>, before: TaskMemory | undefined, isToGo: boolean): string {
  const goes = isToGo ? ", its Job goes" : "";
  switch (step.kind) {
    case "start":
      return `start ${step.number}`;
    case "succeeded":
      return "succeeded";
    case "failed":
      return `failed ${step.failure.class}${step.mover === undefined ? "" : ", counted"}`;
    case "works":
    case "waits": {
      const { stoppedAt, stoppedReason = "without a word", retryAt = "" } = step.memory;
      if (stoppedAt !== undefined && before?.stoppedAt === undefined) {
        const seconds = (Date.parse(retryAt) - now.getTime()) / 1000;
        return `given up ${stoppedReason}, again in ${seconds} s`;
      }
      if (step.kind === "works") return `works${goes}`;
      return step.isRested
        ? `rests ${step.reason}, ${step.recheckAfterSeconds} s`
        : `waits ${step.reason}${goes}`;
    }
  }
}

function becomes(name: TaskName, { memory, found, isUnwanted }: Row): string {
  const { task, result } = tasks[name];
  const movers = seenMovers<OperationKey>(task, memory, found(task, result), now)
    .map((mover) => isUnwanted === true && mover.job !== undefined ? { ...mover, isUnwanted } : mover);
  const step = nextStep<OperationKey>(task, memory, movers, now);
  return inWords(step, memory, leftoverJobs(memory, movers).length > 0);
}

for (const [situation, row] of Object.entries(table)) {
  Deno.test(`every mover is followed in one way when ${situation}`, () => {
    const { becomes: said } = row;
    const names: readonly TaskName[] = ["source", "deletion", "reads", "creates"];
    for (const name of names) {
      assert.equal(becomes(name, row), typeof said === "string" ? said : said[name], name);
    }
  });
}
