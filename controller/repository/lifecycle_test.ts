import assert from "node:assert/strict";
import fc from "fast-check";
import { type CatalogEntry, encodeCatalog, mergeConditions } from "../../api/mod.ts";
import { outcomeConditions } from "../runtime/pass/report.ts";
import { keyOf, type KubeObject } from "../../kube/types.ts";
import { aPodOf, aRepository, aSecret, workSpecOf } from "../../tests/support/mod.ts";
import { JOB, POD } from "../shared/mod.ts";
import { BACKUP } from "./catalog/backups_seen.ts";
import { anEntry, namesOf } from "./catalog/stage_test.ts";
import {
  aNamespaceInMemory,
  endJob,
  failedMessage,
  KIND,
  NOW,
  openedMessage,
  planIn,
  statusIn,
  storedRepository,
  worldIn,
} from "./stage_test.ts";

/** What may happen around a Repository. */
type Action =
  /** The controller makes a pass and dies after so many writes. */
  | { readonly kind: "pass"; readonly writes: number }
  | { readonly kind: "podStarts" }
  | { readonly kind: "podEnds"; readonly how: "works" | "Locked" | "AuthFailure" | "garbage" | "killed" }
  /** Somebody deletes the Job; its pods live on until they are collected. */
  | { readonly kind: "jobVanishes" }
  | { readonly kind: "podsCollected" }
  | { readonly kind: "edit"; readonly path: "/a" | "/b"; readonly create: boolean }
  | { readonly kind: "secretChanges" }
  | { readonly kind: "storageIsWiped" }
  | { readonly kind: "storageIsReplaced" }
  | { readonly kind: "time"; readonly seconds: number };

const actions: fc.Arbitrary<Action> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass"), writes: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass"), writes: fc.constant(99) }) },
  { weight: 3, arbitrary: fc.constant({ kind: "podStarts" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("podEnds"),
      how: fc.constantFrom("works", "works", "works", "Locked", "AuthFailure", "garbage", "killed"),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "jobVanishes" }) },
  { weight: 1, arbitrary: fc.constant({ kind: "podsCollected" }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("edit"),
      path: fc.constantFrom("/a", "/b"),
      create: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "secretChanges" }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "storageIsWiped" }, { kind: "storageIsReplaced" }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("time"), seconds: fc.constantFrom(1, 15, 60, 1000, 4000) }),
  },
) as fc.Arbitrary<Action>;

function specOf(path: string, create: boolean): Readonly<Record<string, unknown>> {
  return {
    backend: { filesystem: { path, volume: { pvc: { name: "repo-data" } } } },
    create: { enabled: create },
  };
}

/** A Repository, its storage, and the Kubernetes around it; keeps the promises that must hold at every step. */
class Universe {
  readonly kube = aNamespaceInMemory(aRepository({ spec: specOf("/a", true) }));
  /** Unique id of the repository under each path. */
  readonly #storage = new Map<string, string>();
  /** Pods that run, or ran until they were collected, and may create. */
  readonly #creatingPods = new Set<string>();
  #now = NOW;
  #serial = 0;
  jobsEnded = 0;
  measured = 0;

