import assert from "node:assert/strict";
import { observeWorld } from "../../runtime/pass/observe_and_plan.ts";
import { runPass } from "../../runtime/pass/pass.ts";
import { ANNOTATION, findCondition } from "../../../api/mod.ts";
import type { KubeObject, ObjectKey } from "../../../kube/types.ts";
import {
  aPodOf,
  aRepository,
  aSecret,
  FakeClock,
  type FakeKube,
  readerOver,
  refusal,
} from "../../../tests/support/mod.ts";
import { type MoverSlots, SLOT_GRACE_SECONDS } from "../../movers/mod.ts";
import { JOB, POD, REPOSITORY } from "../../shared/mod.ts";
import { SECRET } from "../../shared/objects/resources.ts";
import {
  aCreatingRepository,
  aKind,
  aNamespaceInMemory,
  carryOut,
  endJob,
  failedMessage,
  jobIn,
  KEY,
  NOW,
  openedMessage,
  OPTIONS,
  planIn,
  setServerTime,
  someSlots,
  statusIn,
  storedRepository,
} from "../stage_test.ts";
import type { RepositoryPlan } from "../plan.ts";

function later(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

/** As the garbage collector does once their Job is gone. */
function removePods(kube: FakeKube): void {
  kube.list(POD).forEach((pod) => kube.delete(pod));
}

async function pass(kube: FakeKube, seconds: number, kind = aKind()): Promise<RepositoryPlan> {
  const plan = await planIn(kube, later(seconds), kind);
  await carryOut(kube, plan, later(seconds));
  return plan;
}

/** A repository that was opened and read at second 0. */
async function anOpenRepository(repository: KubeObject = aRepository()): Promise<FakeKube> {
  const kube = aNamespaceInMemory(repository);
  await pass(kube, 0);
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage(), at: NOW });
  for (let each = 0; each < 3; each++) await pass(kube, 1);
  assert.deepEqual([statusIn(kube).phase, kube.list(JOB)], ["Ready", []]);
  return kube;
}

Deno.test("Repository is read again on time though the node that read it has a clock that is ahead", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage(), at: later(31_536_000) });
  for (let each = 0; each < 3; each++) await pass(kube, 1);
  assert.equal(statusIn(kube).lastInit?.time, "2026-01-02T03:05:01Z");
  await pass(kube, 3605);
  assert.equal(kube.list(JOB).length, 1);
});

Deno.test("a bootstrap is not made a second time because the cache of its Repository lags behind", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await pass(kube, 0);
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage(), at: NOW });
  const behind = storedRepository(kube);
  for (const at of [1, 2]) await pass(kube, at);
  assert.deepEqual([statusIn(kube).phase, kube.list(JOB)], ["Ready", []]);
  const reader = readerOver(kube, {
    get: (resource, key) => resource.kind === "Repository" ? behind : kube.get(resource, key),
  });
  const kind = aKind();
  const world = await observeWorld(kind, KEY, reader, new AbortController().signal, later(3));
  assert.ok(world !== undefined);
  assert.deepEqual(kind.plan(world, later(3)).create, []);
  kube.delete(storedRepository(kube));
  assert.equal(await observeWorld(kind, KEY, reader, new AbortController().signal, later(4)), undefined);
});

Deno.test("a bootstrap is not made beside one that no cache shows yet, after one that gave its slot back", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await pass(kube, 0);
  kube.put(aPodOf(jobIn(kube), { status: unscheduled }));
  for (const second of [SLOT_GRACE_SECONDS, SLOT_GRACE_SECONDS + 1]) await pass(kube, second);
  removePods(kube);
  for (let second = SLOT_GRACE_SECONDS + 2; kube.list(JOB).length === 0; second += 30) {
    assert.ok(second < 3600, "it rests for no longer");
    await pass(kube, second);
  }
  const [job] = kube.list(JOB);
  const reader = readerOver(kube, {
    list: (resource, query) => resource.kind === JOB.kind ? [] : kube.list(resource, query),
  });
  const kind = aKind();
  const world = await observeWorld(kind, KEY, reader, new AbortController().signal, later(3600));
  assert.ok(world !== undefined);
  assert.deepEqual(world.jobs.map(({ metadata }) => metadata.name), [job?.metadata.name]);
  assert.deepEqual(kind.plan(world, later(3600)).create, []);
});

