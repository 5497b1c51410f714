import assert from "node:assert/strict";
import fc from "fast-check";
import type { SlotClass } from "../operations.ts";
import { GRANT_SECONDS, MoverSlots, slotReserve } from "./mover_slots.ts";
import { SLOT_GRACE_SECONDS, type SlotAsk } from "./types.ts";

interface Ask {
  readonly class?: SlotClass;
  readonly namespace?: string;
  readonly repository?: string;
  readonly limit?: number | undefined;
  readonly since?: string;
  readonly working?: readonly string[];
}

/** A ledger that begins with no mover, and what it is asked, told and wakes. */
function aLedger(limit: number) {
  let nowMs = 0;
  const slots = new MoverSlots(limit, () => nowMs);
  const woken: string[] = [];
  slots.onGrant("Backup", ({ name }) => void woken.push(name));
  slots.begin([]);
  function askOf(name: string, wanted: readonly string[], parts: Ask): SlotAsk {
    const { namespace = "apps", repository = `${namespace}/repo`, limit: repositoryLimit } = parts;
    return {
      owner: { kind: "Backup", key: { namespace, name } },
      class: parts.class ?? "backup",
      repository,
      repositoryLimit,
      since: parts.since ?? "2026-01-01T00:00:00Z",
      wanted,
      working: parts.working ?? [],
    };
  }
  return {
    slots,
    woken,
    ask: (name: string, wanted: readonly string[], parts: Ask = {}) => slots.ask(askOf(name, wanted, parts)),
    /** Which of its movers an owner may start; it wants one called like itself. */
    may: (name: string, parts: Ask = {}) => slots.ask(askOf(name, [name], parts)).granted.has(name),
    works: (id: string, repository = "apps/repo") =>
      slots.moverWorks({ id, namespace: repository.split("/")[0] ?? "", repository }),
    leave: (name: string, namespace = "apps") => slots.withdraw({ kind: "Backup", key: { namespace, name } }),
    pass: (seconds: number) => void (nowMs += seconds * 1000),
  };
}

Deno.test("MoverSlots grants up to its limit, then says the place and wakes whose turn comes", () => {
  const { ask, may, slots, woken } = aLedger(3);
  assert.deepEqual([may("a"), may("b")], [true, true]);
  const { granted, waiting } = ask("c", ["c"]);
  assert.deepEqual([...granted], []);
  assert.deepEqual(waiting, {
    movers: 1,
    place: 1,
    of: 1,
    used: 2,
    limit: 3,
    waitedSeconds: 0,
    scope: "cluster",
    kept: 1,
  });
  assert.equal(ask("d", ["d"]).waiting?.place, 2);
  assert.deepEqual([slots.used, slots.waiting, woken], [2, 2, []]);
  slots.moverEnded("a");
  assert.deepEqual([woken, slots.used, slots.waiting], [["c"], 2, 1]);
  assert.deepEqual([may("c"), may("d")], [true, false]);
});

Deno.test("MoverSlots holds a grant until its mover is seen to end, however late that is seen to work", () => {
  const { may, ask, works, slots } = aLedger(1);
  assert.ok(may("a"));
  // The Job was made; no cache shows it, and the owner knows of it by a live look.
  ask("a", [], { working: ["a"] });
  assert.equal(may("b"), false);
  works("a");
  assert.deepEqual([may("b"), slots.used], [false, 1]);
  slots.moverEnded("a");
  assert.equal(may("b"), true);
});

Deno.test("MoverSlots gives the same grant again to an owner that asks again", () => {
  const { may, slots } = aLedger(1);
  assert.deepEqual([may("a"), may("a"), slots.used], [true, true, 1]);
});

Deno.test("MoverSlots takes back what is not wanted any more, but no mover that is seen to work", () => {
  const { ask, works, leave, slots, woken } = aLedger(4);
  assert.equal(ask("a", ["a1", "a2", "a3", "a4"]).granted.size, 3);
  ask("b", ["b1"]);
  works("a1");
  ask("a", ["a3"]);
  assert.deepEqual([woken, slots.used, slots.waiting], [["b"], 3, 0]);
  leave("a");
  assert.deepEqual([slots.used, slots.waiting], [2, 0], "a1 works, and b may");
});

