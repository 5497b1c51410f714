import assert from "node:assert/strict";
import { type RepositoryStatus, SHORT_ID_LENGTH } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aRepository } from "../../../tests/support/mod.ts";
import { DeletionListings, type ListedStock, REPOSITORY } from "../../shared/mod.ts";
import { BACKUP, type SavedSnapshot } from "./backups_seen.ts";
import { aRun, CatalogStage, entries, UNIQUE_ID } from "./stage_test.ts";
import { keysOfStaleStock, observeStock, type SeenStock, stockNow, takeStock } from "./stock.ts";
import { parseRepository } from "../repository_object.ts";
import { aNamespaceInMemory } from "../stage_test.ts";

const known = { snapshotCount: 3, totalSizeBytes: 100, lastObservedAt: "2026-01-02T03:00:00Z" };

/** A run that saw so many snapshots then. */
function aSeeingRun(
  name: string,
  observedAt: string,
  snapshotCount: number,
  phase = "Succeeded",
): KubeObject {
  const repository = { snapshotCount, totalSizeBytes: snapshotCount * 10, observedAt };
  return aRun(name, [], { status: { phase, repository } });
}

/** Ids of the repositories a Backup wakes. */
function wokenBy(backup: KubeObject, storageStats: unknown = known): readonly string[] {
  const kube = aNamespaceInMemory(
    aRepository({ status: { uniqueId: UNIQUE_ID, storageStats } }),
    aRepository({ name: "another", status: { uniqueId: "another", storageStats } }),
  );
  return keysOfStaleStock(backup, kube, new DeletionListings()).map(({ name }) => name);
}

Deno.test("takeStock() takes what a run saw, no sooner than ten seconds after the last time", () => {
  const newest = { snapshotCount: 4, totalSizeBytes: 200, observedAt: "2026-01-02T03:00:08.000Z" };
  const at = (time: string, listings: readonly ListedStock[] = [newest]) =>
    takeStock(known, { listings, saved: [] }, new Date(time));
  assert.deepEqual(at("2026-01-02T03:00:08Z"), { recheckAfterSeconds: 2 });
  const { storageStats, recheckAfterSeconds } = at("2026-01-02T03:00:10Z");
  assert.equal(recheckAfterSeconds, 10);
  assert.deepEqual([storageStats?.snapshotCount, storageStats?.totalSizeBytes], [4, 200]);
  assert.equal(storageStats?.lastObservedAt, newest.observedAt);
  assert.deepEqual(at("2026-01-02T03:00:05Z", []), { recheckAfterSeconds: 5 });
  assert.deepEqual(at("2026-01-02T03:00:11Z", []), {});
  assert.deepEqual(takeStock(undefined, undefined, new Date("2026-01-02T03:00:11Z")), {});
});

Deno.test("takeStock() takes no listing that is older, from the future, or of no time", () => {
  const now = new Date("2026-01-02T03:00:20Z");
  for (const observedAt of ["2026-01-02T03:00:00Z", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "soon"]) {
    const listings = [{ snapshotCount: 9, totalSizeBytes: 9, observedAt }];
    assert.deepEqual(takeStock(known, { listings, saved: [] }, now), {}, observedAt);
  }
});

Deno.test("keysOfStaleStock() wakes the repository a run wrote to, once its numbers are ten seconds old", () => {
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4)), ["repo"]);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4, "Failed")), ["repo"]);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:09Z", 4)), []);
  assert.deepEqual(wokenBy(aSeeingRun("run", "yesterday", 4)), []);
  assert.deepEqual(wokenBy(aSeeingRun("run", "2026-01-02T03:00:10Z", 4), null), []);
  assert.deepEqual(wokenBy(aRun("run", [1])), []);
});