Deno.test("the end of a bootstrap that no cache shows yet is waited for", async () => {
  const kube = await anOpenRepository();
  await pass(kube, 3601);
  endJob(kube, jobIn(kube), {
    exitCode: 0,
    message: openedMessage({ snapshotCount: 7 }),
    at: later(3605),
  });
  setServerTime(kube, later(3700));
  const lagging = readerOver(kube, {
    list: (resource, query) => ["Job", "Pod"].includes(resource.kind) ? [] : kube.list(resource, query),
  });
  const kind = aKind();
  const world = await observeWorld(kind, KEY, lagging, new AbortController().signal, later(3700));
  assert.ok(world !== undefined);
  const plan = kind.plan(world, later(3700));
  assert.deepEqual([plan.status.phase, plan.create, plan.remove, plan.events], ["Ready", [], [], []]);
  await carryOut(kube, plan, later(3700));
  await pass(kube, 3701);
  assert.equal(statusIn(kube).storageStats?.snapshotCount, 7);
});

Deno.test("the mover of today is not removed by a status that says that the one before it was given up", async () => {
  const kube = await anOpenRepository();
  const due = 3700;
  const { annotate = [] } = await pass(kube, due);
  for (const word of annotate) await kube.annotate(word, new AbortController().signal);
  kube.put(aPodOf(jobIn(kube), { status: unscheduled }));
  for (const second of [SLOT_GRACE_SECONDS, SLOT_GRACE_SECONDS + 1]) await pass(kube, due + second);
  const outdated = storedRepository(kube);
  removePods(kube);
  let second = due + SLOT_GRACE_SECONDS + 2;
  for (; kube.list(JOB).length === 0; second += 30) {
    assert.ok(second < 7200, "it rests for no longer");
    await pass(kube, second);
  }
  const reader = readerOver(kube, {
    get: (resource, key) => resource === REPOSITORY ? outdated : kube.get(resource, key),
  });
  const deps = { reader, writer: kube, clock: new FakeClock(later(second).toISOString()), random: () => 0.5 };
  const { report } = await runPass({ kind: aKind(), key: KEY }, deps, new AbortController().signal);
  const isToGo = kube.list(JOB).map(({ metadata }) => metadata.deletionTimestamp !== undefined);
  assert.deepEqual([report.result, isToGo], ["requeue", [false]]);
});

Deno.test("a bootstrap whose Job loses its annotation each time rests longer each time, and says why", async () => {
  const kube = aNamespaceInMemory(aRepository());
  let made = 0;
  kube.subscribe(({ old, new: job }) => {
    if (job?.kind !== "Job" || old !== undefined) return;
    made += 1;
    const { annotations: _none, ...metadata } = job.metadata;
    const text = JSON.stringify({ ...job, metadata });
    kube.put(JSON.parse(text.replaceAll(ANNOTATION.bootstrapFor, "lost")));
  });
  const events: string[] = [];
  const begun = { name: "mover", state: { running: { startedAt: NOW.toISOString() } } };
  for (let second = 0; second < 7200; second += 10) {
    const plan = await pass(kube, second);
    events.push(...plan.events.map(({ reason, note }) => `${reason} ${note}`));
    for (const job of kube.list(JOB)) {
      if (job.metadata.deletionTimestamp !== undefined) kube.delete(job);
      else kube.put(aPodOf(job, { status: { ...running, containerStatuses: [begun] } }));
    }
    if (kube.list(JOB).length === 0) removePods(kube);
  }
  assert.ok(made > 3 && made < 12, `${made} were made in two hours`);
  assert.deepEqual(events.map((event) => event.split(" ")[0]), ["PodNotStarted"]);
  assert.match(events[0] ?? "", /no readable annotation kopiur\.home-operations\.com\/bootstrap-for/);
  const { outcome } = await pass(kube, 7200);
  assert.match(JSON.stringify(outcome), /The mover does not go on: its Job has no readable annotation/);
});

