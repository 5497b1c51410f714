import assert from "node:assert/strict";
import fc from "fast-check";
import {
  parseMaintenanceOwner,
  parseSnapshot,
  parseUniqueId,
  type Snapshot,
  SnapshotListReader,
  type UnreadableManifest,
} from "./output.ts";
import { MoverError } from "../mover_error.ts";
import { manifestJson } from "../support/fake_kopia.ts";

function isUnexpected(error: unknown): boolean {
  return error instanceof MoverError && error.failureClass === "UnexpectedOutput";
}

function readList(
  text: string,
  onUnreadable: (manifest: UnreadableManifest) => void = () => {},
): readonly Snapshot[] {
  const snapshots: Snapshot[] = [];
  const reader = new SnapshotListReader({ onSnapshot: (snapshot) => snapshots.push(snapshot), onUnreadable });
  for (const line of text.split("\n")) reader.line(line);
  reader.end();
  return snapshots;
}

const plain: Snapshot = {
  id: "fc4d31be4d877d67f363bec80d112488",
  source: { username: "app", hostname: "apps", path: "/pvc/data" },
  startTime: "2026-11-21T08:03:15.907Z",
  endTime: "2026-11-21T08:03:16.908Z",
  sizeBytes: 8,
  files: 2,
  filesNew: 2,
  tree: { object: "kd8e3d20b571805dc5d95c56f05c6aa9f", entries: 2 },
  tags: { "kopiur-run": "uid-1" },
};

Deno.test("parseSnapshot() reads a manifest", () => {
  assert.deepEqual(parseSnapshot(manifestJson()), plain);
});

Deno.test("parseSnapshot() skips what stands before the JSON, also when it looks like JSON", () => {
  const noise = "[info] hello\n{not json\nProgress: 1/2\n";
  assert.deepEqual(parseSnapshot(noise + manifestJson()), plain);
});

Deno.test("parseSnapshot() does not mind fields it does not know", () => {
  assert.deepEqual(
    parseSnapshot(manifestJson({ novelty: { deep: [1] }, pins: [], storageStats: null })),
    plain,
  );
});

Deno.test("parseSnapshot() reads a description, and an empty one as none", () => {
  assert.equal(parseSnapshot(manifestJson({ description: "by hand" })).description, "by hand");
  assert.ok(!("description" in parseSnapshot(manifestJson())));
});

Deno.test("parseSnapshot() tells what could not be read, ignored errors included", () => {
  const summ = {
    size: 2,
    files: 1,
    numFailed: 2,
    numIgnoredErrors: 1,
    errors: [{ path: "no", error: "permission denied" }, { path: "sub", error: "permission denied" }],
  };
  // Kopia counts a file it then fails to read as not cached.
  const stats = { cachedFiles: 0, nonCachedFiles: 2 };
  const snapshot = parseSnapshot(manifestJson({ rootEntry: { summ }, stats }));
  const { tree: _, ...withoutTree } = plain;
  assert.deepEqual(snapshot, {
    ...withoutTree,
    sizeBytes: 2,
    files: 1,
    filesNew: 1,
    unreadable: { count: 3, paths: ["no", "sub"] },
  });
});

Deno.test("parseSnapshot() knows the tree only where the manifest says its object and all it counted", () => {
  const summ = { size: 8, files: 2, symlinks: 1, dirs: 3 };
  const treeOf = (rootEntry: unknown) => parseSnapshot(manifestJson({ rootEntry })).tree;
  assert.deepEqual(treeOf({ obj: "kab", summ }), { object: "kab", entries: 5 });
  for (const obj of [undefined, "", "-rf", "k a", "k/a"]) assert.equal(treeOf({ obj, summ }), undefined, obj);
  for (const less of [{ symlinks: undefined }, { dirs: undefined }, { dirs: 0 }]) {
    assert.equal(treeOf({ obj: "kab", summ: { ...summ, ...less } }), undefined);
  }
});

Deno.test("parseSnapshot() marks an incomplete snapshot", () => {
  assert.equal(parseSnapshot(manifestJson({ incomplete: "canceled" })).incomplete, "canceled");
  assert.equal(parseSnapshot(manifestJson({ incomplete: "" })).incomplete, undefined);
});

Deno.test("parseSnapshot() knows no new files where kopia kept no counts", () => {
  assert.equal("filesNew" in parseSnapshot(manifestJson({ stats: undefined })), false);
});

Deno.test("parseSnapshot() knows no size and no files where the manifest says none, as 0 would mean empty", () => {
  const { sizeBytes, files } = parseSnapshot(manifestJson({ stats: undefined, rootEntry: null }));
  assert.deepEqual([sizeBytes, files], [undefined, undefined]);
});

const hostile: Readonly<Record<string, string>> = {
  "nothing": "",
  "blank lines": "\n \n\t\n",
  "text": "Snapshot created",
  "a truncated manifest": manifestJson().slice(0, -20),
  "a manifest with something behind it": `${manifestJson()}\nand more`,
  "null": "null",
  "a list": "[]",
  "an empty object": "{}",
  "a manifest without id": manifestJson({ id: undefined }),
  "an id that is a number": manifestJson({ id: 5 }),
  "an id that is a flag": manifestJson({ id: "--all" }),
  "an id that does not end": manifestJson({ id: "a".repeat(10_000) }),
  "a time that is none": manifestJson({ startTime: "soon" }),
  "a negative size": manifestJson({ rootEntry: { summ: { size: -1, files: 0 } } }),
  "a size beyond counting": manifestJson({ rootEntry: { summ: { size: 1e300, files: 0 } } }),
  "a fraction of a file": manifestJson({ rootEntry: { summ: { size: 1, files: 0.5 } } }),
  "tags that are no texts": manifestJson({ tags: { a: {} } }),
  "many beginnings": "{\n".repeat(100_000),
  "one deep list": "[".repeat(100_000),
};

