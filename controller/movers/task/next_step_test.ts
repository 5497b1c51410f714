import assert from "node:assert/strict";
import fc from "fast-check";
import type { KubeObject } from "../../../kube/types.ts";
import type { JobState } from "../state/job_state.ts";
import { memoryOfStart } from "./memory.ts";
import { nextStep } from "./next_step.ts";
import type { SeenMover } from "./seen_movers.ts";
import type { MoverTask, TaskMemory, TaskStep } from "./task.ts";

const now = new Date("2026-01-02T04:00:00Z");
const task: MoverTask<"snapshotDelete"> = {
  operation: "snapshotDelete",
  owner: { name: "run", uid: "uid-run" },
  purpose: { kind: "snapshotDelete" },
  limits: { jobs: 3, startDeadlineSeconds: 1800, activeDeadlineSeconds: 86_400, longestRestSeconds: 300 },
};
/** One that is tried for ever, and of which two movers at once do no harm. */
const endless: MoverTask<"snapshotDelete"> = {
  ...task,
  limits: {
    startDeadlineSeconds: Infinity,
    activeDeadlineSeconds: 3600,
    longestRestSeconds: 3600,
    replaceAfterSeconds: 1800,
  },
};

/** So many seconds ago. */
function ago(seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString().replace(".000Z", "Z");
}

function job(changes: Partial<KubeObject["metadata"]> = {}): KubeObject {
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "job", creationTimestamp: ago(3600), ...changes },
  };
}

/** Only the fields that are named are looked at. */
function assertHas(found: object, want: object): void {
  const fields: Record<string, unknown> = { ...found };
  for (const [field, value] of Object.entries(want)) assert.deepEqual(fields[field], value, field);
}

type State = JobState<"snapshotDelete">;

function mover(
  number: number,
  state: State,
  changes: Partial<SeenMover<"snapshotDelete">> = {},
): SeenMover<"snapshotDelete"> {
  return {
    number,
    name: `job-${number}`,
    job: state.kind === "absent" ? undefined : job(),
    state,
    podIsAlive: false,
    podIsToGo: false,
    leftPods: [],
    outlivesMover: false,
    isOutdated: false,
    serverNow: now,
    ...changes,
  };
}

const absent: State = { kind: "absent" };
const works: State = { kind: "running", attempts: 1, startedAt: ago(900) };
const noNode: State = {
  kind: "waiting",
  why: "Unschedulable",
  text: "0/3 nodes match",
  since: ago(600),
  podMadeAt: ago(600),
  hasNode: false,
  attempts: 1,
};
const noPod: State = {
  kind: "waiting",
  why: "PodNotStarted",
  text: "no pod",
  since: ago(600),
  hasNode: false,
  attempts: 0,
};
const pulls: State = {
  ...noNode,
  why: "PodNotStarted",
  text: "ContainerCreating",
  hasNode: true,
  podMadeAt: ago(10),
};
const badImage: State = { ...pulls, text: "ErrImagePull: not found" };
const lost: State = {
  kind: "running",
  attempts: 1,
  noPod: { why: "lost", text: "its pod is to go", since: ago(600) },
};
const evicted: State = {
  kind: "running",
  attempts: 1,
  noPod: { why: "ended", text: "its pod ended", since: ago(10) },
  disruptions: [{ podMadeAt: ago(20), text: "Evicted: disk" }],
};
const done: State = {
  kind: "succeeded",
  result: {
    version: 1,
    operation: "SnapshotDelete",
    durationSeconds: 2,
    snapshotDelete: { deleted: 1, alreadyGone: 0 },
  },
  finishedAt: ago(5),
  attempts: 1,
};
const refused: State = {
  kind: "failed",
  class: "AuthFailure",
  message: "wrong password",
  exitCode: 2,
  resultKnown: true,
  finishedAt: ago(5),
  attempts: 1,
};
const silent: State = { ...refused, class: "ResultMissing", message: "no result", resultKnown: false };

interface Case {
  readonly before?: TaskMemory;
  readonly state: State;
  readonly mover?: Partial<SeenMover<"snapshotDelete">>;
  readonly want: Partial<TaskStep<"snapshotDelete">>;
  readonly remembers?: Partial<TaskMemory>;
}

