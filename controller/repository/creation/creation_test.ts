import assert from "node:assert/strict";
import { findCondition, type RepositoryStatus, repositoryStatus } from "../../../api/mod.ts";
import fc from "fast-check";
import type { KubeObject, ObjectKey, Reader } from "../../../kube/types.ts";
import {
  aClaim,
  aNamespace,
  aPodOf,
  aRepository,
  aSecret,
  FakeClock,
  FakeKube,
  type Parts,
  readerOver,
  startTelemetryProbe,
  workSpecOf,
} from "../../../tests/support/mod.ts";
import { reconcile } from "../../runtime/pass/reconcile.ts";
import { SLOT_GRACE_SECONDS } from "../../movers/mod.ts";
import { JOB, POD, REPOSITORY } from "../../shared/mod.ts";
import { JOB_SECONDS } from "../bootstrap/task.ts";
import { FOREIGN_SECONDS } from "./creation.ts";
import { aKind, endJob, failedMessage, KIND, openedMessage } from "../stage_test.ts";

const ONE = { namespace: "apps", name: "one" };
const TWO = { namespace: "apps", name: "two" };
const FAR = { namespace: "other", name: "three" };
/** Whose status somebody writes; it makes no pass of its own. */
const FORGED = { namespace: "third", name: "forged" };

/** A Repository that may create, on the S3 storage all share unless it says otherwise. */
function aCreator({ namespace, name }: ObjectKey, { spec = {}, ...parts }: Parts = {}): KubeObject {
  const s3 = {
    bucket: "backups",
    endpoint: "minio.storage:9000",
    prefix: "all/",
    auth: { secretRef: { name: "keys" } },
  };
  return aRepository({
    ...{ namespace, name },
    ...parts,
    spec: { backend: { s3 }, create: { enabled: true }, ...spec },
  });
}

/** A Repository that may create, on a volume. */
function onVolume(key: ObjectKey): KubeObject {
  const filesystem = { path: "/repository", volume: { pvc: { name: "repo-data" } } };
  return aCreator(key, { spec: { backend: { filesystem } } });
}

/** Two namespaces with the real engine around the kind. */
class Scene {
  readonly kube: FakeKube;
  readonly clock = new FakeClock("2026-01-02T03:05:00Z");
  readonly #probe = startTelemetryProbe(this.clock);
  /** The controller that leads. */
  #kind = aKind();
  /** What it sees. */
  reader: Reader;

