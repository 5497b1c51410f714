import assert from "node:assert/strict";
import type { SnapshotEntry } from "../../../api/mod.ts";
import { completeText, runResultOf, statsOf } from "./result.ts";

function saved(source: string, parts: Partial<SnapshotEntry> = {}): SnapshotEntry {
  return {
    source,
    sourcePath: `/pvc/${source}`,
    phase: "Succeeded",
    kopiaSnapshotID: source,
    sizeBytes: 1,
    files: 1,
    ...parts,
  };
}

function failed(source: string, failureClass = "SourceError"): SnapshotEntry {
  const failure = { class: failureClass, message: "The source could not be read", resultKnown: true };
  return { source, sourcePath: `/pvc/${source}`, phase: "Failed", failure };
}

const cases: Readonly<
  Record<string, { entries: readonly SnapshotEntry[]; want: readonly [string, string, string, string] }>
> = {
  "one source that succeeded": {
    entries: [saved("a")],
    want: ["Succeeded", "success", "BackupSucceeded", 'Backed up "a"'],
  },
  "all of several": {
    entries: [saved("a"), saved("b")],
    want: ["Succeeded", "success", "BackupSucceeded", "Backed up all 2 sources"],
  },
  "some": {
    entries: [saved("a"), failed("b")],
    want: [
      "Succeeded",
      "partial",
      "BackupPartial",
      'Backed up 1 of 2 sources, not everything: "b": The source could not be read',
    ],
  },
  "all, with a file that could not be read": {
    entries: [saved("a", { unreadable: { count: 1, paths: ["x"] } })],
    want: [
      "Succeeded",
      "partial",
      "BackupPartial",
      'Backed up 1 of 1 sources, not everything: "a": 1 file or folder could not be read',
    ],
  },
  "one whose file lost its name": {
    entries: [saved("a", { names: { lost: { count: 1, paths: ["x"] } } })],
    want: [
      "Succeeded",
      "partial",
      "BackupPartial",
      'Backed up 1 of 1 sources, not everything: "a": 1 file or link is lost, as its name is not UTF-8 and became that of another',
    ],
  },
  "one that lacks all sorts of things, and perhaps more": {
    entries: [
      saved("a", {
        unreadable: { count: 2, paths: [] },
        names: { lost: { count: 3, paths: [] }, renamed: { count: 1, paths: [] }, unknown: true },
      }),
    ],
    want: [
      "Succeeded",
      "partial",
      "BackupPartial",
      'Backed up 1 of 1 sources, not everything: "a": 2 files or folders could not be read and at least 3 files or links are lost, as their names are not UTF-8 and became that of another',
    ],
  },
  "all, of which some have another name there": {
    entries: [saved("a", { names: { renamed: { count: 2, paths: [] } } }), saved("b")],
    want: [
      "Succeeded",
      "success",
      "BackupSucceeded",
      'Backed up all 2 sources. Names that are not UTF-8 are others there: 2 of "a"',
    ],
  },
  "nothing changed, of which some have another name there": {
    entries: [
      saved("a", { unchanged: true, unchangedSince: "k1", names: { renamed: { count: 1, paths: [] } } }),
    ],
    want: [
      "Succeeded",
      "success",
      "Unchanged",
      'Nothing changed, so no snapshot was made: "a" since k1. Names that are not UTF-8 are others there: 1 of "a"',
    ],
  },
  "none, for one reason": {
    entries: [failed("a"), failed("b")],
    want: [
      "Failed",
      "failure",
      "SourceError",
      'No source could be backed up: "a": The source could not be read; "b": The source could not be read',
    ],
  },
  "none, for a class nobody knows": {
    entries: [failed("a", "FromTheFuture")],
    want: [
      "Failed",
      "failure",
      "BackupFailed",
      'No source could be backed up: "a": The source could not be read',
    ],
  },
};
for (const [what, { entries, want }] of Object.entries(cases)) {
  Deno.test(`runResultOf() judges ${what}`, () => {
    const { phase, outcome, reason, message } = runResultOf(entries);
    assert.deepEqual([phase, outcome, reason, message], want);
  });
}

Deno.test("runResultOf() names the first sources and counts the rest", () => {
  const { message } = runResultOf(Array.from({ length: 64 }, (_, index) => failed(`s${index}`)));
  assert.match(message, /"s4": The source could not be read; and 59 more$/);
});

Deno.test("statsOf() adds up what every source gave and leaves out what one did not", () => {
  assert.deepEqual(
    statsOf([saved("a", { bytesNew: 5, filesNew: 1 }), saved("b", { bytesNew: 7 }), failed("c")]),
    {
      sizeBytes: 2,
      files: 2,
      bytesNew: 12,
    },
  );
  assert.equal(statsOf([failed("a")]), undefined);
});

Deno.test("completeText() says what rules left out, and never that every file is there when one was", () => {
  const entry = { source: "data", sourcePath: "/pvc/data", phase: "Succeeded" } as const;
  assert.match(
    completeText([entry]),
    /^All that kopia can save of every source is in the snapshots; it saves no sockets, pipes/,
  );
  const text = completeText([
    entry,
    { ...entry, source: "a", excluded: { files: 0, folders: 1 } },
    { ...entry, source: "b", excluded: { files: 1, folders: 2 } },
  ]);
  assert.match(text, /but what rules left out .*\.kopiaignore files, CACHEDIR\.TAG\)/);
  assert.match(text, /: "a": 1 folder; "b": 1 file and 2 folders$/);
});

Deno.test("completeText() says which names are others in the snapshots, and of which nobody knows", () => {
  const entry = { source: "data", sourcePath: "/pvc/data", phase: "Succeeded" } as const;
  assert.doesNotMatch(completeText([entry]), /name/);
  const renamed = { count: 3, paths: [] };
  const text = completeText([
    { ...entry, names: { renamed, unknown: true }, excluded: { files: 1, folders: 0 } },
    { ...entry, source: "b", names: { renamed } },
    { ...entry, source: "c" },
  ]);
  assert.match(
    text,
    /: "data": 1 file\. Names that are not UTF-8 are others there: at least 3 of "data"; 3 of "b"\. /,
  );
  assert.match(text, /\. Whether every name was kept could not be found out: "data"$/);
});

Deno.test("statsOf() adds up what was renamed and what is lost", () => {
  const names = { renamed: { count: 2, paths: [] }, lost: { count: 5, paths: [] } };
  const { renamed, lost } = statsOf([saved("a", { names }), saved("b", { names }), saved("c")]) ?? {};
  assert.deepEqual([renamed, lost], [4, 10]);
});