const waited = (seconds: number): TaskMemory => ({ number: 1, waitingSince: ago(seconds) });
const stopped: TaskMemory = {
  ...waited(700),
  stoppedAt: ago(100),
  stoppedWhy: "0/3 nodes match",
  stoppedReason: "Unschedulable",
  retryAt: ago(40),
  slotsGivenBack: 1,
};

const cases: Readonly<Record<string, Case>> = {
  "starts the first Job": { state: absent, want: { kind: "start", number: 1 } },
  "follows one that works": {
    before: waited(20),
    state: works,
    want: { kind: "works" },
    remembers: { waitingSince: undefined },
  },
  "says nothing of a pod that was only just made": {
    before: waited(10),
    state: pulls,
    want: { kind: "works", recheckAfterSeconds: 20 },
  },
  "says at once that an image is not there": {
    before: waited(10),
    state: badImage,
    want: { kind: "waits", reason: "PodNotStarted" },
  },
  "says that there is no node": {
    before: waited(60),
    state: { ...noNode, podMadeAt: ago(60) },
    want: { kind: "waits", reason: "Unschedulable" },
  },
  "says that there is no pod": {
    before: waited(60),
    state: noPod,
    want: { kind: "waits", reason: "PodNotStarted" },
  },
  "gives one without a node up after the grace": {
    before: waited(400),
    state: noNode,
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0), stoppedWhy: "0/3 nodes match", slotsGivenBack: 1, retryAt: ago(-60) },
  },
  "gives one without a pod up after the grace": {
    before: waited(400),
    state: noPod,
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0), stoppedReason: "PodNotStarted" },
  },
  "keeps the slot of one that has a node": {
    before: waited(400),
    state: { ...pulls, podMadeAt: ago(400) },
    want: { kind: "waits" },
    remembers: { stoppedAt: undefined },
  },
  "gives up by its own clock, not by that of the API server": {
    before: waited(100),
    state: { ...noNode, podMadeAt: ago(4000) },
    want: { kind: "waits" },
    remembers: { stoppedAt: undefined },
  },
  "gives one up that was made of other settings, and asks again at once": {
    before: waited(60),
    state: badImage,
    mover: { isOutdated: true },
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0), retryAt: ago(0) },
  },
  "waits for a Job that was given up to go": {
    before: stopped,
    state: noNode,
    want: { kind: "waits", recheckAfterSeconds: 15 },
    remembers: { stoppedAt: ago(100) },
  },
  "lets one that starts after all go on": {
    before: stopped,
    state: works,
    want: { kind: "works" },
    remembers: { stoppedAt: undefined, retryAt: undefined, slotsGivenBack: undefined },
  },
  "makes no other Job while the pod of one that was given up is there": {
    before: stopped,
    state: absent,
    mover: { podIsAlive: true },
    want: { kind: "waits", reason: "Unschedulable", recheckAfterSeconds: 10 },
  },
  "rests before it asks for a slot again": {
    before: { ...stopped, retryAt: ago(-50) },
    state: absent,
    want: { kind: "waits", reason: "Unschedulable", isRested: true, recheckAfterSeconds: 50 },
    remembers: { stoppedAt: undefined },
  },
  "makes the same Job again when it never ran": {
    before: stopped,
    state: absent,
    want: { kind: "start", number: 1, isRested: true },
  },
  "makes the next Job when it may have run": {
    before: { ...stopped, startedAt: ago(900) },
    state: absent,
    want: { kind: "start", number: 2, isRested: true },
  },
  "ends when the start deadline is over and the Job is gone": {
    before: { ...stopped, waitingSince: ago(1900), retryAt: ago(5) },
    state: absent,
    want: {
      kind: "failed",
      failure: {
        class: "StartDeadlineExceeded",
        resultKnown: true,
        nothingDone: true,
        text: "0/3 nodes match",
      },
    },
  },
  "stops its Job first when the start deadline is over": {
    before: waited(1900),
    state: { ...pulls, podMadeAt: ago(1900) },
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0) },
  },
  "ends beside a Job that does not go, without saying that nothing was done": {
    before: { ...stopped, waitingSince: ago(2200), stoppedAt: ago(301) },
    state: { ...pulls, podMadeAt: ago(2200) },
    want: {
      kind: "failed",
      failure: { class: "StartDeadlineExceeded", resultKnown: false, text: "0/3 nodes match" },
    },
  },
  "follows a pod that was told to go a moment ago": {
    before: { number: 1, startedAt: ago(900) },
    state: { ...lost, noPod: { why: "lost", text: "its pod is to go", since: ago(60) } },
    want: { kind: "works" },
    remembers: { podGoneSince: ago(0) },
  },
  "tells of a lost node": {
    before: { number: 1, startedAt: ago(900), podGoneSince: ago(30) },
    state: lost,
    want: { kind: "waits", reason: "MoverLost" },
    remembers: { stoppedAt: undefined },
  },
  "gives up a pod on a lost node after the grace": {
    before: { number: 1, startedAt: ago(900), podGoneSince: ago(301) },
    state: lost,
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0) },
  },
  "waits for the end of a lost one as long as a start may take": {
    before: {
      number: 1,
      startedAt: ago(9000),
      podGoneSince: ago(4000),
      stoppedAt: ago(1801),
      stoppedWhy: "lost",
    },
    state: lost,
    want: { kind: "failed", failure: { class: "Interrupted", resultKnown: false, text: "lost" } },
  },
  "counts a mover that the cluster ended, once": {
    before: { number: 1, startedAt: ago(900), disruptions: 2, disruptedAt: ago(500) },
    state: evicted,
    want: { kind: "works" },
    remembers: { disruptions: 3, disruptedAt: ago(20), disruptedWhy: "Evicted: disk" },
  },
  "does not count it again": {
    before: { number: 1, startedAt: ago(900), disruptions: 3, disruptedAt: ago(20) },
    state: evicted,
    want: { kind: "works" },
    remembers: { disruptions: 3 },
  },
  "gives up when the cluster ends too many of them": {
    before: { number: 1, startedAt: ago(900), disruptions: 9, disruptedAt: ago(500) },
    state: evicted,
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0), disruptions: 10 },
  },
  "makes no other mover beside a pod that lost its Job": {
    before: { number: 1, startedAt: ago(900) },
    state: absent,
    mover: { podIsAlive: true },
    want: { kind: "works", recheckAfterSeconds: 10 },
    remembers: { podGoneSince: ago(0) },
  },
  "tells of a pod that lost its Job": {
    before: { number: 1, startedAt: ago(900), podGoneSince: ago(60) },
    state: absent,
    mover: { podIsAlive: true },
    want: { kind: "waits", reason: "MoverLost" },
  },
  "waits for a pod that lost its Job as long as a mover may work": {
    before: { number: 1, podGoneSince: ago(86_400) },
    state: absent,
    mover: { podIsAlive: true },
    want: { kind: "failed" },
  },
  "waits for one that was told to go as well as long as a start may take": {
    before: { number: 1, podGoneSince: ago(1800) },
    state: absent,
    mover: { podIsAlive: true, podIsToGo: true },
    want: { kind: "failed" },
  },
  "makes the next Job when one is gone without a word": {
    before: { number: 1 },
    state: absent,
    want: { kind: "start", number: 2 },
  },
  "makes the next Job when one leaves no result": {
    before: { number: 1 },
    state: silent,
    want: { kind: "start", number: 2 },
  },
  "takes a success": { before: { number: 1 }, state: done, want: { kind: "succeeded", finishedAt: ago(5) } },
  "takes a failure, and what it proves": {
    before: { number: 1 },
    state: refused,
    want: {
      kind: "failed",
      failure: { class: "AuthFailure", exitCode: 2, resultKnown: true, text: "wrong password" },
      mover: { seconds: undefined, message: "wrong password" },
    },
  },
};