Deno.test("a webhook that takes the annotations off a Job changes nothing", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  const { annotations: _none, ...metadata } = jobIn(kube).metadata;
  kube.put({ ...jobIn(kube), metadata });
  endJob(kube, jobIn(kube), { exitCode: 2, message: failedMessage("AuthFailure"), at: NOW });
  await pass(kube, 1);
  assert.equal(findCondition(statusIn(kube).conditions, "Bootstrapped")?.reason, "AuthFailure");
});

const unscheduled = {
  phase: "Pending",
  conditions: [{
    type: "PodScheduled",
    status: "False",
    reason: "Unschedulable",
    message: "0/3 nodes are available",
  }],
};
const noImage = {
  phase: "Pending",
  containerStatuses: [{
    name: "mover",
    state: { waiting: { reason: "ImagePullBackOff", message: "Back-off pulling image" } },
  }],
};
const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };

/** What keeps the mover of a Job from its work for ever. */
const stuck: Readonly<
  Record<string, { readonly pod?: (job: KubeObject) => KubeObject; readonly says: RegExp }>
> = {
  "no node takes": {
    pod: (job) => aPodOf(job, { status: unscheduled }),
    says: /^Unschedulable A mover pod cannot be scheduled: 0\/3 nodes are available/,
  },
  "cannot pull its image": {
    pod: (job) => aPodOf(job, { status: noImage }),
    says: /^PodNotStarted .*ImagePullBackOff: Back-off pulling image/,
  },
  "gets no pod, as from a quota": { says: /^PodNotStarted .*no pod was made for the Job/ },
  "is on a lost node": {
    pod: (job) => aPodOf(job, { status: running, metadata: { deletionTimestamp: "2026-01-02T03:05:30Z" } }),
    says: /^MoverLost .*its pod is to go, but its node does not say that it went.*delete the Node/,
  },
  "runs and never ends": {
    pod: (job) => aPodOf(job, { status: running }),
    says: /^MoverLost .*has not ended though its time of 900 s is over/,
  },
};

for (const [what, { pod, says }] of Object.entries(stuck)) {
  for (const isOpen of [false, true]) {
    const which = isOpen ? "an open" : "a new";
    Deno.test(`a bootstrap of ${which} Repository whose mover ${what} is given up, told once and made again`, async () => {
      const kube = isOpen ? await anOpenRepository() : aNamespaceInMemory(aRepository());
      const begin = isOpen ? 3601 : 0;
      const made: string[] = [];
      const events: string[] = [];
      let removed = 0;
      for (let at = begin; at < begin + 7200; at += 10) {
        const plan = await pass(kube, at);
        events.push(...plan.events.map(({ reason, note }) => `${reason} ${note}`));
        removed += plan.remove.length;
        for (const job of plan.create) {
          made.push(job.metadata.name);
          if (pod !== undefined) kube.put(pod(jobIn(kube)));
        }
        if (plan.remove.length > 0) {
          removePods(kube);
        }
        assert.ok(kube.list(JOB).length <= 1);
      }
      assert.ok(made.length >= 3 && made.length <= 8, made.join());
      assert.ok(removed >= made.length - 1);
      const reported = events.filter((event) => says.test(event));
      assert.equal(reported.length, 1, events.join("\n"));
      const { phase, bootstrap, uniqueId, conditions } = statusIn(kube);
      assert.equal(phase, isOpen ? "Ready" : "Initializing");
      assert.deepEqual([bootstrap?.failures, uniqueId], [0, isOpen ? "0123abcd" : undefined]);
      assert.ok((bootstrap?.job?.slotsGivenBack ?? 0) >= 2);
      const { outcome } = await planIn(kube, later(begin + 7200));
      assert.equal(outcome.kind === "settled" && outcome.ready === "True", isOpen);
      assert.equal(findCondition(conditions, "Refreshed"), undefined, "it is not late yet");
    });
  }
}