Deno.test("a Repository shows what a deletion left, though its Backup is gone", () => {
  const kube = aNamespaceInMemory(aRepository({ status: { uniqueId: UNIQUE_ID, storageStats: known } }));
  const deletions = new DeletionListings();
  const key = { namespace: "apps", name: "repo" };
  const gone = aRun("run", [1]);
  assert.deepEqual(keysOfStaleStock(gone, kube, deletions), []);
  deletions.keep(key, UNIQUE_ID, {
    snapshotCount: 2,
    totalSizeBytes: 60,
    observedAt: "2026-01-02T03:02:00Z",
  });
  assert.deepEqual(keysOfStaleStock(gone, kube, deletions), [key]);
  const [object] = kube.list(REPOSITORY);
  const serverNow = new Date("2026-01-02T03:02:05Z");
  const seen = observeStock(parseRepository(object ?? assert.fail()), { reader: kube, deletions, serverNow });
  const { storageStats } = takeStock(known, seen, serverNow);
  assert.deepEqual([storageStats?.snapshotCount, storageStats?.totalSizeBytes], [2, 60]);
  assert.deepEqual(takeStock(storageStats, seen, new Date("2026-01-02T03:03:00Z")), {}, "it is taken once");
});

Deno.test("stockNow() keeps what it added of a Backup that went, until the next listing", () => {
  const listing = { observedAt: "2026-01-02T03:00:00Z", snapshotCount: 3, totalSizeBytes: 100 };
  const endMs = Date.parse("2026-01-02T03:01:00Z");
  const saved = [{
    id: "0123456789abcdef",
    source: "a",
    startMs: endMs - 1,
    endMs,
    sizeBytes: 50,
    grownBytes: -5,
  }];
  const now = new Date("2026-01-02T03:30:00Z");
  const withIt = stockNow({ ...known, listing }, { listings: [], saved }, now);
  assert.deepEqual([withIt.snapshotCount, withIt.totalSizeBytes], [4, 95]);
  const without = stockNow(withIt, { listings: [], saved: [] }, now);
  assert.deepEqual(without, withIt);
  const next = { snapshotCount: 4, totalSizeBytes: 95, observedAt: "2026-01-02T03:20:00Z" };
  assert.equal(stockNow(without, { listings: [next], saved: [] }, now).snapshotCount, 4);
});

Deno.test("a Repository shows what the newest run saw", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  assert.equal(stage.status.storageStats?.snapshotCount, 3);
  await stage.clock.advance(1_500_000);
  stage.kube.put(
    aSeeingRun("newer", "2026-01-02T03:25:00Z", 5),
    aSeeingRun("newest", "2026-01-02T03:28:00Z", 6),
    aSeeingRun("older", "2026-01-02T03:10:00Z", 4),
    aSeeingRun("of one source that ended", "2026-01-02T03:26:00Z", 7, "Running"),
  );
  await stage.pass();
  const { snapshotCount, totalSizeBytes, lastObservedAt } = stage.status.storageStats ?? {};
  assert.deepEqual([snapshotCount, totalSizeBytes, lastObservedAt], [6, 60, "2026-01-02T03:28:00.000Z"]);
  const writes = stage.kube.writes.length;
  await stage.pass();
  assert.equal(stage.kube.writes.length, writes);
  assert.ok((await stage.probe.series("kopiur_repo")).length === 0);
  assert.equal(stage.status.lastInit?.status, "Succeeded");
});

Deno.test("a Repository shows what killed uploads left until a reading finds it no longer", async () => {
  const stage = new CatalogStage();
  const unfinished = { snapshotCount: 2, sizeBytes: 300, oldestTime: "2026-01-01T00:00:00.000Z" };
  assert.ok(await stage.lists(entries(0, 3), { unfinished }));
  assert.deepEqual(stage.status.storageStats?.unfinished, unfinished);
  await stage.clock.advance(1_500_000);
  stage.kube.put(aSeeingRun("newer", "2026-01-02T03:25:00Z", 5));
  await stage.pass();
  assert.equal(stage.status.storageStats?.snapshotCount, 5);
  assert.deepEqual(stage.status.storageStats?.unfinished, unfinished, "a run does not count it");
  assert.ok(await stage.lists(entries(0, 3)));
  assert.equal(stage.status.storageStats?.unfinished, undefined);
});