  async act(action: Action): Promise<void> {
    switch (action.kind) {
      case "pass":
        return await this.pass(action.writes);
      case "podStarts":
        for (const job of this.#liveJobs()) this.#startPod(job);
        return;
      case "podEnds":
        for (const job of this.#liveJobs()) this.#endPod(job, action.how);
        return;
      case "jobVanishes":
        return this.kube.list(JOB).forEach((job) => this.kube.delete(job));
      case "podsCollected":
        return this.#collectPods();
      case "edit":
        this.kube.put({
          ...storedRepository(this.kube),
          spec: { ...this.#spec(), ...specOf(action.path, action.create) },
        });
        return;
      case "secretChanges":
        this.kube.put(aSecret({ data: { KOPIA_PASSWORD: `password ${++this.#serial}` } }));
        return;
      case "storageIsWiped":
        return this.#storage.clear();
      case "storageIsReplaced":
        this.#storage.set(this.#path(), `repository-${++this.#serial}`);
        return;
      case "time":
        this.#now = new Date(this.#now.getTime() + action.seconds * 1000);
    }
  }

  /** One pass of the controller, of which only the first writes happen. */
  async pass(writes: number): Promise<void> {
    const { signal } = new AbortController();
    const object = storedRepository(this.kube);
    const known = statusIn(this.kube).uniqueId;
    const world = await worldIn(this.kube, this.#now);
    const plan = KIND.plan(world, this.#now);
    const offered = { made: plan.offer?.length ?? 0 };
    assert.ok(
      known === undefined || !JSON.stringify(plan.create).includes('\\"create\\"'),
      "create beside a known id",
    );
    const status = {
      ...KIND.status(world, plan, { objects: [], offered }),
      conditions: mergeConditions(
        statusIn(this.kube).conditions ?? [],
        [...plan.conditions, ...outcomeConditions(plan.outcome)],
        object.metadata.generation ?? 0,
        this.#now,
      ),
    };
    const steps: readonly (() => Promise<unknown>)[] = [
      ...plan.create.map((desired) => () => this.kube.create(desired, signal)),
      ...plan.remove.map((removal) => async () => {
        await this.kube.remove(removal, signal);
        this.#collectPods();
      }),
      ...(plan.offer ?? []).map((desired) => () => this.kube.create(desired, signal)),
      async () => {
        if (await this.kube.replaceStatus(object, status, signal)) {
          this.measured += plan.measures.filter(({ kind }) => kind === "add").length;
        }
      },
    ];
    for (const step of steps.slice(0, writes)) await step();
    this.#nameNewJobs();
    this.#check(known);
  }

  #check(known: string | undefined): void {
    const creators = new Set(this.#liveJobs().filter((job) => this.#mayCreate(job)).map(podNameOf));
    const pods = new Set(this.kube.list(POD).map(({ metadata }) => metadata.name));
    for (const name of this.#creatingPods) if (pods.has(name)) creators.add(name);
    assert.ok(creators.size <= 1, "two bootstraps that may create");
    const { uniqueId, phase } = statusIn(this.kube);
    assert.ok(known === undefined || uniqueId === known, "another unique id was adopted");
    assert.ok(phase !== "Ready" || uniqueId !== undefined, "ready without a unique id");
    assert.ok(this.measured <= this.jobsEnded, "a Job was counted twice");
  }

  /** Lets everything work from now on until nothing more happens. */
  async settle(): Promise<void> {
    for (let round = 0; round < 12; round++) {
      await this.pass(99);
      await this.pass(99);
      await this.act({ kind: "podEnds", how: "works" });
      this.#collectPods();
      if (round < 6) await this.act({ kind: "time", seconds: 2000 });
    }
  }

  /** Writes of one more pass. */
  async writesOfAnotherPass(): Promise<readonly string[]> {
    const before = this.kube.writes.length;
    await this.pass(99);
    return this.kube.writes.slice(before);
  }

  /** True when the storage holds what the object was opened with before, or nothing was opened yet. */
  canWork(): boolean {
    const { uniqueId } = statusIn(this.kube);
    const there = this.#storage.get(this.#path());
    return uniqueId === undefined ? there !== undefined || this.#creates() : there === uniqueId;
  }

  #path(): string {
    return this.#spec().backend.filesystem.path;
  }

  #creates(): boolean {
    return this.#spec().create.enabled;
  }

  #spec() {
    return storedRepository(this.kube).spec as {
      backend: { filesystem: { path: string } };
      create: { enabled: boolean };
    };
  }

  #liveJobs(): readonly KubeObject[] {
    return this.kube.list(JOB).filter(({ status }) => status === undefined);
  }

  #workSpec(job: KubeObject): BootstrapSpec {
    return workSpecOf(job) as unknown as BootstrapSpec;
  }

  #mayCreate(job: KubeObject): boolean {
    return "create" in this.#workSpec(job).operation.bootstrap;
  }

  #startPod(job: KubeObject): void {
    const running = { phase: "Running", containerStatuses: [{ name: "mover", state: { running: {} } }] };
    this.kube.put(aPodOf(job, { name: podNameOf(job), status: running }));
    if (this.#mayCreate(job)) this.#creatingPods.add(podNameOf(job));
  }