for (const [what, { before, state, mover: changes, want, remembers = {} }] of Object.entries(cases)) {
  Deno.test(`nextStep() ${what}`, () => {
    const movers = [mover(1, state, changes), mover(2, absent), mover(3, absent)];
    const step = nextStep(task, before, movers, now);
    assertHas(step, want);
    assertHas(step.memory ?? {}, remembers);
    // What is found again in the same moment leads to the same end.
    const again = nextStep(task, step.memory, movers, now);
    if (step.kind !== "waits" || remembers.stoppedAt === undefined) assert.equal(again.kind, step.kind);
    assert.deepEqual(again.memory, step.memory);
  });
}

const endlessCases: Readonly<Record<string, Case>> = {
  "gives one up that has a node and does not start": {
    before: waited(400),
    state: { ...pulls, podMadeAt: ago(400) },
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0), retryAt: ago(-60) },
  },
  "rests for longer and longer": {
    before: { ...waited(90_000), slotsGivenBack: 5 },
    state: noNode,
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(0), retryAt: ago(-1920), slotsGivenBack: 6 },
  },
  "waits for one that was given up and does not go": {
    before: { ...stopped, startedAt: ago(9000), stoppedAt: ago(1799) },
    state: lost,
    want: { kind: "waits" },
    remembers: { stoppedAt: ago(1799) },
  },
  "makes the next one beside it, but not at once": {
    before: { ...stopped, startedAt: ago(9000), stoppedAt: ago(1800) },
    state: lost,
    want: { kind: "start", number: 2, isRested: true },
  },
  "lets it rest before": {
    before: { ...stopped, stoppedAt: ago(1800), retryAt: ago(-100) },
    state: noNode,
    want: { kind: "waits", isRested: true, recheckAfterSeconds: 100 },
    remembers: { number: 2, stoppedAt: undefined },
  },
  "waits for a pod that lost its Job": {
    before: { number: 1, podGoneSince: ago(1799) },
    state: absent,
    mover: { podIsAlive: true },
    want: { kind: "waits", recheckAfterSeconds: 1 },
  },
  "makes the next one beside a pod that lost its Job, but not at once": {
    before: { number: 1, podGoneSince: ago(1800) },
    state: absent,
    mover: { podIsAlive: true },
    want: { kind: "start", number: 2 },
  },
  "makes the next one when a Job is gone without a word": {
    before: { number: 1 },
    state: absent,
    want: { kind: "start", number: 2 },
  },
  "leaves it to its kind to try again what left no result": {
    before: { number: 1 },
    state: silent,
    want: {
      kind: "failed",
      failure: { class: "ResultMissing", exitCode: 2, resultKnown: false, text: "no result" },
    },
  },
};