  constructor(...objects: readonly KubeObject[]) {
    this.kube = new FakeKube(() => new Date(this.clock.epochMs())).declare(this.#kind);
    this.reader = this.kube;
    for (const namespace of ["apps", "other"]) {
      this.kube.put(
        aNamespace({ name: namespace }),
        aSecret({ namespace }),
        aSecret({ namespace, name: "keys", data: { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" } }),
        aClaim({ namespace, name: "repo-data" }),
      );
    }
    this.kube.put(...objects);
  }

  /** Another process takes the lead: what the one before kept in its memory is lost. */
  handOver(): void {
    this.#kind = aKind();
  }

  /** A pass over each of them, all begun at the same moment. */
  async pass(...keys: readonly ObjectKey[]): Promise<void> {
    const { telemetry } = this.#probe;
    const { kube, clock, reader } = this;
    const deps = {
      reader,
      writer: kube,
      events: kube,
      telemetry,
      clock,
      random: () => 0.5,
      newId: () => "pass",
    };
    await Promise.all(
      keys.map((key) => reconcile({ kind: this.#kind, key }, "spec", deps, new AbortController().signal)),
    );
  }

  status(key: ObjectKey): RepositoryStatus {
    return repositoryStatus.parse(this.kube.get(REPOSITORY, key)?.status ?? {});
  }

  ready(key: ObjectKey): string {
    const { reason, message } = findCondition(this.status(key).conditions, "Ready") ?? {};
    return `${reason}: ${message}`;
  }

  /** The Job of a Repository that has not ended. */
  jobOf(key: ObjectKey): KubeObject | undefined {
    const { uid } = this.stored(key).metadata;
    return this.kube.list(JOB).find(({ metadata, status }) =>
      status === undefined && metadata.ownerReferences?.[0]?.uid === uid
    );
  }

  /** Has time go by. */
  async wait(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000);
  }

  /** A Repository is deleted and its Job collected; the Job's pods are not yet. */
  delete(key: ObjectKey): void {
    const job = this.jobOf(key);
    if (job !== undefined) this.kube.delete(job);
    this.kube.delete(this.stored(key));
  }

  stored(key: ObjectKey): KubeObject {
    const object = this.kube.get(REPOSITORY, key);
    assert.ok(object !== undefined);
    return object;
  }

  /** Which of them have a mover that may create, while none of their namespace is open: what is there is not made again. */
  racing(): readonly string[] {
    const open = this.kube.list(REPOSITORY).filter(({ status }) =>
      repositoryStatus.parse(status ?? {}).uniqueId !== undefined
    ).map(({ metadata }) => metadata.namespace);
    return this.#creating().filter(({ namespace }) => !open.includes(namespace)).map(({ name }) => name);
  }

  /** Which of them have a mover that may create. */
  creators(): readonly string[] {
    return this.#creating().map(({ name }) => name);
  }

  #creating(): readonly ObjectKey[] {
    return this.kube.list(JOB).filter((job) => job.status === undefined && mayCreate(job))
      .map((job) => (workSpecOf(job) as { target: ObjectKey }).target);
  }

  /** Somebody writes into a status that the Repository is open. */
  forge(key: ObjectKey): void {
    const bootstrap = { forGeneration: 1, credentialVersion: "", runs: 1, failures: 0 };
    this.kube.put({ ...this.stored(key), status: { uniqueId: "forged", bootstrap } });
  }

  /** Ends the mover of a Repository and takes its result. */
  async end(key: ObjectKey, exitCode: number, message: string): Promise<void> {
    const job = this.jobOf(key);
    assert.ok(job !== undefined, `${key.name} has no mover`);
    endJob(this.kube, job, { exitCode, message, at: new Date(this.clock.epochMs()) });
    await this.pass(key);
  }
}

function mayCreate(job: KubeObject): boolean {
  return JSON.stringify(workSpecOf(job)).includes('"create"');
}

/** The pod of a Job as the Job controller makes it of the template. */
function podOf(job: KubeObject, status: Readonly<Record<string, unknown>>): KubeObject {
  const { template } = job.spec as {
    template: { metadata: { annotations: Record<string, string> }; spec: Record<string, unknown> };
  };
  const { metadata: { annotations }, spec } = template;
  return aPodOf(job, { metadata: { annotations }, spec, status });
}

/** A reader that shows no Job yet. */
function behind(kube: FakeKube): Reader {
  return readerOver(kube, {
    get: (resource, key) => resource.kind === JOB.kind ? undefined : kube.get(resource, key),
    list: (resource, query) => resource.kind === JOB.kind ? [] : kube.list(resource, query),
  });
}

const unscheduled = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }],
};

Deno.test("of two Repositories of one storage that are applied at once, one creates and the other connects after it", async () => {
  for (const [first, second] of [[ONE, TWO], [ONE, FAR], [FAR, TWO]] as const) {
    const scene = new Scene(aCreator(first), aCreator(second));
    await scene.pass(first, second);
    assert.deepEqual(scene.creators(), [first.name]);
    await scene.pass(second, first);
    assert.deepEqual(scene.creators(), [first.name]);
    assert.equal(scene.status(second).phase, "Pending");
    await scene.end(first, 0, openedMessage({ created: true }));
    await scene.pass(second);
    assert.ok(scene.jobOf(second) !== undefined, "it connects: there is one");
    await scene.end(second, 2, failedMessage("AuthFailure"));
    assert.match(scene.ready(second), /^AuthFailure: The repository password is wrong/);
  }
});

Deno.test("Repositories of different storages, or that may not create, do not wait for each other", async () => {
  const elsewhere = { backend: { s3: { bucket: "others", auth: { secretRef: { name: "keys" } } } } };
  const scene = new Scene(aCreator(ONE), aCreator(TWO, { spec: elsewhere }), onVolume(FAR));
  await scene.pass(ONE, TWO, FAR);
  assert.deepEqual(scene.creators().toSorted(), ["one", "three", "two"]);
  const connecting = new Scene(aCreator(ONE), aCreator(TWO, { spec: { create: { enabled: false } } }));
  await connecting.pass(ONE, TWO);
  assert.equal(connecting.kube.list(JOB).length, 2);
});

Deno.test("a Repository that waits for another says so once, by name within its namespace only", async () => {
  for (const [second, who] of [[TWO, '"one"'], [FAR, "one of another namespace"]] as const) {
    const scene = new Scene(aCreator(ONE), aCreator(second));
    for (let each = 0; each < 3; each++) await scene.pass(ONE, second);
    const message = `Another Repository may be creating a repository in the same storage: ${who}; ` +
      "two at once would destroy each other's, so this one goes on after it";
    assert.equal(scene.ready(second), `CreationContested: ${message}`);
    const said = scene.kube.events.filter(({ regarding, type }) =>
      regarding.metadata.name === second.name && type === "Warning"
    );
    assert.deepEqual(said.map(({ reason, action, note }) => [reason, action, note]), [
      ["CreationContested", "CheckRepository", message],
    ]);
    const condition = findCondition(scene.status(second).conditions, "UniqueRepository");
    assert.deepEqual([condition?.status, condition?.reason], ["False", "CreationContested"]);
    await scene.end(ONE, 0, openedMessage({ created: true }));
    await scene.pass(second);
    assert.equal(findCondition(scene.status(second).conditions, "UniqueRepository"), undefined);
  }
});

Deno.test("a creating mover that no cache shows yet keeps others waiting, also after another process took the lead", async () => {
  for (const isHandedOver of [false, true]) {
    const scene = new Scene(aCreator(ONE), aCreator(FAR));
    scene.reader = behind(scene.kube);
    await scene.pass(ONE);
    if (isHandedOver) scene.handOver();
    await scene.pass(FAR);
    assert.deepEqual(scene.creators(), ["one"]);
    assert.match(scene.ready(FAR), /^CreationContested/);
  }
});

Deno.test("a Repository goes on when the one before it failed, was deleted, was moved or gave its mover up", async () => {
  const leavings: Readonly<Record<string, (scene: Scene) => Promise<void> | void>> = {
    failed: (scene) => scene.end(ONE, 2, failedMessage("AccessDenied")),
    deleted: (scene) => scene.delete(ONE),
    moved: async (scene) => {
      scene.kube.put({ ...scene.stored(ONE), spec: onVolume(ONE).spec });
      for (let each = 0; each < 2; each++) await scene.pass(ONE);
    },
    "given up": async (scene) => {
      const job = scene.jobOf(ONE);
      assert.ok(job !== undefined);
      scene.kube.put(podOf(job, unscheduled));
      await scene.wait(SLOT_GRACE_SECONDS);
      await scene.pass(ONE, TWO);
      assert.match(scene.ready(TWO), /^CreationContested/, "its pod is still there");
      scene.kube.list(POD).forEach((pod) => scene.kube.delete(pod));
      await scene.pass(ONE);
    },
  };
  for (const [how, leave] of Object.entries(leavings)) {
    const scene = new Scene(aCreator(ONE), aCreator(TWO));
    await scene.pass(ONE, TWO);
    await leave(scene);
    await scene.pass(TWO);
    const job = scene.jobOf(TWO);
    assert.ok(job !== undefined && mayCreate(job), how);
    await scene.wait(3600);
    if (how === "failed" || how === "given up") {
      await scene.pass(ONE);
      assert.deepEqual(scene.creators(), ["two"], how);
    }
  }
});

Deno.test("the pod of a Repository that is gone keeps others of its namespace waiting until it is gone too", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(TWO));
  await scene.pass(ONE);
  const job = scene.jobOf(ONE);
  assert.ok(job !== undefined);
  const pod = scene.kube.put(podOf(job, { phase: "Running" }));
  scene.delete(ONE);
  await scene.pass(TWO);
  assert.deepEqual(scene.creators(), []);
  assert.match(scene.ready(TWO), /^CreationContested/);
  scene.kube.delete(pod);
  await scene.pass(TWO);
  assert.deepEqual(scene.creators(), ["two"]);
});

