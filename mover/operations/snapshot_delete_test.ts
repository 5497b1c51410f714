import assert from "node:assert/strict";
import { manifestJson, printList, runFake, wasCalled } from "../support/fake_kopia.ts";
import { deletionOf, failureOf } from "../support/mover_case.ts";

const deletion = {
  snapshotDelete: { runId: "uid-1", snapshots: [{ id: "0a", sourcePath: "/pvc/data" }] },
};

Deno.test("deleteSnapshots() counts a snapshot that is gone as gone, and does not ask kopia to delete it", async () => {
  const { end, calls } = await runFake({ operation: deletion });
  assert.deepEqual(deletionOf(end), { deleted: 0, alreadyGone: 1 });
  assert.deepEqual(calls, ["snapshot list", "snapshot list", "snapshot list"]);
});

Deno.test("deleteSnapshots() deletes nothing in another repository", async () => {
  const { end, calls } = await runFake({
    operation: { snapshotDelete: { ...deletion.snapshotDelete, uniqueId: "ffff", snapshots: [] } },
    script: { "snapshot list": printList([manifestJson()]) },
  });
  assert.equal(failureOf(end).class, "RepositoryReplaced");
  assert.match(failureOf(end).message, /"0123abcd", expected "ffff"/);
  assert.equal(end.exitCode, 2);
  assert.deepEqual(calls, ["snapshot list", "repository status"]);
});

Deno.test("deleteSnapshots() does not believe a deletion before the list agrees", async () => {
  const { end } = await runFake({
    operation: deletion,
    script: { "snapshot list": printList([manifestJson()]), "snapshot delete": "exit 0" },
  });
  assert.equal(failureOf(end).class, "UnexpectedOutput");
  assert.match(failureOf(end).message, /^Cannot delete 1 of 1 snapshots/);
});

Deno.test("deleteSnapshots() does not mind that kopia fails to delete what is then gone", async () => {
  const { end } = await runFake({
    operation: deletion,
    script: {
      "snapshot list": `if ${wasCalled("snapshot delete")}; then printf '[\\n]'; else\n${
        printList([manifestJson()])
      }\nfi`,
      "snapshot delete": "echo 'no snapshots matched' >&2; exit 1",
    },
  });
  assert.deepEqual(deletionOf(end), { deleted: 1, alreadyGone: 1 });
});

Deno.test("deleteSnapshots() tells what the repository holds afterwards, unless that cannot be listed any more", async () => {
  const other = manifestJson({ id: "0e", tags: {}, endTime: new Date().toISOString() });
  const listing = printList([other]);
  for (const [afterwards, expected] of [[listing, ["0e"]], ["exit 1", undefined]] as const) {
    const { end } = await runFake({
      operation: { snapshotDelete: { ...deletion.snapshotDelete, snapshots: [] } },
      script: {
        "snapshot list": `if ${
          wasCalled("snapshot delete")
        }; then\ncase "$*" in *--tags*|*apps:*) printf '[\\n]';; *)\n${afterwards}\n;; esac\nelse\n${
          printList([manifestJson()])
        }\nfi`,
      },
    });
    assert.equal(deletionOf(end).deleted, 1);
    const seen = "snapshotDelete" in end.result ? end.result.snapshotDelete.repository : undefined;
    assert.deepEqual([seen?.snapshotCount, seen?.recent?.ids], [expected?.length, expected]);
  }
});

Deno.test("deleteSnapshots() calls what a stopped mover had of a snapshot unfinished, not a snapshot", async () => {
  const { end } = await runFake({
    operation: { snapshotDelete: { ...deletion.snapshotDelete, snapshots: [] } },
    script: {
      "snapshot list": `if ${wasCalled("snapshot delete")}; then printf '[\\n]'; else\n${
        printList([manifestJson({ incomplete: "canceled" })])
      }\nfi`,
    },
  });
  assert.deepEqual(deletionOf(end), { deleted: 0, alreadyGone: 0, checkpoints: 1 });
});