for (const [what, { before, state, mover: changes, want, remembers = {} }] of Object.entries(endlessCases)) {
  Deno.test(`nextStep() of a task without an end ${what}`, () => {
    const step = nextStep(endless, before, [mover(1, state, changes), mover(2, absent)], now);
    assertHas(step, want);
    assertHas(step.memory ?? {}, remembers);
  });
}

Deno.test("nextStep() tells of a pod that lost its Job, also of a Job before the last one", () => {
  const movers = [mover(1, absent, { podIsAlive: true }), mover(2, absent), mover(3, absent)];
  let memory: TaskMemory | undefined = { number: 2, retryAt: ago(10), waitingSince: ago(30) };
  const first = nextStep(task, memory, movers, now);
  assertHas(first, { kind: "works" });
  memory = first.memory;
  const later = new Date(now.getTime() + 60_000);
  assertHas(nextStep(task, memory, movers, later), { kind: "waits", reason: "MoverLost" });
});

Deno.test("nextStep() gets no more Jobs than it may, and proves nothing of those before the last", () => {
  const [first, second] = [mover(1, silent), mover(2, silent)];
  assertHas(
    nextStep(task, { number: 3 }, [first, second, mover(3, silent)], now),
    {
      kind: "failed",
      failure: { class: "ResultMissing", exitCode: 2, resultKnown: false, text: "no result" },
    },
  );
  assertHas(
    nextStep(task, { number: 2 }, [first, mover(2, refused), mover(3, absent)], now),
    {
      kind: "failed",
      failure: { class: "AuthFailure", exitCode: 2, resultKnown: false, text: "wrong password" },
    },
  );
});

Deno.test("nextStep() ends when the last Job it may get was lost", () => {
  const movers = [mover(1, absent), mover(2, absent), mover(3, absent)];
  for (const memory of [{ stoppedAt: ago(100) }, {}]) {
    const before = {
      number: 3,
      startedAt: ago(900),
      waitingSince: ago(300),
      retryAt: ago(10),
      stoppedWhy: "lost",
      ...memory,
    };
    const failure = { class: "Interrupted", resultKnown: false, text: "lost" };
    assertHas(nextStep(task, before, movers, now), { kind: "failed", failure });
  }
});

