import assert from "node:assert/strict";
import fc from "fast-check";
import { ANNOTATION, API_VERSION, type BackupStatus } from "../../api/mod.ts";
import type { KubeObject, Reader } from "../../kube/types.ts";
import {
  aDeletedResult,
  aFailedResult,
  aSavedResult,
  BackupStage,
} from "../../tests/support/backup_stage.ts";
import { aBackupConfig, aPodOf, type FakeKube } from "../../tests/support/mod.ts";

const anyResult = fc.oneof(
  fc.constantFrom(
    aSavedResult("k1"),
    aSavedResult("k2", { files: 0 }),
    aSavedResult("k3", { unreadable: { count: 2, paths: ["a", "b"] } }),
    aSavedResult("k4").slice(0, 60),
    aSavedResult("k0", { unchanged: true }),
    aFailedResult("AuthFailure", "invalid repository password"),
    aFailedResult("RepositoryUnavailable", "refused"),
    aDeletedResult(1),
    "",
    "null",
  ),
  fc.string(),
);

const anyAction = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("pass" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      at: fc.nat(),
      exit: fc.constantFrom(0, 1, 2, 137),
      message: anyResult,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("reap" as const), at: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("garble" as const),
      at: fc.nat(),
      status: fc.object({ maxDepth: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("advance" as const), seconds: fc.constantFrom(5, 61, 4000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("restart" as const, "dropConfig" as const, "putConfig" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("repository" as const),
      id: fc.constantFrom("0123abcd", "ffff0000"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("lag" as const), jobs: fc.boolean(), backup: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("annotate" as const),
      annotation: fc.constantFrom(
        ANNOTATION.cancelRun,
        ANNOTATION.snapshotMissing,
        ANNOTATION.confirmDeletion,
        ANNOTATION.deletedBy,
      ),
      text: fc.constantFrom(
        "true",
        "Replaced",
        "retention",
        '{"at":"2026-01-02T03:00:00Z","ids":["k1"]}',
        null,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const) }) },
);
type Action = typeof anyAction extends fc.Arbitrary<infer A> ? A : never;

/** Caches that may be behind: Jobs not shown yet, the Backup as it was one write ago. */
class LaggingReader implements Reader {
  jobs = false;
  backup = false;
  readonly #kube: FakeKube;
  #before: KubeObject | undefined;
  #seen: KubeObject | undefined;
  #shown: readonly KubeObject[] = [];

  constructor(kube: FakeKube) {
    this.#kube = kube;
    kube.subscribe(({ new: object }) => {
      if (object?.kind !== "Backup") return;
      this.#before = this.#seen ?? object;
      this.#seen = object;
    });
  }

  get: Reader["get"] = (resource, key) => {
    const now = this.#kube.get(resource, key);
    return this.backup && resource.kind === "Backup" && now !== undefined ? this.#before ?? now : now;
  };

  list: Reader["list"] = (resource, query) => {
    const now = this.#kube.list(resource, query);
    if (resource.kind !== "Job") return now;
    if (!this.jobs) this.#shown = now;
    return now.filter((job) => this.#shown.some(({ metadata }) => metadata.name === job.metadata.name));
  };

  count: Reader["count"] = (resource, query) => this.list(resource, query).length;

  read: Reader["read"] = (resource, key, signal) => this.#kube.read(resource, key, signal);
  readLog: Reader["readLog"] = (pod, part, signal) => this.#kube.readLog(pod, part, signal);
  serverNow: Reader["serverNow"] = () => this.#kube.serverNow();
}

function hasEnded({ status }: KubeObject): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: readonly { type?: string }[] };
  return Array.isArray(conditions) &&
    conditions.some((each) => each?.type === "Complete" || each?.type === "Failed");
}

function isDeletion({ metadata }: KubeObject): boolean {
  return metadata.name.includes("-delete-");
}

function act(stage: BackupStage, lag: LaggingReader, action: Action): Promise<unknown> | void {
  const pick = (at: number) => stage.jobs[at % Math.max(1, stage.jobs.length)];
  switch (action.kind) {
    case "pass":
      return stage.pass();
    case "end": {
      const job = pick(action.at);
      if (job !== undefined && !hasEnded(job)) stage.end(job, action.exit, action.message);
      return;
    }
    case "reap": {
      const job = pick(action.at);
      if (job !== undefined) stage.kube.delete(job);
      return;
    }
    case "garble": {
      const job = pick(action.at);
      if (job !== undefined && !hasEnded(job)) stage.kube.put(aPodOf(job, { status: action.status }));
      return;
    }
    case "advance":
      return stage.clock.advance(action.seconds * 1000);
    case "restart":
      return stage.restart();
    case "dropConfig":
      return stage.kube.delete(aBackupConfig());
    case "putConfig":
      return void stage.kube.put(aBackupConfig({ spec: { identity: { username: "other" } } }));
    case "repository":
      return stage.openRepository(action.id);
    case "lag":
      lag.jobs = action.jobs;
      lag.backup = action.backup;
      return;
    case "annotate":
      if (stage.backup !== undefined) stage.annotate({ [action.annotation]: action.text });
      return;
    case "delete":
      if (stage.backup !== undefined) stage.deleteBackup();
      return;
  }
}

function ids({ snapshots = [] }: BackupStatus): readonly string[] {
  return snapshots.flatMap(({ kopiaSnapshotID }) => kopiaSnapshotID === undefined ? [] : [kopiaSnapshotID]);
}

Deno.test("Backup keeps its promises whatever Jobs, pods, people and lagging caches do", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAction, { minLength: 10, maxLength: 60 }), async (actions) => {
      let lag: LaggingReader | undefined;
      const stage = new BackupStage({
        sources: ["data", "logs"],
        reader: (kube) => lag ??= new LaggingReader(kube),
      });
      lag ??= new LaggingReader(stage.kube);
      let [known, ended, made, hasLagged] = [[] as readonly string[], false, 0, false];
      for (const action of actions) {
        await act(stage, lag, action);
        const backup = stage.kube.find(API_VERSION, "Backup", { namespace: "apps", name: "run" });
        const runMade = stage.made.filter((name) => !name.includes("-delete-"));
        hasLagged ||= lag.backup;
        if (!hasLagged) assert.equal(new Set(runMade).size, runMade.length, "no Job of a run is made twice");
        if (ended) assert.equal(runMade.length, made, "a run that ended gets no Job");
        if (backup === undefined) return;
        const status = stage.status;
        const open = stage.jobs.filter((job) => !isDeletion(job) && !hasEnded(job));
        const sources = open.map(({ metadata }) =>
          metadata.annotations?.["kopiur.home-operations.com/source"]
        );
        assert.equal(new Set(sources).size, sources.length, "a source has one mover at a time");
        assert.ok(!ids(status).includes("k0"), "a snapshot of another run is never one of its own");
        assert.ok(known.every((id) => ids(status).includes(id)), "snapshot ids stay in status");
        if (open.length > 0) assert.ok(stage.isHeld, "no Job without the finalizer");
        if (stage.jobs.some(isDeletion)) {
          assert.equal(open.length, 0, "nothing is deleted while a mover may write");
        }
        known = ids(status);
        made = runMade.length;
        ended ||= status.phase === "Succeeded" || status.phase === "Failed" || status.phase === "Deleting";
      }
    }),
    { numRuns: 100 },
  );
});