Deno.test("a Job made by hand in another namespace keeps nobody waiting", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(FAR));
  await scene.pass(FAR);
  const job = scene.jobOf(FAR);
  assert.ok(job !== undefined);
  scene.kube.delete(scene.stored(FAR));
  await scene.pass(ONE);
  assert.deepEqual(scene.creators().toSorted(), ["one", "three"]);
});

Deno.test("a Job of another namespace that does not go away keeps nobody waiting for longer than it may work", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(FAR));
  await scene.pass(FAR);
  const job = scene.jobOf(FAR);
  assert.ok(job !== undefined);
  const deletionTimestamp = scene.clock.now().toISOString();
  scene.kube.put({ ...job, metadata: { ...job.metadata, deletionTimestamp, finalizers: ["theirs"] } });
  await scene.pass(ONE);
  assert.deepEqual(scene.creators(), ["three"]);
  await scene.wait(3600);
  await scene.pass(ONE);
  assert.deepEqual(scene.creators().toSorted(), ["one", "three"]);
});

Deno.test("a Job of another namespace says nothing of the volumes of this one", async () => {
  const scene = new Scene(onVolume(ONE), onVolume(FAR));
  await scene.pass(FAR);
  const job = scene.jobOf(FAR);
  assert.ok(job !== undefined);
  scene.kube.put(
    JSON.parse(JSON.stringify(job).replaceAll('\\"namespace\\":\\"other\\"', '\\"namespace\\":\\"apps\\"')),
  );
  assert.deepEqual(
    (workSpecOf(scene.kube.list(JOB)[0] as typeof job) as { target: ObjectKey }).target.namespace,
    "apps",
  );
  await scene.pass(ONE);
  assert.deepEqual(scene.creators().toSorted(), ["one", "three"]);
});