Deno.test("MoverSlots lets several sources of one owner start as there are slots, in their order", () => {
  const { ask, slots } = aLedger(3);
  const first = ask("a", ["a1", "a2", "a3", "a4"]);
  assert.deepEqual([...first.granted], ["a1", "a2"]);
  assert.deepEqual([first.waiting?.movers, first.waiting?.place, first.waiting?.of], [2, 1, 2]);
  slots.moverEnded("a2");
  assert.deepEqual([...ask("a", ["a1", "a3", "a4"]).granted], ["a1", "a3"]);
});

Deno.test("MoverSlots grants restores before backups, those before maintenance, and deletions last", () => {
  const { may, slots, woken } = aLedger(1);
  may("running");
  may("wipe", { class: "deletion", since: "2019-01-01T00:00:00Z" });
  may("upkeep", { class: "maintenance", since: "2020-01-01T00:00:00Z" });
  may("save", { class: "backup", since: "2021-01-01T00:00:00Z" });
  may("rescue", { class: "restore" });
  for (const name of ["running", "rescue", "save", "upkeep"]) slots.moverEnded(name);
  assert.deepEqual(woken, ["rescue", "save", "upkeep", "wipe"]);
});

Deno.test("MoverSlots counts movers nobody asked a slot for", () => {
  const { may, works, slots } = aLedger(3);
  works("one");
  works("two");
  assert.equal(may("a"), false);
  slots.moverEnded("one");
  assert.equal(may("a"), true);
});

Deno.test("MoverSlots keeps the limit of a repository, and lets others pass whoever it holds back", () => {
  const { ask, may, works, slots } = aLedger(10);
  works("other", "apps/small");
  const small = { repository: "apps/small", limit: 2 };
  assert.deepEqual([may("a", small), may("b", small), may("c", small)], [true, false, false]);
  assert.deepEqual(ask("c", ["c"], small).waiting, {
    movers: 1,
    place: 2,
    of: 2,
    used: 2,
    limit: 2,
    waitedSeconds: 0,
    scope: "repository",
    kept: 0,
  });
  assert.equal(may("large"), true);
  slots.limitChanged("apps/small", 3);
  assert.deepEqual([may("b", { ...small, limit: 3 }), may("c", { ...small, limit: 3 })], [true, false]);
  slots.limitChanged("apps/small", undefined);
  assert.equal(slots.waiting, 0);
});

Deno.test("MoverSlots has no limit at 0, but for that of a repository", () => {
  const { may, slots } = aLedger(0);
  for (let index = 0; index < 500; index++) assert.ok(may(`run-${index}`));
  assert.deepEqual([
    may("x", { repository: "apps/x", limit: 1 }),
    may("y", { repository: "apps/x", limit: 1 }),
  ], [
    true,
    false,
  ]);
  assert.equal([...slots.samples("movers")].some(({ name }) => name === "kopiur_mover_slots"), false);
});

Deno.test("MoverSlots takes turns between namespaces, and the oldest first within one", () => {
  const { may, slots, woken } = aLedger(1);
  may("running");
  for (const name of ["big-3", "big-1", "big-2"]) {
    may(name, { namespace: "big", since: `2026-01-0${name.slice(-1)}T00:00:00Z` });
  }
  may("small-1", { namespace: "small" });
  may("tiny-1", { namespace: "tiny" });
  let last = "running";
  for (let turn = 0; turn < 5; turn++) {
    slots.moverEnded(last);
    last = woken.at(-1) ?? "";
  }
  assert.deepEqual(woken, ["big-1", "small-1", "tiny-1", "big-2", "big-3"]);
});

Deno.test("MoverSlots says places that come true when nobody comes or goes", () => {
  const { ask, may, slots, woken } = aLedger(1);
  may("running");
  const names = ["a1", "a2", "a3", "b1", "c1", "c2"];
  const asked = (name: string) =>
    ask(name, [name], { namespace: name.slice(0, 1), since: name }).waiting?.place;
  for (const name of names) asked(name);
  const places = names.map((name) => [asked(name), name] as const).toSorted(([a = 0], [b = 0]) => a - b);
  assert.deepEqual(places.map(([place]) => place), [1, 2, 3, 4, 5, 6]);
  let last = "running";
  for (const _ of names) {
    slots.moverEnded(last);
    last = woken.at(-1) ?? "";
  }
  assert.deepEqual(woken, places.map(([, name]) => name));
});