Deno.test("a Repository writes its numbers once in ten seconds while a thousand runs end within a minute", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 3)));
  await stage.clock.advance(60_000);
  stage.kube.writes.splice(0);
  let due = 0;
  const startMs = stage.clock.epochMs();
  const pass = async () => {
    const action = await stage.pass();
    due = stage.clock.epochMs() + (action.kind === "after" ? action.seconds * 1000 : 0);
  };
  for (let run = 0; run < 1000; run++) {
    await stage.clock.advance(60);
    const at = new Date(stage.clock.epochMs()).toISOString();
    const backup = stage.kube.put(aSeeingRun(`run-${run}`, at, 3 + run));
    if (stage.wakes(backup) || stage.clock.epochMs() >= due) await pass();
  }
  const writes = stage.kube.writes.filter((write) => write.startsWith("status Repository"));
  assert.ok(writes.length >= 4 && writes.length <= 7, String(writes.length));
  assert.equal(stage.clock.epochMs() - startMs, 60_000);
  // The last ones wake nobody, and are seen all the same.
  for (let turn = 0; turn < 3; turn++) {
    await stage.clock.advance(Math.max(0, due - stage.clock.epochMs()));
    await pass();
  }
  assert.equal(stage.status.storageStats?.snapshotCount, 3 + 999);
  assert.equal(stage.kube.list(BACKUP).length, 1003);
});

type Numbers = NonNullable<RepositoryStatus["storageStats"]>;
type ModelSnapshot = SavedSnapshot & { readonly visibleMs: number; goneMs: number };
type Step = "begin" | "save" | "report" | "delete" | "look";