Deno.test("deleteSnapshots() deletes no snapshot of another source, whatever the status says", async () => {
  const other = manifestJson({ id: "0a", tags: {}, source: { host: "apps", userName: "app", path: "/pvc" } });
  const { calls } = await runFake({
    operation: deletion,
    script: {
      // Tagged with the run: none. Under the source: kopia adds the snapshots of the folder above.
      "snapshot list": `case "$*" in *--tags*) printf '[\\n]';; *)\n${printList([other])}\n;; esac`,
    },
  });
  assert.ok(!calls.includes("snapshot delete"));
});

Deno.test("deleteSnapshots() deletes nothing of another run, whatever kopia lists for the tag", async () => {
  const others = [
    manifestJson({ id: "0b", tags: { "tag:kopiur-run": "uid-2" } }),
    manifestJson({ id: "0c", tags: {} }),
  ];
  const { end, calls } = await runFake({
    operation: deletion,
    script: { "snapshot list": printList(others), "snapshot delete": "exit 0" },
  });
  assert.deepEqual(deletionOf(end), { deleted: 0, alreadyGone: 1 });
  assert.ok(!calls.includes("snapshot delete"));
});

const bad = { stats: { totalSize: -1 } };
const gone = (list: readonly string[]) =>
  `if ${wasCalled("snapshot delete")}; then printf '[\\n]'; else\n${printList(list)}\nfi`;

Deno.test("deleteSnapshots() deletes what the run tagged although the manifest cannot be read", async () => {
  const { end } = await runFake({
    operation: deletion,
    script: {
      "snapshot list": gone([
        manifestJson({ ...bad, id: "0a" }),
        manifestJson({ ...bad, id: "0e", tags: {} }),
      ]),
      "snapshot delete": 'case "$*" in *0e*) exit 1;; esac',
    },
  });
  assert.deepEqual(deletionOf(end), { deleted: 1, alreadyGone: 0 });
});

Deno.test("deleteSnapshots() deletes what the status names although the manifest cannot be read", async () => {
  const { end } = await runFake({
    operation: deletion,
    script: { "snapshot list": gone([manifestJson({ ...bad, id: "0a", tags: {} })]), "snapshot delete": "" },
  });
  assert.deepEqual(deletionOf(end), { deleted: 1, alreadyGone: 0 });
});

const doubtful: Readonly<Record<string, string>> = {
  "a line that is cut": '{"id":"0a","source":{"host":"apps"',
  "a line without an id": manifestJson({ id: undefined, tags: {} }),
  "no JSON at all": "oops",
};

for (const [what, line] of Object.entries(doubtful)) {
  Deno.test(`deleteSnapshots() calls nothing gone while ${what} may be it`, async () => {
    const { end, calls } = await runFake({
      operation: deletion,
      script: {
        "snapshot list": `case "$*" in *--tags*) printf '[\\n]';; *)\n${printList([line])}\n;; esac`,
      },
    });
    assert.equal(failureOf(end).class, "UnexpectedOutput");
    assert.ok(!calls.includes("snapshot delete"));
  });
}

Deno.test("deleteSnapshots() minds no unreadable manifest that is another one", async () => {
  const others = [
    manifestJson({ ...bad, id: "0e", tags: {} }),
    manifestJson({ ...bad, id: undefined, tags: {}, source: { host: "b", userName: "b", path: "/b" } }),
  ];
  const { end } = await runFake({ operation: deletion, script: { "snapshot list": printList(others) } });
  assert.deepEqual(deletionOf(end), { deleted: 0, alreadyGone: 1 });
});

const killed = {
  snapshotDelete: {
    runId: "uid-1",
    snapshots: [],
    checkpoints: { sourcePaths: ["/pvc/data"], from: "2026-11-21T08:00:00Z", to: "2026-11-21T09:00:00Z" },
  },
};
const checkpoint = (id: string, more: Readonly<Record<string, unknown>> = {}) =>
  manifestJson({ id, incomplete: "checkpoint", tags: undefined, ...more });