Deno.test("MoverSlots reclaims a grant nobody makes use of, and puts its owner behind its neighbours", () => {
  const { may, ask, pass, slots, woken } = aLedger(1);
  assert.ok(may("stuck", { since: "2020-01-01T00:00:00Z" }));
  may("next");
  pass(GRANT_SECONDS - 1);
  assert.equal(may("stuck", { since: "2020-01-01T00:00:00Z" }), true);
  pass(1);
  assert.equal(may("next"), true, "whoever asks finds what has lapsed");
  assert.deepEqual([slots.used, slots.waiting], [1, 1]);
  may("third");
  slots.moverEnded("next");
  assert.deepEqual(woken, ["third"]);
  assert.equal(ask("stuck", ["stuck"]).waiting?.place, 1);
});

Deno.test("MoverSlots lets no grant lapse whose owner knows its mover to work", () => {
  const { may, ask, pass } = aLedger(1);
  may("a");
  ask("a", [], { working: ["a"] });
  pass(10 * GRANT_SECONDS);
  assert.equal(may("b"), false);
});

Deno.test("MoverSlots gives an owner its whole time from when it learns of its grant", () => {
  const { may, pass, slots } = aLedger(1);
  may("running");
  may("a");
  slots.moverEnded("running");
  pass(GRANT_SECONDS - 1);
  assert.ok(may("a"));
  pass(GRANT_SECONDS - 1);
  assert.equal(may("b"), false);
});

Deno.test("MoverSlots follows an owner whose repository is another one before it begins", () => {
  const { may, works, slots } = aLedger(10);
  works("m", "apps/one");
  assert.equal(may("a", { repository: "apps/one", limit: 1 }), false);
  assert.equal(may("a", { repository: "apps/two", limit: 1 }), true);
  assert.equal(slots.waiting, 0);
});

Deno.test("MoverSlots grants nothing before it knows which movers work", () => {
  const slots = new MoverSlots(5, () => 0);
  const owner = { kind: "Backup", key: { namespace: "apps", name: "a" } };
  const ask: SlotAsk = {
    owner,
    class: "backup",
    repository: "apps/repo",
    repositoryLimit: undefined,
    since: "",
    wanted: ["a"],
    working: [],
  };
  assert.throws(() => slots.ask(ask), /^Error: Cannot grant a mover slot: it is not known which movers work/);
  slots.begin([{ id: "old", namespace: "apps", repository: undefined }]);
  assert.deepEqual([slots.ask(ask).granted.has("a"), slots.used], [true, 2]);
});

Deno.test("MoverSlots shows limit, movers that work and movers that wait", () => {
  const { may, slots } = aLedger(1);
  may("a");
  may("b");
  assert.deepEqual([...slots.samples("movers")].map(({ name, value }) => `${name} ${value}`), [
    "kopiur_mover_slots 1",
    "kopiur_mover_slots_used 1",
    "kopiur_mover_slots_waiting 1",
  ]);
  assert.deepEqual([...slots.samples("bootstraps")].map(({ name }) => name), [
    "kopiur_bootstrap_slots",
    "kopiur_bootstrap_slots_used",
    "kopiur_bootstrap_slots_waiting",
  ]);
});

/** What may happen to a ledger, by number. */
const happening = fc.record({
  what: fc.constantFrom("ask", "ask", "ask", "made", "seen", "end", "withdraw", "later"),
  owner: fc.nat(9),
  movers: fc.integer({ min: 1, max: 3 }),
});

interface World {
  readonly ledger: ReturnType<typeof aLedger>;
  /** Ids each owner wants, and those whose Job it made, by owner. */
  readonly wanted: Map<number, Set<string>>;
  readonly made: Map<string, number>;
  readonly seen: Set<string>;
  count: number;
}

/** Owner 0 to 9: three namespaces, two repositories in each (one of them with a limit of 2), three classes. */
function partsOf(owner: number) {
  const namespace = `ns-${owner % 3}`;
  const isSmall = owner % 2 === 0;
  return {
    namespace,
    repository: `${namespace}/${isSmall ? "small" : "large"}`,
    limit: isSmall ? 2 : undefined,
    class: (["restore", "backup", "backup", "maintenance"] as const)[owner % 4] ?? "backup",
    since: `2026-01-0${owner}`,
  };
}