Deno.test("a bootstrap is given up in writing before its Job goes, so that a write that fails makes no other Job", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  for (let turn = 0; turn < 3; turn++) {
    // The status is not written, as after a conflict.
    const plan = await planIn(kube, later(SLOT_GRACE_SECONDS + turn));
    assert.deepEqual([plan.create, plan.remove], [[], []]);
    assert.ok(plan.status.bootstrap?.job?.stoppedAt !== undefined);
  }
  await pass(kube, SLOT_GRACE_SECONDS + 3);
  const next = await pass(kube, SLOT_GRACE_SECONDS + 4);
  assert.deepEqual([next.create.length, next.remove.length], [0, 1]);
});

Deno.test("a bootstrap is given up no sooner because the clock of the API server is behind", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  const made = new Date(NOW.getTime() - 2_400_000).toISOString();
  const { metadata, ...rest } = jobIn(kube);
  kube.put({ ...rest, metadata: { ...metadata, creationTimestamp: made } });
  for (const at of [1, 60, SLOT_GRACE_SECONDS - 1]) await pass(kube, at);
  assert.equal(kube.list(JOB).length, 1);
  for (let each = 0; each < 3; each++) await pass(kube, SLOT_GRACE_SECONDS + each);
  assert.deepEqual(kube.list(JOB), []);
});

Deno.test("a bootstrap is given up no later because the controller's clock was set back", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 7200);
  const { metadata, ...rest } = jobIn(kube);
  kube.put({ ...rest, metadata: { ...metadata, creationTimestamp: NOW.toISOString() } });
  for (const at of [1, 60, SLOT_GRACE_SECONDS - 1]) await pass(kube, at);
  assert.equal(kube.list(JOB).length, 1);
  for (let each = 0; each < 3; each++) await pass(kube, SLOT_GRACE_SECONDS + each);
  assert.deepEqual(kube.list(JOB), []);
});

Deno.test("a Repository that is Ready and was not read for long says so, once, until it is", async () => {
  const kube = await anOpenRepository();
  const events: string[] = [];
  for (let at = 3600; at < 6 * 3600; at += 60) {
    const plan = await pass(kube, at);
    events.push(...plan.events.map(({ reason }) => reason));
  }
  const reported = findCondition(statusIn(kube).conditions, "Refreshed");
  assert.deepEqual([reported?.status, reported?.reason], ["False", "RefreshOverdue"]);
  assert.match(
    reported?.message ?? "",
    /^The repository was read last at 2026-01-02T03:05:00Z, expected it every 3600 s: The mover does not start/,
  );
  assert.deepEqual(events, ["PodNotStarted", "RefreshOverdue"]);
  let at = 6 * 3600;
  for (; kube.list(JOB).length === 0; at += 60) await pass(kube, at);
  assert.equal(
    findCondition(statusIn(kube).conditions, "Refreshed")?.status,
    "False",
    "while it is tried again",
  );
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage(), at: later(at) });
  await pass(kube, at + 1);
  assert.equal(findCondition(statusIn(kube).conditions, "Refreshed"), undefined);
  assert.deepEqual([statusIn(kube).bootstrap?.job, statusIn(kube).phase], [undefined, "Ready"]);
});

Deno.test("a Repository that was not read while there was no controller is read, and nothing is told", async () => {
  const kube = await anOpenRepository();
  const plan = await pass(kube, 7 * 86_400);
  assert.deepEqual([plan.create.length, plan.events], [1, []]);
});