for (const [what, text] of Object.entries(hostile)) {
  Deno.test(`parseSnapshot() refuses ${what}`, () => assert.throws(() => parseSnapshot(text), isUnexpected));
}

Deno.test("parseSnapshot() says what it found, without the whole of it", () => {
  assert.throws(() => parseSnapshot(manifestJson({ id: 5 })), {
    message:
      /^Cannot read kopia's answer to "snapshot create": it is JSON whose "id" is wrong: .*, expected JSON/,
  });
});

Deno.test("the parsers throw nothing but UnexpectedOutput at any prefix and any text", () => {
  const whole = manifestJson();
  const parsers = [parseSnapshot, parseUniqueId, parseMaintenanceOwner, readList];
  fc.assert(fc.property(
    fc.oneof(fc.string(), fc.json(), fc.nat(whole.length).map((end) => whole.slice(0, end))),
    (text) => {
      for (const parse of parsers) {
        try {
          parse(text);
        } catch (error) {
          assert.ok(isUnexpected(error), String(error));
        }
      }
    },
  ));
});

Deno.test("parseUniqueId() reads the id among fields that may hold keys", () => {
  assert.equal(
    parseUniqueId(`{"storage":{"config":{"secretAccessKey":"x"}},"uniqueIDHex":"ca4eebcf"}`),
    "ca4eebcf",
  );
  assert.throws(() => parseUniqueId(`{"uniqueIDHex":""}`), isUnexpected);
  assert.throws(() => parseUniqueId(`{"uniqueIDHex":"no hex"}`), isUnexpected);
});

Deno.test("parseMaintenanceOwner() reads nobody as an empty text", () => {
  assert.equal(parseMaintenanceOwner(`{"owner":"app@ns","quick":{}}`), "app@ns");
  assert.equal(parseMaintenanceOwner(`{"quick":{}}`), "");
});

Deno.test("SnapshotListReader hands on each line's snapshot", () => {
  const second = manifestJson({ id: "0a" });
  assert.deepEqual(readList(`Some note\n[\n ${manifestJson()},\n ${second}\n]\nmore`).map(({ id }) => id), [
    plain.id,
    "0a",
  ]);
});

Deno.test("SnapshotListReader knows the empty list in both forms", () => {
  assert.deepEqual(readList("[\n]"), []);
  assert.deepEqual(readList("[]"), []);
});

const brokenLists: Readonly<Record<string, string>> = {
  "no list": "",
  "a list that breaks off": `[\n ${manifestJson()},\n`,
  "a list that breaks off inside a snapshot": `[\n ${manifestJson().slice(0, 40)}`,
};

for (const [what, text] of Object.entries(brokenLists)) {
  Deno.test(`SnapshotListReader refuses ${what}`, () => assert.throws(() => readList(text), isUnexpected));
}

const source = { username: "app", hostname: "apps", path: "/pvc/data" };
const tags = { "kopiur-run": "uid-1" };
const odd: Readonly<Record<string, { line: string; left: Omit<UnreadableManifest, "error"> }>> = {
  "a negative size": {
    line: manifestJson({ stats: { totalSize: -1 } }),
    left: { id: plain.id, source, tags },
  },
  "more bytes than can be counted": {
    line: manifestJson({ stats: { totalSize: 9_223_372_036_854_775_000 } }),
    left: { id: plain.id, source, tags },
  },
  "the year 10000": {
    line: manifestJson({ startTime: "10000-01-01T00:00:00Z" }),
    left: { id: plain.id, source, tags },
  },
  "a tag that is no text": {
    line: manifestJson({ tags: { "tag:kopiur-run": "uid-1", "tag:a": 1 } }),
    left: { id: plain.id, source, tags },
  },
  "tags that are a list": { line: manifestJson({ tags: ["a"] }), left: { id: plain.id, source } },
  "no source": { line: manifestJson({ source: undefined }), left: { id: plain.id, tags } },
  "an id of a later form": { line: manifestJson({ id: "a-b" }), left: { id: "a-b", source, tags } },
  "no id": { line: manifestJson({ id: undefined }), left: { source, tags } },
  "another thing": { line: '{"id":1}', left: { tags: {} } },
  "no object": { line: "7", left: {} },
  "a line that was cut": { line: manifestJson().slice(0, 90), left: { id: plain.id } },
  "no JSON": { line: "oops", left: {} },
};

for (const [what, { line, left }] of Object.entries(odd)) {
  Deno.test(`SnapshotListReader passes over ${what} and tells what can still be told`, () => {
    const unreadable: UnreadableManifest[] = [];
    const good = manifestJson({ id: "0a" });
    const read = readList(`[\n ${line},\n ${good}\n]`, (manifest) => unreadable.push(manifest));
    assert.deepEqual(read.map(({ id }) => id), ["0a"]);
    assert.deepEqual(unreadable.map(({ error: _, ...rest }) => rest), [left]);
    assert.ok(unreadable.every(({ error }) => isUnexpected(error)));
  });
}