  #endPod(job: KubeObject, how: Extract<Action, { kind: "podEnds" }>["how"]): void {
    this.jobsEnded++;
    this.kube.delete(aPodOf(job, { name: podNameOf(job) }));
    const end = (exitCode: number, message: string) =>
      endJob(this.kube, job, { exitCode, message, at: this.#now });
    if (how === "garbage") return end(1, '{"version":1,"bootstr');
    if (how === "killed") return end(137, "");
    if (how !== "works") return end(how === "Locked" ? 1 : 2, failedMessage(how));
    const path = this.#workSpec(job).repository.filesystem.path;
    const found = this.#storage.get(path);
    if (found !== undefined) return this.#list(job, found, false, end);
    if (!this.#mayCreate(job)) return end(2, failedMessage("NotInitialized"));
    const uniqueId = `repository-${++this.#serial}`;
    this.#storage.set(path, uniqueId);
    this.#list(job, uniqueId, true, end);
  }

  /** Each repository holds two snapshots nobody here made; the log says so. */
  #list(
    job: KubeObject,
    uniqueId: string,
    created: boolean,
    end: (exitCode: number, message: string) => void,
  ): void {
    const { lines, digest } = encodeCatalog(snapshotsOf(uniqueId), { isWhole: true });
    end(0, openedMessage({ uniqueId, created, catalog: digest }));
    for (const pod of this.kube.list(POD)) {
      if (pod.metadata.ownerReferences?.[0]?.uid === job.metadata.uid) {
        this.kube.setLog(keyOf(pod), "mover", lines.join("\n"));
      }
    }
  }

  #collectPods(): void {
    const uids = new Set(this.kube.list(JOB).map(({ metadata }) => metadata.uid));
    for (const pod of this.kube.list(POD)) {
      if (!uids.has(pod.metadata.ownerReferences?.[0]?.uid)) this.kube.delete(pod);
    }
  }

  /** The real server gives every Job a uid of its own, also one of the same name. */
  #nameNewJobs(): void {
    for (const job of this.kube.list(JOB)) {
      if (job.metadata.uid?.startsWith("job-") === true) continue;
      const metadata = { ...job.metadata, uid: `job-${++this.#serial}` };
      this.kube.put({ ...job, metadata });
    }
  }
}

function snapshotsOf(uniqueId: string): readonly CatalogEntry[] {
  const { length } = uniqueId;
  return [1, 2].map((number) => anEntry(Number(uniqueId.slice(length - 1)) * 10 + number));
}

interface BootstrapSpec {
  readonly operation: { readonly bootstrap: object };
  readonly repository: { readonly filesystem: { readonly path: string } };
}

function podNameOf(job: KubeObject): string {
  return `pod-of-${job.metadata.uid}`;
}

Deno.test("the Repository kind keeps its promises whatever happens and wherever the controller dies", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(actions, { maxLength: 40 }), async (history) => {
      const universe = new Universe();
      for (const action of history) await universe.act(action);
      await universe.settle();
      const { phase, uniqueId, catalog } = statusIn(universe.kube);
      assert.equal(phase, universe.canWork() ? "Ready" : "Failed");
      if (phase === "Ready" && uniqueId !== undefined) {
        const found = universe.kube.list(BACKUP).map(({ metadata }) => metadata.name);
        assert.deepEqual(
          found.toSorted(),
          snapshotsOf(uniqueId).map(({ files }) => namesOf(files ?? 0)[0]).toSorted(),
        );
        assert.equal(catalog?.discoveredBackupCount, 2);
      }
      assert.deepEqual(await universe.writesOfAnotherPass(), []);
      assert.equal(universe.kube.list(JOB).length, 0);
    }),
    { numRuns: 300 },
  );
});

Deno.test("the Repository kind creates once, and finds that repository after a controller died before it knew", async () => {
  const universe = new Universe();
  await universe.pass(99);
  await universe.act({ kind: "podEnds", how: "works" });
  await universe.act({ kind: "jobVanishes" });
  await universe.act({ kind: "podsCollected" });
  await universe.settle();
  const { uniqueId, lastInit } = statusIn(universe.kube);
  assert.equal(uniqueId, "repository-2");
  assert.equal(lastInit?.created, false);
  assert.deepEqual((await planIn(universe.kube, new Date("2030-01-01T00:00:00Z"))).events, []);
});