Deno.test("a bootstrap that may create never meets one on a lost node, and that is told", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await pass(kube, 0);
  const job = jobIn(kube);
  // Removed in the foreground, it stays in sight as long as its pod, and that is as long as the node is lost.
  const deletionTimestamp = later(60).toISOString();
  kube.put(aPodOf(job, { status: running, metadata: { deletionTimestamp } }), {
    ...job,
    metadata: { ...job.metadata, deletionTimestamp, finalizers: ["foregroundDeletion"] },
  });
  for (let at = 60; at < 30 * 86_400; at += 3600) {
    const plan = await pass(kube, at);
    assert.deepEqual(plan.create, []);
    if (at < 3600) continue;
    assert.equal(plan.outcome.reason, "MoverLost");
    assert.match(
      plan.outcome.message,
      /Job "repo-bootstrap-1-.*" was told to go at .* and is still there; .*--force/,
    );
  }
  kube.list(JOB).forEach((each) => kube.put({ ...each, metadata: { ...each.metadata, finalizers: [] } }));
});

Deno.test("an open Repository is read again beside a bootstrap on a lost node", async () => {
  const kube = await anOpenRepository();
  await pass(kube, 3601);
  const job = jobIn(kube);
  const deletionTimestamp = later(3660).toISOString();
  kube.put({ ...job, metadata: { ...job.metadata, deletionTimestamp, finalizers: ["foregroundDeletion"] } });
  assert.deepEqual((await pass(kube, 3700)).create, []);
  const plans: RepositoryPlan[] = [];
  for (let at = 3700; at < 4500; at += 30) plans.push(await pass(kube, at));
  assert.deepEqual(plans.flatMap(({ create }) => create.map(({ metadata }) => metadata.name.slice(0, 16))), [
    "repo-bootstrap-3",
  ]);
  assert.equal(statusIn(kube).phase, "Ready");
});

Deno.test("a bootstrap that waits with an image that was replaced is made anew at once, and so is one that rests", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  kube.put(aPodOf(jobIn(kube), { status: noImage }));
  const mended = aKind({ ...OPTIONS, moverImage: "kopiur:mended" });
  assert.equal((await planIn(kube, later(40))).remove.length, 0);
  assert.deepEqual((await pass(kube, 41, mended)).outcome.reason, "Initializing");
  assert.equal((await pass(kube, 42, mended)).remove.length, 1);
  removePods(kube);
  assert.match(JSON.stringify((await pass(kube, 43, mended)).create), /kopiur:mended/);
  for (const at of [43, 44, 45]) await pass(kube, at + SLOT_GRACE_SECONDS, mended);
  assert.deepEqual([kube.list(JOB), statusIn(kube).bootstrap?.job?.slotsGivenBack], [[], 1]);
  const again = aKind({ ...OPTIONS, moverImage: "kopiur:again" });
  assert.equal((await pass(kube, 46 + SLOT_GRACE_SECONDS, again)).create.length, 1);
  assert.equal(statusIn(kube).bootstrap?.job, undefined, "it is the first one of its image");
});

Deno.test("a bootstrap that runs is not disturbed by another image", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  kube.put(aPodOf(jobIn(kube), { status: running }));
  const plan = await planIn(kube, later(60), aKind({ ...OPTIONS, moverImage: "kopiur:new" }));
  assert.deepEqual([plan.create, plan.remove], [[], []]);
});

Deno.test("a Job that waits for a Secret that is gone, or for a spec that is refused now, holds its slot no longer", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  kube.delete(aSecret());
  assert.deepEqual((await pass(kube, 60)).remove, []);
  await pass(kube, SLOT_GRACE_SECONDS);
  assert.equal((await pass(kube, SLOT_GRACE_SECONDS + 1)).remove.length, 1);
  const other = aNamespaceInMemory(aRepository());
  await pass(other, 0);
  other.put({
    ...storedRepository(other),
    spec: aRepository({ spec: { catalog: { refreshInterval: "1s" } } }).spec,
  });
  assert.equal((await pass(other, 1)).remove.length, 1);
});