/** What a mover with that clock deletes of a list, and what it says of it. */
async function deletedAt(time: string, listed: readonly string[]) {
  const { end, words } = await runFake({
    operation: killed,
    clock: () => Date.parse(time),
    script: { "snapshot list": gone(listed), "snapshot delete": "" },
  });
  const at = words.indexOf("delete");
  const ids = at < 0 ? [] : words.slice(at).filter((word) => /^[0-9a-f]{2}$/.test(word));
  return { result: deletionOf(end), ids };
}

Deno.test("deleteSnapshots() deletes what kopia wrote down for a mover that was killed, and nobody else's", async () => {
  const { result, ids } = await deletedAt("2026-11-22T00:00:00Z", [
    checkpoint("0a"),
    checkpoint("1a", { endTime: "2026-11-21T08:48:00Z" }),
    checkpoint("0b", { startTime: "2026-11-21T07:59:59Z" }),
    checkpoint("0c", { startTime: "2026-11-21T09:00:01Z" }),
    checkpoint("0d", { startTime: "2026-11-21T08:10:00Z", tags: { "tag:mine": "x" } }),
    checkpoint("0e", { source: { host: "apps", userName: "app", path: "/pvc" } }),
    checkpoint("0f", { source: { host: "laptop", userName: "app", path: "/pvc/data" } }),
    checkpoint("10", { startTime: "2026-11-21T08:11:00Z", incomplete: "canceled" }),
    manifestJson({ id: "11", startTime: "2026-11-21T08:12:00Z", tags: undefined }),
  ]);
  assert.deepEqual(result, { deleted: 0, alreadyGone: 0, checkpoints: 2 });
  assert.deepEqual(ids, ["0a", "1a"]);
});

Deno.test("deleteSnapshots() leaves the checkpoints of an upload that may go on, and says when that can be told", async () => {
  const listed = [
    // Begun by another cluster with the same identity while our run was at work: its newest checkpoint is young.
    checkpoint("0a", { endTime: "2026-11-21T08:48:00Z" }),
    checkpoint("0b", { endTime: "2026-11-21T09:33:00Z" }),
    checkpoint("0c", { startTime: "2026-11-21T08:30:00Z", endTime: "2026-11-21T08:31:00Z" }),
  ];
  const early = await deletedAt("2026-11-21T10:10:00Z", listed);
  assert.deepEqual(early.ids, ["0c"]);
  assert.deepEqual(early.result, {
    deleted: 0,
    alreadyGone: 0,
    checkpoints: 1,
    left: { count: 2, quietAt: "2026-11-21T11:03:00.000Z" },
  });
  const late = await deletedAt("2026-11-21T11:03:00Z", listed);
  assert.deepEqual([late.ids, late.result.left], [["0a", "0b", "0c"], undefined]);
});

Deno.test("deleteSnapshots() takes a checkpoint of a time to come for one of an upload that goes on", async () => {
  const { result, ids } = await deletedAt("2026-11-21T08:00:00Z", [
    checkpoint("0a", { endTime: "2026-11-22T08:00:00Z" }),
  ]);
  assert.deepEqual(ids, []);
  assert.deepEqual(result.left, { count: 1, quietAt: "2026-11-22T09:30:00.000Z" });
});

Deno.test("deleteSnapshots() waits for nothing where kopia itself ended the upload of the run, whatever the clocks say", async () => {
  const startTime = "2026-11-20T00:00:00Z";
  const { result, ids } = await deletedAt("2026-11-21T08:04:00Z", [
    checkpoint("0a", { startTime }),
    manifestJson({ id: "0b", startTime, incomplete: "canceled" }),
  ]);
  assert.deepEqual(ids, ["0a", "0b"]);
  assert.deepEqual(result, { deleted: 0, alreadyGone: 0, checkpoints: 2 });
});