function askAgain(world: World, owner: number): ReadonlySet<string> {
  const wanted = [...world.wanted.get(owner) ?? []];
  const working = [...world.made].filter(([, by]) => by === owner).map(([id]) => id);
  return world.ledger.ask(`run-${owner}`, wanted, { ...partsOf(owner), working }).granted;
}

/** An owner asks, and makes the Jobs of what it may start. */
function makeJobs(world: World, owner: number): void {
  for (const id of askAgain(world, owner)) {
    world.made.set(id, owner);
    world.wanted.get(owner)?.delete(id);
  }
}

function endOf(world: World, id: string): void {
  world.made.delete(id);
  world.seen.delete(id);
  world.ledger.slots.moverEnded(id);
}

function happen(
  world: World,
  { what, owner, movers }: { what: string; owner: number; movers: number },
): void {
  const { ledger, wanted, made, seen } = world;
  switch (what) {
    case "ask": {
      const own = wanted.get(owner) ?? new Set();
      for (let index = 0; index < movers; index++) own.add(`job-${owner}-${world.count++}`);
      wanted.set(owner, own);
      askAgain(world, owner);
      return;
    }
    case "made":
      return makeJobs(world, owner);
    case "seen": {
      const [id] = [...made.keys()].filter((each) => !seen.has(each));
      if (id === undefined) return;
      seen.add(id);
      return ledger.works(id, partsOf(made.get(id) ?? 0).repository);
    }
    case "end": {
      const [id] = seen;
      return id === undefined ? undefined : endOf(world, id);
    }
    case "withdraw":
      wanted.delete(owner);
      askAgain(world, owner);
      return;
    case "later":
      // A run that works looks after its movers within the time a grant is good for; one that is stuck does not.
      for (const by of new Set(made.values())) askAgain(world, by);
      return ledger.pass(GRANT_SECONDS);
  }
}