Deno.test("a Secret that is touched each minute makes no bootstrap, and one that changes each minute ever fewer", async () => {
  for (const [changes, most] of [[false, 25], [true, 40]] as const) {
    const kube = await anOpenRepository();
    const kind = aKind();
    let made = 0;
    for (let at = 60; at < 86_400; at += 60) {
      const metadata = { annotations: { touched: `${at}` } };
      kube.put(aSecret({ metadata, data: { KOPIA_PASSWORD: changes ? `secret ${at}` : "secret" } }));
      made += (await pass(kube, at, kind)).create.length;
      for (const job of kube.list(JOB)) {
        if (job.status === undefined) {
          endJob(kube, job, { exitCode: 0, message: openedMessage(), at: later(at + 5) });
        }
      }
      await pass(kube, at + 10, kind);
      await pass(kube, at + 11, kind);
    }
    assert.ok(made <= most, `${made} bootstraps in a day`);
  }
});

Deno.test("a password that is mended in a Secret that is touched each minute is noticed at once", async () => {
  const kube = aNamespaceInMemory(aRepository());
  const kind = aKind();
  const touch = (at: number, password: string) =>
    kube.put(
      aSecret({ metadata: { annotations: { touched: `${at}` } }, data: { KOPIA_PASSWORD: password } }),
    );
  touch(0, "wrong");
  let made = 0;
  for (let at = 0; at < 7200; at += 60) {
    touch(at, "wrong");
    made += (await pass(kube, at, kind)).create.length;
    for (const job of kube.list(JOB)) {
      if (job.status === undefined) {
        endJob(kube, job, { exitCode: 2, message: failedMessage("AuthFailure"), at: later(at) });
      }
    }
    await pass(kube, at + 1, kind);
    await pass(kube, at + 2, kind);
  }
  assert.ok(made <= 5, `${made} bootstraps in two hours`);
  touch(7200, "right");
  assert.equal((await pass(kube, 7206, kind)).create.length, 1);
});

for (
  const [what, spec, phase] of [
    ["when it is read", { catalog: { refreshInterval: "2h" } }, "Ready"],
    ["how it is opened", { mover: { cache: { capacity: "4Gi" } } }, "Initializing"],
  ] as const
) {
  Deno.test(`a Repository of which ${what} was changed is ${phase} while it is opened again`, async () => {
    const kube = await anOpenRepository();
    const stored = storedRepository(kube);
    kube.put({
      ...stored,
      metadata: { ...stored.metadata, generation: 2 },
      spec: aRepository({ spec }).spec,
    });
    const plan = await pass(kube, 5);
    assert.deepEqual([plan.create.length, plan.status.phase], [1, phase]);
    endJob(kube, jobIn(kube), { exitCode: 2, message: failedMessage("AuthFailure"), at: later(8) });
    assert.deepEqual([(await pass(kube, 9)).status.phase, (await pass(kube, 20)).status.phase], [
      "Failed",
      "Failed",
    ]);
  });
}

Deno.test("an open Repository says that its credentials changed, and tries them within seconds", async () => {
  const kube = await anOpenRepository();
  const kind = aKind();
  await pass(kube, 2, kind);
  kube.put(aSecret({ data: { KOPIA_PASSWORD: "another" } }));
  const waiting = await pass(kube, 3, kind);
  assert.deepEqual([waiting.create, waiting.status.phase], [[], "Ready"]);
  assert.match(waiting.outcome.message, /is open; its credentials changed since, and are not tried yet$/);
  assert.equal((await pass(kube, 6, kind)).create.length, 1);
  endJob(kube, jobIn(kube), { exitCode: 0, message: openedMessage(), at: later(8) });
  assert.match((await pass(kube, 8, kind)).outcome.message, /is open$/);
});

/** A Repository beside others that hold the slots. */
function aFullPool(slots: MoverSlots, movers: number): void {
  for (let each = 0; each < movers; each++) {
    slots.moverWorks({ id: `other/${each}`, namespace: "other", repository: undefined });
  }
}