Deno.test("a Repository may create beside one that says it is open, whatever that is", async () => {
  const endpoint = "s3.eu-west-1.amazonaws.com";
  const s3 = { bucket: "backups", endpoint, auth: { secretRef: { name: "keys" } } };
  const scene = new Scene(
    aCreator(ONE, { spec: { backend: { s3 } } }),
    aCreator(FAR, { spec: { backend: { s3 } } }),
  );
  await scene.pass(FAR);
  await scene.end(FAR, 0, openedMessage());
  await scene.pass(ONE);
  assert.deepEqual(scene.creators(), ["one"]);
});

Deno.test("an open status of another namespace, whoever wrote it, spares nobody the turn", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(TWO), aCreator(FAR));
  scene.forge(FAR);
  await scene.pass(ONE, TWO);
  assert.equal(scene.creators().length, 1);
  await scene.pass(TWO, ONE);
  assert.equal(scene.creators().length, 1);
});

Deno.test("beside an open Repository of their namespace all are opened at once", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(TWO), aCreator({ namespace: "apps", name: "four" }));
  await scene.pass(ONE);
  await scene.end(ONE, 0, openedMessage({ created: true }));
  await scene.pass(TWO, { namespace: "apps", name: "four" });
  assert.deepEqual(scene.creators().toSorted(), ["four", "two"]);
});

Deno.test("a Job of another namespace that was suspended counts from when it began its work", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(FAR));
  await scene.pass(FAR);
  const job = scene.jobOf(FAR);
  assert.ok(job !== undefined);
  await scene.wait(FOREIGN_SECONDS + 60);
  scene.kube.put({ ...job, status: { startTime: scene.clock.now().toISOString() } });
  await scene.pass(ONE);
  assert.match(scene.ready(ONE), /^CreationContested/);
});