Deno.test("MoverSlots never lets more movers work than may, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(happening, { maxLength: 120 }),
      (limit, happenings) => {
        const ledger = aLedger(limit);
        const world: World = { ledger, wanted: new Map(), made: new Map(), seen: new Set(), count: 0 };
        for (const each of happenings) {
          happen(world, each);
          assert.ok(world.made.size <= limit, `${world.made.size} Jobs of ${limit}`);
          for (const namespace of [0, 1, 2]) {
            const small = [...world.made.values()].filter((owner) =>
              owner % 2 === 0 && owner % 3 === namespace
            );
            assert.ok(small.length <= 2, `${small.length} Jobs of a repository for 2`);
          }
          assert.ok(ledger.slots.used <= limit);
        }
        // Nobody starves, and nothing is left behind: all that was asked for ends in the end.
        for (let turn = 0; world.wanted.size > 0 || world.made.size > 0; turn++) {
          assert.ok(turn < 2000, `${ledger.slots.waiting} wait for ever`);
          for (let owner = 0; owner < 10; owner++) {
            makeJobs(world, owner);
            if (world.wanted.get(owner)?.size === 0) world.wanted.delete(owner);
          }
          for (const id of [...world.made.keys()]) {
            ledger.works(id, partsOf(world.made.get(id) ?? 0).repository);
            endOf(world, id);
          }
        }
        for (let owner = 0; owner < 10; owner++) askAgain(world, owner);
        assert.deepEqual([ledger.slots.used, ledger.slots.waiting], [0, 0]);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("MoverSlots uses every slot somebody could use", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.array(happening, { maxLength: 80 }),
      (limit, happenings) => {
        const ledger = aLedger(limit);
        const world: World = { ledger, wanted: new Map(), made: new Map(), seen: new Set(), count: 0 };
        for (const each of happenings) {
          happen(world, each);
          // Whoever still waits is told whose limit it is, and that one is reached.
          for (const owner of world.wanted.keys()) {
            const { wanted } = world;
            const working = [...world.made].filter(([, by]) => by === owner).map(([id]) => id);
            const { waiting } = ledger.ask(`run-${owner}`, [...wanted.get(owner) ?? []], {
              ...partsOf(owner),
              working,
            });
            if (waiting === undefined) continue;
            const isKept = waiting.kept <= slotReserve(waiting.limit) && waiting.scope === "cluster";
            assert.ok(waiting.used >= waiting.limit || isKept, JSON.stringify(waiting));
            assert.ok(waiting.place >= 1 && waiting.place <= waiting.of, JSON.stringify(waiting));
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

/** A ledger whose movers are counted by namespace; each owner wants one, called like it. */
function aCrowd(limit: number) {
  const ledger = aLedger(limit);
  const held = new Map<string, string[]>();
  const waiting = new Map<string, Set<string>>();
  let count = 0;
  const namespaceOf = (name: string) => name.split("/")[0] ?? "";
  const countOf = (namespace: string) => held.get(namespace)?.length ?? 0;
  const share = () => {
    const some = new Set(
      [...held, ...waiting].filter(([, names]) => [...names].length > 0).map(([name]) => name),
    );
    return Math.ceil(limit / Math.max(1, some.size));
  };
  function note(name: string): void {
    const namespace = namespaceOf(name);
    waiting.get(namespace)?.delete(name);
    const has = countOf(namespace);
    const poorer = [...waiting].filter(([other, names]) =>
      other !== namespace && names.size > 0 && countOf(other) < share() &&
      used() < limit - (countOf(other) > 0 ? slotReserve(limit) : 0)
    );
    if (has >= share()) {
      assert.deepEqual(poorer, [], `${namespace} has ${has} of ${limit} and gets another one`);
    }
    if (has > 0) assert.ok(used() < limit - slotReserve(limit), `${namespace} takes of the reserve`);
    held.set(namespace, [...held.get(namespace) ?? [], name]);
  }
  function used(): number {
    return [...held.values()].reduce((total, names) => total + names.length, 0);
  }
  ledger.slots.onGrant("Backup", ({ name }) => {
    note(name);
    ledger.may(name, { namespace: namespaceOf(name) });
    ledger.works(name, `${namespaceOf(name)}/repo`);
  });
  return {
    slots: ledger.slots,
    used,
    countOf,
    holders: () => [...held.values()].filter((names) => names.length > 0).length,
    waits: () => [...waiting.values()].some((names) => names.size > 0),
    arrive(namespace: string): boolean {
      const name = `${namespace}/${count++}`;
      waiting.set(namespace, (waiting.get(namespace) ?? new Set()).add(name));
      const gets = ledger.may(name, { namespace, since: `${count}`.padStart(6, "0") });
      if (gets) note(name);
      if (gets) ledger.works(name, `${namespace}/repo`);
      return gets;
    },
    end(namespace: string): void {
      const [name, ...rest] = held.get(namespace) ?? [];
      if (name === undefined) return;
      held.set(namespace, rest);
      ledger.slots.moverEnded(name);
    },
  };
}

Deno.test("MoverSlots gives nobody more than its share while others wait, and a newcomer a slot at once", () => {
  const event = fc.record({
    what: fc.constantFrom("arrive", "arrive", "end"),
    namespace: fc.constantFrom("a", "a", "a", "b", "b", "c", "d", "e"),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), fc.array(event, { maxLength: 150 }), (limit, events) => {
      const crowd = aCrowd(limit);
      for (const { what, namespace } of events) {
        if (what === "end") {
          crowd.end(namespace);
        } else {
          const isNew = crowd.countOf(namespace) === 0;
          const [before, holders] = [crowd.used(), crowd.holders()];
          const gets = crowd.arrive(namespace);
          if (isNew && !gets) {
            assert.ok(
              before === limit && holders >= slotReserve(limit),
              `${before} of ${limit}, ${holders} hold`,
            );
          }
        }
        assert.ok(crowd.used() <= limit);
        assert.equal(crowd.slots.used, crowd.used());
      }
      for (let turn = 0; crowd.waits(); turn++) {
        assert.ok(turn < 1000, "somebody waits for ever");
        for (const namespace of ["a", "b", "c", "d", "e"]) crowd.end(namespace);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("MoverSlots lets a namespace alone take all but the last tenth, and newcomers the rest", () => {
  const crowd = aCrowd(20);
  for (let index = 0; index < 64; index++) crowd.arrive("big");
  assert.equal(crowd.countOf("big"), 18);
  assert.deepEqual([crowd.arrive("one"), crowd.arrive("two"), crowd.arrive("three")], [true, true, false]);
  assert.equal(crowd.arrive("one"), false, "it has one");
  crowd.end("big");
  assert.equal(crowd.countOf("three"), 1, "what a large one gives back goes to who has none");
  for (let index = 0; index < 4; index++) crowd.end("big");
  assert.deepEqual([crowd.countOf("big"), crowd.countOf("one")], [14, 2]);
});

Deno.test("MoverSlots has the smallest limits work: of one slot nothing is kept, of two one is", () => {
  const single = aCrowd(1);
  assert.deepEqual([single.arrive("a"), single.arrive("b")], [true, false]);
  const pair = aCrowd(2);
  assert.deepEqual([pair.arrive("a"), pair.arrive("a"), pair.arrive("b")], [true, false, true]);
  assert.deepEqual([1, 2, 3, 10, 19, 20, 25, 100, Infinity].map(slotReserve), [0, 1, 1, 1, 1, 2, 2, 10, 0]);
});

Deno.test("MoverSlots counts no mover that was told to go and is still there after the grace", () => {
  const { may, slots, pass } = aLedger(1);
  const lost = { id: "lost", namespace: "apps", repository: "apps/repo" };
  slots.moverWorks(lost);
  slots.moverWorks({ ...lost, isTerminating: true });
  pass(SLOT_GRACE_SECONDS - 1);
  slots.moverWorks({ ...lost, isTerminating: true });
  assert.equal(may("a"), false);
  pass(1);
  assert.deepEqual([may("a"), slots.used], [true, 1]);
  slots.moverWorks({ ...lost, isTerminating: true });
  assert.equal(slots.used, 1, "however often it is seen");
  slots.moverEnded("lost", "gone");
  assert.equal(slots.used, 1);
});

Deno.test("MoverSlots counts a mover again whose pod was replaced, and one that took the name of a lost one", () => {
  const { slots, pass, ask } = aLedger(5);
  const mover = { id: "m", namespace: "apps", repository: undefined };
  slots.moverWorks(mover);
  slots.moverTerminates("m", "Pod");
  slots.moverWorks(mover);
  pass(SLOT_GRACE_SECONDS);
  ask("x", []);
  assert.equal(slots.used, 0, "its Job stays, but no pod of it works");
  slots.moverCountsAgain("m", "Pod");
  assert.equal(slots.used, 1);
  slots.moverWorks({ ...mover, isTerminating: true });
  pass(SLOT_GRACE_SECONDS);
  ask("x", []);
  assert.equal(slots.used, 0);
  slots.moverWorks(mover);
  assert.equal(slots.used, 1);
});

Deno.test("MoverSlots puts who gave a slot back behind the others, also much later", () => {
  for (const how of ["refused", "gone"] as const) {
    const { may, ask, works, slots, woken } = aLedger(1);
    const old = { since: "2020-01-01T00:00:00Z" };
    assert.ok(may("stuck", old));
    if (how === "refused") {
      slots.giveBack({ kind: "Backup", key: { namespace: "apps", name: "stuck" } });
    } else {
      works("stuck");
      ask("stuck", [], { ...old, working: ["stuck"] });
      slots.moverEnded("stuck", "gone");
    }
    // It rests, and wants nothing meanwhile.
    ask("stuck", [], old);
    may("running");
    ask("stuck", ["stuck-2"], old);
    may("young");
    slots.moverEnded("running");
    assert.deepEqual(woken, ["young"], how);
    slots.moverEnded("young");
    assert.deepEqual(woken, ["young", "stuck"], how);
  }
});

Deno.test("MoverSlots lets nobody wait for ever behind others of its namespace that keep coming", () => {
  const { may, works, slots, woken, pass } = aLedger(1);
  const stuck = { kind: "Backup", key: { namespace: "apps", name: "stuck" } };
  for (let tries = 0; tries < 100; tries++) {
    assert.ok(may("stuck"));
    slots.giveBack(stuck);
  }
  may("other-0");
  may("stuck");
  for (let nth = 1; !woken.includes("stuck"); nth++) {
    assert.ok(nth <= 28, "two hours and a bit are over");
    works(`other-${nth - 1}`);
    may(`other-${nth}`);
    pass(300);
    slots.moverEnded(`other-${nth - 1}`);
  }
  assert.ok(woken.length > 20, "those that came together with it, or somewhat later, went first");
});

Deno.test("MoverSlots keeps the place of one that leaves the line for a moment, as while its Repository is not Ready", () => {
  const { may, ask, works, slots, woken, pass } = aLedger(1);
  may("first");
  works("first");
  may("old");
  for (let nth = 0; nth < 10; nth++) {
    pass(600);
    ask("old", []);
    may(`young-${nth}`);
    ask("old", ["old"]);
  }
  slots.moverEnded("first");
  assert.deepEqual(woken, ["old"]);
});

Deno.test("MoverSlots keeps the place of one whose turn comes in the moment in which it can make nothing of it", () => {
  const { may, ask, works, slots, woken, pass } = aLedger(1);
  may("first");
  works("first");
  may("old");
  for (let nth = 0; nth < 10; nth++) {
    pass(600);
    may(`young-${nth}`);
  }
  slots.moverEnded("first");
  ask("old", []);
  works("young-0");
  ask("old", ["old"]);
  slots.moverEnded("young-0");
  assert.deepEqual(woken, ["old", "young-0", "old"]);
  // One that had its turn joins as everybody.
  works("old");
  ask("old", ["old-2"], { working: ["old"] });
  slots.moverEnded("old");
  assert.deepEqual(woken.slice(3), ["young-1"]);
});

Deno.test("MoverSlots keeps no memory of who is gone", () => {
  const { may, works, ask, slots, leave, woken } = aLedger(1);
  may("a", { since: "1" });
  works("a");
  ask("a", [], { working: ["a"] });
  leave("a");
  slots.moverEnded("a", "gone");
  may("running");
  ask("a", ["a2"], { since: "1" });
  may("b", { since: "2" });
  slots.moverEnded("running");
  assert.deepEqual(woken, ["a"], "it is as if it had never been there");
});

/** A namespace in which everything hangs: what its owners want they hold for the grace, give back, and want again. */
function aSickNamespace(owners: number, movers: number, restSeconds: number) {
  return Array.from({ length: owners }, (_, index) => ({
    name: `sick-${index}`,
    movers,
    restSeconds,
    generation: 0,
    since: `${index}`.padStart(4, "0"),
    /** When each of its movers was made, and when it wants some again. */
    made: new Map<string, number>(),
    restsUntil: 0,
  }));
}

Deno.test("MoverSlots starts the one Backup of a namespace at once, on each of thirty days beside one where all hangs", () => {
  const { ask, works, pass, slots } = aLedger(20);
  const sick = [
    ...aSickNamespace(20, 1, 1800),
    ...aSickNamespace(1, 64, 900),
    ...aSickNamespace(100, 1, 2400),
  ]
    .map((owner, index) => ({ ...owner, name: `sick-${index}` }));
  const longest = { held: 0 };
  for (let at = 0; at < 30 * 86_400; at += SLOT_GRACE_SECONDS) {
    for (const owner of sick) {
      if (at < owner.restsUntil && owner.made.size === 0) continue;
      for (const [id, madeAt] of owner.made) {
        if (at - madeAt < SLOT_GRACE_SECONDS) continue;
        owner.made.delete(id);
        slots.moverEnded(id, "gone");
        owner.restsUntil = at + owner.restSeconds;
        owner.generation++;
      }
      const working = [...owner.made.keys()];
      const wanted = at < owner.restsUntil ? [] : Array.from(
        { length: owner.movers - working.length },
        (_, index) => `${owner.name}-${owner.generation}-${index}`,
      );
      const { granted } = ask(owner.name, wanted, { namespace: "sick", since: owner.since, working });
      for (const id of granted) {
        if (owner.made.has(id)) continue;
        owner.made.set(id, at);
        works(id, "sick/repo");
      }
    }
    longest.held = Math.max(longest.held, slots.used);
    const id = `good-${at}`;
    const answer = ask(id, [id], { namespace: "good" });
    assert.ok(answer.granted.has(id), `at ${at} s: ${JSON.stringify(answer.waiting)}`);
    works(id, "good/repo");
    slots.moverEnded(id);
    slots.withdraw({ kind: "Backup", key: { namespace: "good", name: id } });
    pass(SLOT_GRACE_SECONDS);
  }
  assert.equal(longest.held, 18);
});