Deno.test("a bootstrap without a slot says its place, and is made once it has one", async () => {
  const slots = someSlots(2);
  aFullPool(slots, 2);
  const kind = aKind(OPTIONS, slots);
  const kube = aNamespaceInMemory(aRepository());
  const plan = await pass(kube, 0, kind);
  assert.deepEqual([plan.create, plan.status.phase, plan.outcome.kind, plan.outcome.reason], [
    [],
    "Initializing",
    "waiting",
    "NoSlot",
  ]);
  assert.equal(
    plan.outcome.message,
    "Waits for a bootstrap slot: 1st of 1; 2 of 2 slots of the cluster are taken",
  );
  assert.deepEqual(plan.events, []);
  slots.moverEnded("other/0");
  assert.equal((await pass(kube, 1, kind)).create.length, 1);
  const open = await anOpenRepository();
  const full = someSlots(2);
  aFullPool(full, 2);
  const { outcome } = await planIn(open, later(3601), aKind(OPTIONS, full));
  assert.match(
    outcome.message,
    /^The repository .* is open; it cannot be read again yet: Waits for a bootstrap slot/,
  );
});

Deno.test("a Repository whose Secret is gone for one pass keeps its place in line", async () => {
  let ms = 0;
  const slots = someSlots(2, () => ms);
  aFullPool(slots, 2);
  const kind = aKind(OPTIONS, slots);
  const LATE = { namespace: "apps", name: "late" };
  const kube = aNamespaceInMemory(aRepository(), aRepository({ ...LATE }));
  const { signal } = new AbortController();
  const granted = async (key: ObjectKey) => {
    const world = await observeWorld(kind, key, kube, signal, later(ms / 1000));
    return world === undefined || world.slots === "free" ? -1 : world.slots.granted.size;
  };
  assert.equal(await granted(KEY), 0);
  ms = 1_200_000;
  assert.equal(await granted(LATE), 0);
  const secrets = kube.list(SECRET);
  secrets.forEach((secret) => kube.delete(secret));
  await granted(KEY);
  secrets.forEach((secret) => kube.put(secret));
  await granted(KEY);
  slots.moverEnded("other/0");
  assert.deepEqual([await granted(LATE), await granted(KEY)], [0, 1]);
});

Deno.test("a bootstrap the API server refuses gives its slot back", async () => {
  const slots = someSlots(2);
  const kind = aKind(OPTIONS, slots);
  const kube = aNamespaceInMemory(aRepository());
  const { signal } = new AbortController();
  const world = await observeWorld(kind, KEY, kube, signal, NOW);
  assert.ok(world !== undefined);
  assert.equal(slots.used, 1);
  kind.applied?.(world, { objects: [], error: refusal(403, "exceeded quota") }, NOW);
  assert.equal(slots.used, 0);
});

Deno.test("a Repository whose movers never start does not keep another one of its namespace from being read", async () => {
  const kube = aNamespaceInMemory(aRepository());
  await pass(kube, 0);
  kube.put(aPodOf(jobIn(kube), { status: unscheduled }));
  for (const second of [SLOT_GRACE_SECONDS, SLOT_GRACE_SECONDS + 1]) await pass(kube, second);
  removePods(kube);
  assert.equal(statusIn(kube).bootstrap?.job?.slotsGivenBack, 1);
  const slots = someSlots(1);
  aFullPool(slots, 1);
  const { outcome } = await pass(kube, SLOT_GRACE_SECONDS + 100, aKind(OPTIONS, slots));
  assert.equal(outcome.reason, "NoSlot");
  const asked = slots.ask({
    owner: { kind: "Repository", key: { namespace: KEY.namespace, name: "good" } },
    class: "maintenance",
    repository: `${KEY.namespace}/good`,
    repositoryLimit: undefined,
    since: "2020-01-01T00:00:00Z",
    wanted: [`${KEY.namespace}/good-bootstrap`],
    working: [],
  });
  assert.deepEqual([asked.waiting?.place, asked.waiting?.of], [1, 2]);
});