Deno.test("nextStep() follows the newest Job there is, though its status was not written", () => {
  const step = nextStep(task, { number: 1 }, [mover(1, silent), mover(2, works), mover(3, absent)], now);
  assertHas(step, { kind: "works", memory: { number: 2, startedAt: ago(900) } });
});

Deno.test("nextStep() lets the time in line for a slot not count as a missed start", () => {
  const before = { ...stopped, stoppedAt: undefined, waitingSince: ago(7200), retryAt: ago(6900) };
  const step = nextStep(task, before, [mover(1, absent), mover(2, absent), mover(3, absent)], now);
  assert.equal(step.kind, "start");
  assert.equal(memoryOfStart(step.memory, 1, now).waitingSince, ago(300));
});

Deno.test("nextStep() never makes a Job beside a mover that may work, and always comes back", () => {
  const states = fc.constantFrom<State>(
    absent,
    works,
    noNode,
    noPod,
    pulls,
    badImage,
    lost,
    evicted,
    done,
    refused,
    silent,
  );
  const seconds = fc.integer({ min: -10_000, max: 100_000 });
  const time = fc.option(seconds.map(ago), { nil: undefined });
  const memory = fc.option(
    fc.record({
      number: fc.integer({ min: 1, max: 3 }),
      startedAt: time,
      podGoneSince: time,
      waitingSince: time,
      stoppedAt: time,
      retryAt: time,
      slotsGivenBack: fc.option(fc.nat(40), { nil: undefined }),
      disruptions: fc.option(fc.nat(12), { nil: undefined }),
      disruptedAt: time,
    }),
    { nil: undefined },
  );
  const seen = fc.record({
    state: states,
    podIsAlive: fc.boolean(),
    podIsToGo: fc.boolean(),
    isOutdated: fc.boolean(),
  });
  fc.assert(
    fc.property(memory, fc.tuple(seen, seen, seen), (before, found) => {
      const movers = found.map(({ state, ...rest }, index) => mover(index + 1, state, rest));
      const step = nextStep(task, before, movers, now);
      if (step.kind === "start") {
        assert.ok(step.number >= 1 && step.number <= 3, `Job ${step.number}`);
        assert.ok(movers.every(({ state, podIsAlive }) => state.kind !== "absent" || !podIsAlive));
        const current = movers[step.number - 1];
        assert.ok(current === undefined || current.state.kind === "absent", "there is such a Job already");
      }
      if (step.kind === "works" || step.kind === "waits") {
        assert.ok(
          step.recheckAfterSeconds >= 1 && step.recheckAfterSeconds < Infinity,
          `${step.recheckAfterSeconds}`,
        );
      }
      if (step.kind === "failed" && step.failure.resultKnown) {
        assert.ok(
          movers.slice(1).every(({ state }) => state.kind === "absent"),
          "of several none proves anything",
        );
      }
      assert.deepEqual(nextStep(task, before, movers, now), step);
    }),
    { numRuns: 5000 },
  );
});

for (const ahead of [-86_400, -3700, -400, 0, 400, 3700, 86_400]) {
  Deno.test(`nextStep() gives a mover its grace, and no more, by a clock ${ahead} s ahead of the API server's`, () => {
    const serverNow = new Date(now.getTime() - ahead * 1000);
    const by = (seconds: number) => ago(seconds + ahead);
    const after = (seconds: number, before: TaskMemory | undefined) => {
      // The grace is that of the Job, also where its pod was made later, or anew.
      const state: State = { ...noNode, since: by(5), podMadeAt: by(5) };
      const seen = mover(1, state, { serverNow });
      const job = { ...seen.job, metadata: { ...seen.job?.metadata, creationTimestamp: by(seconds) } };
      const found = { ...seen, job: job as typeof seen.job };
      return nextStep(task, before, [found, mover(2, absent)], now).memory?.stoppedAt;
    };
    // Of the second try, as of the first, no status was written: all that is known is when its Job was made.
    const secondTry: TaskMemory = { number: 1, waitingSince: ago(700), slotsGivenBack: 1, retryAt: ago(60) };
    for (const before of [undefined, secondTry]) {
      assert.deepEqual([after(20, before), after(299, before)], [undefined, undefined]);
      assert.equal(after(300, before), ago(0));
    }
  });
}