Deno.test("a creator looks at the movers of a thousand rivals a few at a time, and no longer than until it finds one", async () => {
  const rivals = Array.from(
    { length: 1000 },
    (_, at) => aCreator({ namespace: "other", name: `rival-${at}` }, { metadata: { uid: `rival-${at}` } }),
  );
  const scene = new Scene(aCreator(ONE), ...rivals);
  await scene.pass({ namespace: "other", name: "rival-0" });
  let [reads, now, most] = [0, 0, 0];
  const hidden = behind(scene.kube);
  scene.reader = readerOver(hidden, {
    read: async (resource, key, signal) => {
      reads += 1;
      most = Math.max(most, ++now);
      await Promise.resolve();
      now -= 1;
      return await hidden.read(resource, key, signal);
    },
  });
  await scene.pass(ONE);
  assert.deepEqual(scene.creators(), ["rival-0"]);
  assert.ok(most <= 40 && reads <= 60, `${most} of ${reads} at a time`);
});

Deno.test("a Repository that leaves the storage wakes those that wait for it", async () => {
  const scene = new Scene(aCreator(ONE), aCreator(TWO), aCreator(FAR));
  await scene.pass(ONE, TWO, FAR);
  const watch = KIND.watches.find(({ resource, keys }) => resource === REPOSITORY && keys !== undefined);
  assert.deepEqual(watch?.keys?.(scene.stored(ONE), scene.kube), [TWO, FAR]);
  assert.deepEqual(watch?.keys?.(scene.stored(TWO), scene.kube), [FAR]);
});

Deno.test("whatever happens in whatever order, no two movers may create in one storage, and in the end all are open", async () => {
  const keys = [ONE, TWO, FAR];
  const action = fc.oneof(
    fc.record({
      kind: fc.constant("pass" as const),
      who: fc.subarray(keys, { minLength: 1 }),
      lags: fc.boolean(),
    }),
    fc.record({ kind: fc.constant("ends" as const), who: fc.constantFrom(...keys), works: fc.boolean() }),
    fc.record({ kind: fc.constant("time" as const), seconds: fc.constantFrom(1, 60, 400, 4000) }),
    fc.record({ kind: fc.constant("handOver" as const) }),
    fc.record({ kind: fc.constant("forged" as const) }),
  );
  const end = async (scene: Scene, key: ObjectKey, works: boolean) => {
    if (scene.jobOf(key) === undefined) return;
    if (works) await scene.end(key, 0, openedMessage());
    else await scene.end(key, 1, failedMessage("RepositoryUnavailable"));
  };
  // As the Job controller ends what works for too long.
  const waitWithLimits = async (scene: Scene, seconds: number) => {
    for (let left = seconds; left > 0; left -= 300) {
      await scene.wait(Math.min(left, 300));
      for (const job of scene.kube.list(JOB)) {
        const ageMs = scene.clock.epochMs() - Date.parse(job.metadata.creationTimestamp ?? "");
        if (job.status !== undefined || ageMs < JOB_SECONDS * 1000) continue;
        const message = failedMessage("RepositoryUnavailable");
        endJob(scene.kube, job, { exitCode: 1, message, at: scene.clock.now() });
      }
    }
  };
  assert.ok(FOREIGN_SECONDS > JOB_SECONDS + 300);
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 16 }), async (actions) => {
      const scene = new Scene(...[...keys, FORGED].map((key) => aCreator(key)));
      for (const each of actions) {
        if (each.kind === "time") await waitWithLimits(scene, each.seconds);
        if (each.kind === "handOver") scene.handOver();
        if (each.kind === "forged") scene.forge(FORGED);
        if (each.kind === "ends") await end(scene, each.who, each.works);
        if (each.kind === "pass") {
          scene.reader = each.lags ? behind(scene.kube) : scene.kube;
          await scene.pass(...each.who);
        }
        assert.ok(scene.racing().length <= 1, `${scene.racing()}`);
      }
      scene.reader = scene.kube;
      for (let round = 0; round < 5; round++) {
        await waitWithLimits(scene, 2000);
        await scene.pass(...keys);
        assert.ok(scene.racing().length <= 1, `${scene.racing()}`);
        for (const key of keys) await end(scene, key, true);
      }
      assert.deepEqual(keys.map((key) => scene.status(key).phase), ["Ready", "Ready", "Ready"]);
    }),
    { numRuns: 10 },
  );
});