/** As where a finalizer, or a node that is not heard of, keeps each Job that is told to go. */
async function passThatLeavesJobs(kube: FakeKube, second: number, kind = aKind()): Promise<RepositoryPlan> {
  const plan = await planIn(kube, later(second), kind);
  const removed = plan.remove.map(({ key }) => key.name);
  for (const job of kube.list(JOB).filter(({ metadata }) => removed.includes(metadata.name))) {
    const deletionTimestamp = job.metadata.deletionTimestamp ?? later(second).toISOString();
    kube.put({ ...job, metadata: { ...job.metadata, deletionTimestamp } });
  }
  await carryOut(kube, { ...plan, remove: [] }, later(second));
  return plan;
}

function edit(kube: FakeKube, change: Readonly<Record<string, unknown>>): void {
  const repository = storedRepository(kube);
  const spec = { ...repository.spec as Readonly<Record<string, unknown>>, ...change };
  const generation = (repository.metadata.generation ?? 1) + 1;
  kube.put({ ...repository, metadata: { ...repository.metadata, generation }, spec });
}

const onSsd = { mover: { nodeSelector: { disk: "ssd" } } };
/** What may be missing while the ended Job is waited for, until second 1200. */
const missing: Readonly<Record<string, (kube: FakeKube, slots: MoverSlots, isBack: boolean) => void>> = {
  nothing: () => {},
  "a slot": (_kube, slots, isBack) => {
    if (!isBack) return aFullPool(slots, 2);
    for (const each of [0, 1]) slots.moverEnded(`other/${each}`);
  },
  "a Secret": (kube, _slots, isBack) => {
    if (isBack) kube.put(aSecret());
    else kube.delete(aSecret());
  },
};
for (const make of [aRepository, aCreatingRepository]) {
  for (const [what, change] of Object.entries(missing)) {
    Deno.test(`Repository is opened by its new spec beside an ended Job of the former one that stays, where ${what} was missing: ${make.name}`, async () => {
      const slots = someSlots(2);
      const kind = aKind(OPTIONS, slots);
      const kube = aNamespaceInMemory(make());
      await pass(kube, 0, kind);
      const former = jobIn(kube);
      slots.moverEnded(`apps/${former.metadata.name}`);
      endJob(kube, former, { exitCode: 0, message: openedMessage(), at: later(5) });
      edit(kube, onSsd);
      for (let second = 10; kube.list(JOB).length < 2; second += 20) {
        assert.ok(second < 1300, "it is not made");
        if (second === 90 || second === 1210) change(kube, slots, second !== 90);
        await passThatLeavesJobs(kube, second, kind);
      }
      assert.ok(kube.list(JOB).some(({ metadata }) => metadata.name === former.metadata.name));
    });
  }
}

Deno.test("a Repository that may create is tried again beside a failed Job that stays", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await pass(kube, 0);
  endJob(kube, jobIn(kube), { exitCode: 1, message: failedMessage("NetworkUnreachable"), at: later(5) });
  for (let second = 10; kube.list(JOB).length < 2; second += 20) {
    assert.ok(second < 900, "it is not tried again");
    await passThatLeavesJobs(kube, second);
  }
});

Deno.test("a bootstrap that may create meets none on a lost node, also where one between them could not and stays", async () => {
  const kube = aNamespaceInMemory(aCreatingRepository());
  await pass(kube, 0);
  const lost = jobIn(kube);
  kube.put(aPodOf(lost, { status: running }));
  edit(kube, { create: { enabled: false } });
  let second = 20;
  for (; kube.list(JOB).length < 2; second += 20) await passThatLeavesJobs(kube, second);
  const [, between = assert.fail()] = kube.list(JOB);
  edit(kube, { create: { enabled: true } });
  endJob(kube, between, { exitCode: 1, message: "", at: later(second) });
  for (const until = second + 1200; second < until; second += 20) {
    assert.deepEqual((await passThatLeavesJobs(kube, second)).create, []);
  }
  assert.match((await planIn(kube, later(second))).outcome.message, /out of sight/);
  removePods(kube);
  kube.delete(lost);
  for (const until = second + 400; kube.list(JOB).length < 2; second += 20) {
    assert.ok(second < until, "it is not made");
    await passThatLeavesJobs(kube, second);
  }
});
