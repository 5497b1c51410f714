import assert from "node:assert/strict";
import { decodeCatalog } from "../../api/mover/catalog_listing.ts";
import { type FakeScript, manifestJson, printList, runFake, wasCalled } from "../support/fake_kopia.ts";
import { bootstrapOf, failureOf } from "../support/mover_case.ts";

const bootstrapOnly = { bootstrap: {} };
const bootstrapOrCreate = { bootstrap: { create: {} } };

Deno.test("bootstrap() takes stock: finished snapshots, and the newest of each source", async () => {
  const at = (startTime: string, size: number, path: string, more = {}) =>
    manifestJson({
      id: `0${size}`,
      startTime,
      source: { host: "apps", userName: "app", path },
      rootEntry: { summ: { size, files: 1, numFailed: 0 } },
      ...more,
    });
  const { end, calls } = await runFake({
    operation: bootstrapOrCreate,
    script: {
      "snapshot list": printList([
        at("2026-01-02T00:00:00Z", 20, "/a"),
        at("2026-01-01T00:00:00Z", 10, "/a"),
        at("2026-01-03T00:00:00Z", 99, "/a", { incomplete: "canceled" }),
        at("2026-01-01T00:00:00Z", 5, "/b"),
      ]),
    },
  });
  const { catalog, ...found } = bootstrapOf(end);
  assert.deepEqual("bootstrap" in end.result && end.result.bootstrap.recent?.ids, [], "none is recent");
  assert.deepEqual(found, {
    uniqueId: "0123abcd",
    created: false,
    snapshotCount: 3,
    totalSizeBytes: 25,
    unfinished: { snapshotCount: 1, sizeBytes: 99, oldestTime: "2026-01-03T00:00:00.000Z" },
  });
  assert.ok(!calls.some((call) => call.startsWith("policy")), "a repository in use keeps its policy");
  assert.deepEqual([catalog?.snapshots, catalog?.truncated], [3, false]);
});

Deno.test("bootstrap() counts what uploads left that are over, each upload's bytes once", async () => {
  const upload = (id: string, startTime: string, endTime: string, size: number, more = {}) =>
    manifestJson({
      ...{ id, startTime, endTime, incomplete: "checkpoint", tags: undefined },
      rootEntry: { summ: { size, files: 1, numFailed: 0 } },
      ...more,
    });
  const listed = [
    upload("0a", "2026-01-01T00:00:00Z", "2026-01-01T00:45:00Z", 100),
    upload("0b", "2026-01-01T00:00:00Z", "2026-01-01T01:30:00Z", 250),
    upload("0c", "2026-01-02T00:00:00Z", "2026-01-02T02:00:00Z", 7, { incomplete: "canceled" }),
    // May go on.
    upload("0d", "2026-01-01T20:00:00Z", "2026-01-02T01:45:00Z", 999),
    manifestJson({ id: "0e" }),
  ];
  const at = async (manifests: readonly string[]) => {
    const clock = () => Date.parse("2026-01-02T02:00:01Z");
    const script = { "snapshot list": printList(manifests) };
    return bootstrapOf((await runFake({ operation: bootstrapOnly, clock, script })).end);
  };
  const { snapshotCount, unfinished } = await at(listed);
  assert.equal(snapshotCount, 1);
  assert.deepEqual(unfinished, {
    snapshotCount: 3,
    sizeBytes: 257,
    oldestTime: "2026-01-01T00:00:00.000Z",
  });
  assert.equal((await at(listed.slice(3))).unfinished, undefined);
});

Deno.test("bootstrap() prints the finished snapshots as a catalog its result vouches for", async () => {
  const { end } = await runFake({
    operation: bootstrapOnly,
    logFilter: "info,kopia=debug",
    script: {
      "snapshot list": `echo 'kopiur-catalog 1 bm90IG91cnM=' >&2\n${
        printList([
          manifestJson({ description: "by hand", tags: {} }),
          manifestJson({ id: "0b", incomplete: "canceled" }),
          manifestJson({ id: "0c", startTime: "2026-11-22T00:00:00Z" }),
        ])
      }`,
    },
  });
  const { catalog } = bootstrapOf(end);
  assert.ok(catalog !== undefined);
  // Before, after and between the lines of the log, as a container's output is one stream.
  const lines = end.log.split("\n");
  const stream = [...lines.slice(0, 3), end.printed, ...lines.slice(3)].join("\n");
  const listing = decodeCatalog(stream, catalog);
  assert.ok(listing.kind === "listing", JSON.stringify(listing));
  const base = {
    ...{ username: "app", hostname: "apps", path: "/pvc/data" },
    ...{ endTime: "2026-11-21T08:03:16.908Z", sizeBytes: 8, files: 2 },
  };
  assert.deepEqual(listing.entries, [
    { ...base, id: "0c", startTime: "2026-11-22T00:00:00.000Z", runId: "uid-1" },
    {
      ...base,
      id: "fc4d31be4d877d67f363bec80d112488",
      startTime: "2026-11-21T08:03:15.907Z",
      description: "by hand",
    },
  ]);
});