Deno.test("deleteSnapshots() deletes the checkpoint that kopia wrote while it saved the snapshot of the run", async () => {
  const startTime = "2026-11-20T00:00:00Z";
  const listed = [
    manifestJson({ id: "0a", startTime }),
    checkpoint("0b", { startTime }),
    // Whose this is nobody can tell: the run has its snapshot, and kopia dropped what was left before.
    checkpoint("0c", { startTime: "2026-11-20T00:00:01Z" }),
  ];
  const { end } = await runFake({
    operation: deletion,
    clock: () => Date.parse("2026-11-20T00:05:00Z"),
    script: { "snapshot list": gone(listed), "snapshot delete": 'case "$*" in *0c*) exit 1;; esac' },
  });
  assert.deepEqual(deletionOf(end), { deleted: 1, alreadyGone: 0, checkpoints: 1 });
});

Deno.test("deleteSnapshots() leaves the checkpoint beside a snapshot that another client finished", async () => {
  const { result, ids } = await deletedAt("2026-11-22T00:00:00Z", [
    checkpoint("0a"),
    manifestJson({ id: "0b", tags: undefined }),
  ]);
  assert.deepEqual([ids, result], [[], { deleted: 0, alreadyGone: 0 }]);
});

Deno.test("deleteSnapshots() leaves the checkpoints of an upload that another run ended", async () => {
  const { result, ids } = await deletedAt("2026-11-22T00:00:00Z", [
    checkpoint("0a"),
    manifestJson({ id: "0b", incomplete: "canceled", tags: { "tag:kopiur-run": "uid-2" } }),
  ]);
  assert.deepEqual([ids, result], [[], { deleted: 0, alreadyGone: 0 }]);
});

const isFull = "echo 'ERROR error deleting manifest: unable to write: no space left on device' >&2; exit 1";

Deno.test("deleteSnapshots() calls no checkpoint deleted that the repository still lists", async () => {
  const listed = printList([checkpoint("0a"), checkpoint("1a")]);
  const bySource = `case "$*" in *--tags*) printf '[\\n]';; *)\n${listed}\n;; esac`;
  const failed = async (deletes: string) =>
    failureOf(
      (await runFake({
        operation: killed,
        script: { "snapshot list": bySource, "snapshot delete": deletes },
        clock: () => Date.parse("2026-11-22T08:00:00Z"),
      })).end,
    );
  const refused = await failed(isFull);
  assert.equal(refused.class, "StorageFull");
  assert.match(refused.message, /no space left on device/);
  const lied = await failed("exit 0");
  assert.equal(lied.class, "UnexpectedOutput");
  assert.match(lied.message, /^Cannot delete 2 of 2 snapshots: kopia says it did/);
});

Deno.test("deleteSnapshots() tells of a checkpoint that stays though the snapshot that told whose it is went", async () => {
  const startTime = "2026-11-21T08:03:15.907064006Z";
  const own = manifestJson({ id: "0b", startTime });
  const left = checkpoint("0a", { startTime });
  const list = (tagged: string, ofSource: string) =>
    `case "$*" in *--tags*)\n${tagged}\n;; *)\n${ofSource}\n;; esac`;
  const { end, words } = await runFake({
    operation: { snapshotDelete: { runId: "uid-1", snapshots: [{ id: "0b", sourcePath: "/pvc/data" }] } },
    script: {
      "snapshot list": `if ${wasCalled("snapshot delete")}; then ${
        list("printf '[\\n]'", printList([left]))
      }; else ${list(printList([own]), printList([own, left]))}; fi`,
      "snapshot delete": isFull,
    },
    clock: () => Date.parse("2026-11-22T08:00:00Z"),
  });
  assert.equal(failureOf(end).class, "StorageFull");
  const ids = words.slice(words.indexOf("delete")).filter((word) => /^0[ab]$/.test(word));
  assert.deepEqual(ids, ["0a", "0b"], "the snapshot goes last, for it tells whose the checkpoint is");
});

Deno.test("deleteSnapshots() gives a readable answer whatever the clock of a client said", async () => {
  const { result } = await deletedAt("2026-11-22T08:00:00Z", [
    checkpoint("0a", { endTime: "9999-12-31T23:00:00Z" }),
  ]);
  assert.deepEqual(result.left, { count: 1, quietAt: "9999-12-31T23:59:59.999Z" });
});