/** A repository, the movers at it, and a controller that looks now and then; every step takes a moment. */
class Model {
  #nowMs = Date.parse("2026-01-02T03:00:00Z");
  #made = 0;
  readonly #random: () => number;
  readonly #skewMs: number;
  readonly #snapshots: ModelSnapshot[] = [];
  readonly #listings: ListedStock[] = [];
  /** Of the Backups there are; undefined once one is being deleted. */
  readonly #backups: (ModelSnapshot | undefined)[] = [];
  readonly #runs: {
    readonly source: string;
    readonly listed: ListedStock;
    readonly before: number;
    readonly startMs: number;
    saved?: ModelSnapshot;
  }[] = [];
  numbers: Numbers;

  constructor(random: () => number, { skewMs }: { readonly skewMs: number }) {
    this.#random = random;
    this.#skewMs = skewMs;
    const { observedAt, recent, ...counts } = this.#list();
    this.numbers = { ...counts, lastObservedAt: observedAt, listing: { ...counts, observedAt, recent } };
  }

  #tick(mostMs = 3000): number {
    return this.#nowMs += 1 + Math.floor(this.#random() * mostMs);
  }

  #pick<T>(of: readonly T[]): T | undefined {
    return of[Math.floor(this.#random() * of.length)];
  }

  #there(): readonly ModelSnapshot[] {
    return this.#snapshots.filter(({ visibleMs, goneMs }) =>
      visibleMs <= this.#nowMs && this.#nowMs < goneMs
    );
  }

  #newest(source: string): number {
    return this.#there().filter((each) => each.source === source)
      .toSorted((a, b) => b.startMs - a.startMs)[0]?.sizeBytes ?? 0;
  }

  /** As RepositorySurvey does. */
  #list(): ListedStock & { readonly recent: NonNullable<ListedStock["recent"]> } {
    const observedMs = this.#tick() + Math.floor((this.#random() - 0.5) * this.#skewMs);
    const since = observedMs - 600_000;
    const there = this.#there();
    const ids = there.filter(({ endMs }) => endMs >= since).map(({ id }) => id.slice(0, SHORT_ID_LENGTH));
    const observedAt = new Date(observedMs).toISOString();
    return { ...this.truth(), observedAt, recent: { since: new Date(since).toISOString(), ids } };
  }

  truth(): Pick<Numbers, "snapshotCount" | "totalSizeBytes"> {
    const there = this.#there();
    const sources = new Set(there.map(({ source }) => source));
    const totalSizeBytes = [...sources].reduce((sum, source) => sum + this.#newest(source), 0);
    return { snapshotCount: there.length, totalSizeBytes };
  }

  begin(): void {
    const source = `source ${Math.floor(this.#random() * 4)}`;
    const listed = this.#list();
    this.#runs.push({ source, listed, before: this.#newest(source), startMs: this.#tick() });
  }

  /** Kopia says when a snapshot ended before others can see it. */
  save(): void {
    const run = this.#pick(this.#runs.filter(({ saved }) => saved === undefined));
    if (run === undefined) return;
    const sizeBytes = Math.floor(this.#random() * 1000);
    const endMs = this.#tick();
    const { source, startMs, before } = run;
    run.saved = {
      id: String(++this.#made).padStart(SHORT_ID_LENGTH, "0") + "ffff",
      ...{ source, sizeBytes, startMs, endMs, grownBytes: sizeBytes - before },
      ...{ visibleMs: endMs + Math.floor(this.#random() * 5000), goneMs: Infinity },
    };
    this.#snapshots.push(run.saved);
  }

  report(): void {
    const run = this.#pick(this.#runs.filter(({ saved }) => (saved?.visibleMs ?? Infinity) <= this.#nowMs));
    if (run === undefined) return;
    this.#runs.splice(this.#runs.indexOf(run), 1);
    this.#listings.push(run.listed);
    this.#backups.push(run.saved);
  }

  delete(): void {
    const deleted = this.#pick(
      this.#backups.filter((each) => each !== undefined).filter((each) => !this.#isMeasuredFrom(each)),
    );
    if (deleted === undefined) return;
    this.#backups.splice(this.#backups.indexOf(deleted), 1);
    deleted.goneMs = this.#tick();
    this.#listings.push(this.#list());
  }

  /** A run of the source goes on: it may measure from this one, which only a person deletes then (decision 0039). */
  #isMeasuredFrom({ source }: ModelSnapshot): boolean {
    return this.#runs.some((run) => run.source === source);
  }

  look(): void {
    const saved: SeenStock["saved"] = this.#backups.filter((each) => each !== undefined);
    // The engine reads the listings since the one it knows; older ones change nothing.
    const serverNow = new Date(this.#tick() + this.#skewMs);
    this.numbers = stockNow(this.numbers, { listings: this.#listings, saved }, serverNow);
  }

  /** Every mover ends, and the controller looks once more. */
  end(): void {
    while (this.#runs.length > 0) {
      this.save();
      this.#tick();
      this.report();
    }
    this.look();
  }
}

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function numbersAfter(
  seed: number,
  steps: readonly Step[],
  skewMs: number,
) {
  const random = randomOf(seed);
  const model = new Model(random, { skewMs });
  for (let step = 0; step < 60; step++) model[steps[Math.floor(random() * steps.length)] ?? "look"]();
  model.end();
  const { snapshotCount, totalSizeBytes } = model.numbers;
  assert.deepEqual({ snapshotCount, totalSizeBytes }, model.truth(), `seed ${seed}`);
}

Deno.test("stockNow() is right after any order in which movers list, save, delete and end", () => {
  for (let seed = 1; seed <= 3000; seed++) {
    numbersAfter(seed, ["begin", "begin", "save", "save", "report", "report", "delete", "look"], 0);
  }
});

Deno.test("stockNow() is right after runs side by side on nodes whose clocks differ", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    numbersAfter(seed, ["begin", "begin", "save", "save", "report", "report", "look"], 120_000);
  }
});