Deno.test("bootstrap() prints no catalog when it fails", async () => {
  const { end } = await runFake({
    operation: bootstrapOnly,
    script: { "snapshot list": `printf '[\\n %s,\\n' '${manifestJson()}'; exit 1` },
  });
  assert.equal(failureOf(end).class, "Unknown");
  assert.equal(end.printed, "");
});

const notInitialized =
  "echo 'open repository: unable to open repository: unable to create format manager: unable to read format blob: " +
  "error getting kopia.repository blob: BLOB not found' >&2; exit 1";
const opened = `echo '{"uniqueIDHex":"0123abcd"}'`;

Deno.test("bootstrap() creates after nothing but not initialized", async () => {
  const refusals = {
    AuthFailure: "unable to create format manager: invalid repository password",
    AccessDenied: "can't connect to storage: Access Denied.",
    RepositoryUnavailable: "can't connect to storage: dial tcp: connection refused",
    NotFound: "can't connect to storage: cannot access storage path: stat /r: no such file or directory",
    Unknown: "something new",
  };
  for (const [failureClass, words] of Object.entries(refusals)) {
    const { end, calls } = await runFake({
      operation: bootstrapOrCreate,
      script: { "repository status": `echo "${words}" >&2; exit 1` },
    });
    assert.equal(failureOf(end).class, failureClass);
    assert.deepEqual(calls, ["repository status"]);
  }
});

Deno.test("bootstrap() creates nothing when it may not", async () => {
  const { end, calls } = await runFake({
    operation: bootstrapOnly,
    script: { "repository status": notInitialized },
  });
  assert.equal(failureOf(end).class, "NotInitialized");
  assert.equal(end.exitCode, 2);
  assert.deepEqual(calls, ["repository status"]);
});

const builtIn =
  `echo '{"retention":{"keepLatest":10,"keepHourly":48,"keepDaily":7,"keepWeekly":4,"keepMonthly":24,"keepAnnual":3}}'`;

const policyCases: Readonly<Record<string, { show: string; owner: string; sets: boolean }>> = {
  "makes the policy of a repository of its own keep everything": {
    show: builtIn,
    owner: "app@apps",
    sets: true,
  },
  "does so too when nobody owns the repository yet": { show: builtIn, owner: "", sets: true },
  "leaves the policy of somebody else's empty repository": {
    show: builtIn,
    owner: "root@laptop",
    sets: false,
  },
  "leaves a policy that a person has set": {
    show: `echo '{"retention":{"keepLatest":5}}'`,
    owner: "app@apps",
    sets: false,
  },
};

for (const [sentence, { show, owner, sets }] of Object.entries(policyCases)) {
  Deno.test(`bootstrap() ${sentence}`, async () => {
    const { end, calls } = await runFake({
      operation: bootstrapOrCreate,
      script: {
        "policy show": show,
        "maintenance info": `echo '{"owner":"${owner}"}'`,
        "maintenance set": "exit 0",
        "policy set": "exit 0",
      },
    });
    assert.equal(end.exitCode, 0);
    assert.equal(calls.includes("maintenance set"), owner === "");
    assert.equal(calls.includes("policy set"), sets);
  });
}

Deno.test("bootstrap() opens a repository that another bootstrap made meanwhile", async () => {
  const { end } = await runFake({
    operation: bootstrapOrCreate,
    script: {
      "repository status": `if ${wasCalled("repository create")}; then ${opened}; else ${notInitialized}; fi`,
      "repository create": "echo 'found existing data in storage location' >&2; exit 1",
    },
  });
  assert.equal(bootstrapOf(end).created, false);
});

/** A kopia that can create; what it says of the repository before that, and each time after. */
function creating(...after: readonly string[]): FakeScript {
  const [last = "exit 1"] = after.slice(-1);
  const times = `$(sed '1,/repository create/d' "\${0%/*}/calls" | grep -c 'repository status')`;
  const cases = after.map((each, index) => `${index + 1}) ${each};;`);
  return {
    "repository status": `if ${wasCalled("repository create")}; then case "${times}" in ${cases.join(" ")}
*) ${last};; esac; else ${notInitialized}; fi`,
    "repository create": "exit 0",
    "policy show": builtIn,
    "maintenance info": `echo '{"owner":""}'`,
    "maintenance set": "exit 0",
    "policy set": "exit 0",
  };
}

Deno.test("bootstrap() saves nothing in what it created before it has read twice that it stayed", async () => {
  const { end, calls, words } = await runFake({ operation: bootstrapOrCreate, script: creating(opened) });
  const { uniqueId, created } = bootstrapOf(end);
  assert.deepEqual([uniqueId, created], ["0123abcd", true]);
  assert.deepEqual(calls, [
    ...["repository status", "repository create", "repository status", "repository status"],
    ...["snapshot list", "policy show", "maintenance info", "maintenance set", "policy set"],
  ]);
  assert.ok(words.includes("--create-only"), "kopia would save its defaults at once");
});

Deno.test("bootstrap() goes no further where another was created at the same moment", async () => {
  const another = `echo '{"uniqueIDHex":"89abcdef"}'`;
  const wrongPassword = "echo 'unable to create format manager: invalid repository password' >&2; exit 1";
  const halves = "echo 'deserialize blob config: unable to decrypt repository blobcfg blob' >&2; exit 1";
  for (
    const after of [[opened, another], [wrongPassword], [opened, wrongPassword], [halves], [opened, halves]]
  ) {
    const { end, calls } = await runFake({ operation: bootstrapOrCreate, script: creating(...after) });
    const { class: failureClass, message, nothingSaved } = failureOf(end);
    assert.deepEqual([failureClass, nothingSaved, end.exitCode], ["CreationContested", true, 1]);
    assert.match(message, /^Cannot create the repository: another was created in the same storage/);
    assert.deepEqual([...new Set(calls)], ["repository status", "repository create"]);
  }
});

Deno.test("bootstrap() says of a storage that is down after it created what is the matter", async () => {
  const down = "echo 'dial tcp: connection refused' >&2; exit 1";
  const { end } = await runFake({ operation: bootstrapOrCreate, script: creating(opened, down) });
  assert.equal(failureOf(end).class, "RepositoryUnavailable");
});

Deno.test("bootstrap() stops while it waits for what it created to settle", async () => {
  const stop = new AbortController();
  const started = performance.now();
  const { end } = await runFake({
    ...{ operation: bootstrapOrCreate, script: creating(opened), settleSeconds: 600, signal: stop.signal },
    logFilter: "debug",
    onLogLine: (line) => line.includes("settle") && stop.abort(),
  });
  assert.equal(failureOf(end).class, "Interrupted");
  assert.ok(performance.now() - started < 60_000);
});

Deno.test("bootstrap() says how to mend a storage with halves of two repositories", async () => {
  const halves = "echo 'deserialize blob config: unable to decrypt repository blobcfg blob' >&2; exit 1";
  const { end } = await runFake({ operation: bootstrapOnly, script: { "repository status": halves } });
  assert.equal(failureOf(end).class, "CreationContested");
  assert.match(failureOf(end).message, /should it stay so, move kopia\.blobcfg out of the storage/);
});

Deno.test("bootstrap() says why it could not create, where there is foreign data", async () => {
  const { end } = await runFake({
    operation: bootstrapOrCreate,
    script: {
      "repository status": notInitialized,
      "repository create":
        "echo 'unable to get repository storage: found existing data in storage location' >&2; exit 1",
    },
  });
  assert.equal(failureOf(end).class, "NotInitialized");
  assert.match(failureOf(end).message, /found existing data/);
});

Deno.test("bootstrap() counts manifests it cannot read, and calls a catalog without one of a run not whole", async () => {
  const odd = (tags: unknown) => manifestJson({ id: "0e", stats: { totalSize: -1 }, tags });
  for (const [tags, isWhole] of [[{}, true], [{ "tag:kopiur-run": "uid-9" }, false], ["?", false]] as const) {
    const { end } = await runFake({
      operation: { bootstrap: {} },
      script: { "snapshot list": printList([odd(tags), manifestJson()]) },
    });
    const { snapshotCount, unreadableManifests, catalog } = bootstrapOf(end);
    assert.deepEqual([snapshotCount, unreadableManifests], [1, 1]);
    assert.equal(catalog?.truncated, !isWhole);
  }
});
