import assert from "node:assert/strict";
import { join } from "node:path";
import { IGNORED_BY_DEFAULT, type KopiaPolicy } from "../../api/kopia_policy.ts";
import {
  listTree,
  logEntries,
  manifestJson,
  printJson,
  printList,
  runFake,
  showPolicies,
  wasCalled,
  writeFakeKopia,
} from "../support/fake_kopia.ts";
import { backupOf, failureOf, makeMoverFolder, runCase } from "../support/mover_case.ts";

const request = { mountPath: "/pvc/data", sourcePath: "/pvc/data", runId: "uid-1", tags: {} };
const backup = { backup: request };

function backupWith(policy: KopiaPolicy) {
  return { backup: { ...request, policy } };
}

/** The first two run side by side. */
function inOrder(calls: readonly string[]): readonly string[] {
  return [...calls.slice(0, 2).toSorted(), ...calls.slice(2)];
}

function stockIn(seen: ReturnType<typeof backupOf>["repository"]): readonly unknown[] {
  return [seen?.snapshotCount, seen?.totalSizeBytes];
}

Deno.test("backUp() backs up and answers with what kopia measured", async () => {
  const { end, calls, scratch } = await runFake({
    operation: backup,
    script: { "snapshot create": printJson(manifestJson()) },
  });
  assert.equal(end.exitCode, 0);
  assert.equal(end.result.operation, "Backup");
  const { repository, ...result } = backupOf(end);
  assert.deepEqual(stockIn(repository), [0, 0], "as it was before");
  assert.deepEqual(result, {
    snapshotId: "fc4d31be4d877d67f363bec80d112488",
    startTime: "2026-11-21T08:03:15.907Z",
    endTime: "2026-11-21T08:03:16.908Z",
    sizeBytes: 8,
    files: 2,
    filesNew: 2,
    filesUnchanged: 0,
    names: {},
    grownBytes: 8,
    reused: false,
  });
  assert.deepEqual(inOrder(calls), [
    ...["policy show", "snapshot list"],
    ...["snapshot create", "ls --recursive"],
  ]);
  assert.deepEqual(scratch, [], "nothing is left behind");
});

Deno.test("backUp() reuses the finished snapshot of its run", async () => {
  const { end, calls } = await runFake({
    operation: backup,
    script: {
      "snapshot list": printList([manifestJson({ incomplete: "canceled", id: "0b" }), manifestJson()]),
    },
  });
  assert.equal(backupOf(end).reused, true);
  assert.equal(backupOf(end).snapshotId, "fc4d31be4d877d67f363bec80d112488");
  assert.deepEqual(inOrder(calls), ["policy show", "snapshot list", "ls --recursive"]);
});

const rootLogged = [
  "snapshotted directory",
  '"path":".","dur":"1ms","oid":"kd8e3d20b571805dc5d95c56f05c6aa9f"',
] as const;
const firstLogged = ["snapshotted file", '"path":"a","dur":"1ms"'] as const;
const secondLogged = ["cached", '"path":"b","dur":"1ms"'] as const;

Deno.test("backUp() lists no snapshot of which kopia told every entry while it made it", async () => {
  const log = logEntries(firstLogged, secondLogged, rootLogged);
  const { end, calls, scratch } = await runFake({
    operation: backup,
    script: { "snapshot create": `${log}\n${printJson(manifestJson())}`, "ls --recursive": "exit 1" },
  });
  assert.deepEqual(backupOf(end).names, {});
  assert.deepEqual(inOrder(calls), ["policy show", "snapshot list", "snapshot create"]);
  assert.deepEqual(scratch, [], "nothing is left behind");
});

const noProof: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  "did not tell every entry": [firstLogged, rootLogged],
  "told of another snapshot": [firstLogged, secondLogged, [
    "snapshotted directory",
    '"path":".","dur":"1ms","oid":"k0"',
  ]],
  "told a name that is not UTF-8": [firstLogged, ["cached", '"path":"b\\ufffd","dur":"1ms"'], rootLogged],
};

for (const [what, entries] of Object.entries(noProof)) {
  Deno.test(`backUp() lists the snapshot when kopia ${what}`, async () => {
    const { end, calls } = await runFake({
      operation: backup,
      script: {
        "snapshot create": `${logEntries(...entries)}\n${printJson(manifestJson())}`,
        "ls --recursive": listTree("a", "b\ufffd"),
        "content show": String.raw`printf '%s' '{"entries":[{"name":"b\ufffd","type":"f"}]}'`,
      },
    });
    assert.deepEqual(backupOf(end).names, { renamed: { count: 1, paths: ["b\ufffd"] } });
    assert.deepEqual(calls.slice(-2), ["ls --recursive", "content show"]);
  });
}

const notLookedAt: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "when kopia cannot list the snapshot": { "ls --recursive": "echo 'no such blob' >&2; exit 1" },
  "when kopia's list is none": { "ls --recursive": "echo hello" },
  "when kopia lists fewer files than it counted": { "ls --recursive": listTree("a") },
  "when the folders cannot be read": { "ls --recursive": listTree("a\ufffd", "b"), "content show": "exit 1" },
  "when the folders are fewer than they should be": {
    "ls --recursive": listTree("a\ufffd", "b"),
    "content show": "exit 0",
  },
  "when the snapshot tells no tree": {
    "snapshot create": printJson(manifestJson({ rootEntry: { summ: { size: 8, files: 2 } } })),
  },
};

for (const [what, script] of Object.entries(notLookedAt)) {
  Deno.test(`backUp() says that it does not know what became of the names ${what}`, async () => {
    const { end } = await runFake({
      operation: backup,
      script: { "snapshot create": printJson(manifestJson()), ...script },
    });
    assert.equal(end.exitCode, 0);
    assert.deepEqual(backupOf(end).names, { unknown: true });
    assert.match(end.log, /the names in the snapshot could not be looked at|another number of entries/);
  });
}

Deno.test("backUp() that is out of time while it looks at names has saved its snapshot all the same", async () => {
  const { end } = await runFake({
    operation: backup,
    timeoutSeconds: 3,
    script: { "snapshot create": printJson(manifestJson()), "ls --recursive": "exec sleep 60" },
  });
  assert.equal(end.exitCode, 0);
  assert.deepEqual(backupOf(end).names, { unknown: true });
});

Deno.test("backUp() reads names on in folders of which there are more than one command shows", async () => {
  const folders = Array.from({ length: 501 }, (_, index) => `d${index}/`);
  const listed = folders.flatMap((folder) => [folder, `${folder}a\ufffd`]);
  const shown = String.raw`{"entries":[{"name":"a\ufffd","type":"f","size":1}]}`;
  const summ = { size: 501, files: 501, symlinks: 0, dirs: 502 };
  const { end, calls } = await runFake({
    operation: backup,
    script: {
      "snapshot create": printJson(manifestJson({ rootEntry: { obj: "kd8", summ } })),
      "ls --recursive": listTree(...listed),
      "content show": `for word; do test "$word" != 0a || printf '%s\\n' '${shown}'; done`,
    },
  });
  assert.deepEqual(backupOf(end).names?.renamed?.count, 501);
  assert.equal(calls.filter((call) => call === "content show").length, 2);
});

const notOurs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "an incomplete snapshot": { incomplete: "checkpoint" },
  "the snapshot of another run": { tags: { "tag:kopiur-run": "uid-2" } },
  "the snapshot of another source of the run": {
    source: { host: "apps", userName: "app", path: "/pvc/other" },
  },
  "the snapshot of another identity": { source: { host: "apps", userName: "other", path: "/pvc/data" } },
};

for (const [what, parts] of Object.entries(notOurs)) {
  Deno.test(`backUp() does not reuse ${what}`, async () => {
    const { end } = await runFake({
      operation: backup,
      script: {
        "snapshot list": printList([manifestJson({ ...parts, id: "0b" })]),
        "snapshot create": printJson(manifestJson()),
      },
    });
    assert.equal(backupOf(end).reused, false);
    assert.equal(backupOf(end).snapshotId, "fc4d31be4d877d67f363bec80d112488");
  });
}

for (
  const [what, policy] of [["keeps that are set", '{"keepLatest":10}'], [
    "dropping of identical snapshots",
    '{"ignoreIdenticalSnapshots":true}',
  ]] as const
) {
  Deno.test(`backUp() takes ${what} off the source before it backs up`, async () => {
    const { calls } = await runFake({
      operation: backup,
      script: {
        "policy show": showPolicies(`{"retention":${policy}}`),
        "policy set": "exit 0",
        "snapshot create": printJson(manifestJson()),
      },
    });
    assert.deepEqual(calls.slice(2), ["policy set", "snapshot create", "ls --recursive"]);
  });
}

Deno.test("backUp() makes no snapshot when the retention cannot be taken off", async () => {
  const { end, calls } = await runFake({
    operation: backup,
    script: {
      "policy show": showPolicies('{"retention":{"keepLatest":10}}'),
      "policy set": "echo no >&2; exit 1",
    },
  });
  assert.equal(failureOf(end).class, "Unknown");
  assert.ok(!calls.includes("snapshot create"));
});

const refusals: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "opening the repository": { "snapshot list": "echo 'invalid repository password' >&2; exit 1" },
  "reading the policy": { "policy show": "echo 'no space left on device' >&2; exit 1" },
  "setting the policy": {
    "policy show": showPolicies('{"retention":{"keepLatest":10}}'),
    "policy set": "echo no >&2; exit 1",
  },
};

for (const [what, script] of Object.entries(refusals)) {
  Deno.test(`backUp() vouches that nothing was saved where ${what} failed`, async () => {
    const { end, calls } = await runFake({ operation: backup, script });
    assert.equal(failureOf(end).nothingSaved, true);
    assert.ok(!calls.includes("snapshot create"));
  });
}

Deno.test("backUp() does not vouch that nothing was saved once kopia was told to save, whatever the class", async () => {
  for (const words of ["invalid repository password", "no space left on device", "access denied"]) {
    const { end } = await runFake({
      operation: backup,
      script: { "snapshot create": `echo 'upload error: ${words}' >&2; exit 1` },
    });
    assert.equal(failureOf(end).nothingSaved, undefined, failureOf(end).class);
  }
});

/** The list is empty before the snapshot is made and holds it afterwards. */
function savedMeanwhile(manifest: string): string {
  return `if ${wasCalled("snapshot create")}; then\n${printList([manifest])}\nelse\nprintf '[\\n]'\nfi`;
}

const partial = manifestJson({
  rootEntry: {
    summ: { size: 4, files: 1, numFailed: 1, errors: [{ path: "no", error: "permission denied" }] },
  },
});

Deno.test("backUp() calls a snapshot with unreadable files partial, with count and paths", async () => {
  const { end } = await runFake({
    operation: backup,
    script: {
      "snapshot list": savedMeanwhile(partial),
      "snapshot create": `${
        printJson(partial)
      }\necho 'Found 1 fatal error(s) while snapshotting' >&2; exit 1`,
    },
  });
  assert.equal(end.exitCode, 0);
  assert.deepEqual(backupOf(end).unreadable, { count: 1, paths: ["no"] });
});

Deno.test("backUp() does not believe a manifest that did not reach the repository", async () => {
  const { end } = await runFake({
    operation: backup,
    script: {
      "snapshot create": `${
        printJson(partial)
      }\necho 'flush error: dial tcp: connection refused' >&2; exit 1`,
    },
  });
  assert.equal(end.exitCode, 1);
  assert.equal(failureOf(end).class, "RepositoryUnavailable");
  assert.equal(failureOf(end).message, "flush error: dial tcp: connection refused");
});

Deno.test("backUp() finds a snapshot that was saved although kopia failed", async () => {
  const { end } = await runFake({
    operation: backup,
    script: {
      "snapshot list": savedMeanwhile(manifestJson()),
      "snapshot create": "echo 'unable to apply retention policy: whatever' >&2; exit 1",
    },
  });
  assert.equal(backupOf(end).snapshotId, "fc4d31be4d877d67f363bec80d112488");
  assert.match(end.log, /kopia failed, the snapshot was saved.*unable to apply retention policy/);
});

Deno.test("backUp() finds a snapshot whose manifest kopia printed torn", async () => {
  const { end } = await runFake({
    operation: backup,
    script: {
      "snapshot list": savedMeanwhile(manifestJson()),
      "snapshot create": printJson(manifestJson().slice(0, 50)),
    },
  });
  assert.equal(end.exitCode, 0);
  assert.equal(backupOf(end).reused, false);
});

Deno.test("backUp() reports the failure, not that looking for the snapshot failed too", async () => {
  const { end } = await runFake({
    operation: backup,
    script: {
      "snapshot list": `if ${wasCalled("snapshot create")}; then exit 1; else printf '[\\n]'; fi`,
      "snapshot create": "echo 'upload error: no space left on device' >&2; exit 1",
    },
  });
  assert.equal(failureOf(end).class, "StorageFull");
  assert.match(end.log, /could not look for a snapshot/);
});

const failures: Readonly<
  Record<string, { create: string; class: string; says: RegExp; exitCode: number }>
> = {
  "no JSON": { create: "echo done", class: "UnexpectedOutput", says: /not JSON/, exitCode: 1 },
  "nothing and ends well": {
    create: "exit 0",
    class: "UnexpectedOutput",
    says: /it is nothing/,
    exitCode: 1,
  },
  "torn JSON": { create: `echo '{"id":"0a",'`, class: "UnexpectedOutput", says: /not JSON/, exitCode: 1 },
  "JSON of something else": { create: "echo '{}'", class: "UnexpectedOutput", says: /"id"/, exitCode: 1 },
  "50 MB": {
    create: "head -c 50000000 /dev/zero | tr '\\0' x",
    class: "UnexpectedOutput",
    says: /longer than/,
    exitCode: 1,
  },
  "that it was canceled": {
    create: printJson(manifestJson({ incomplete: "canceled" })),
    class: "Interrupted",
    says: /"canceled"/,
    exitCode: 1,
  },
  "that the source is missing": {
    create: "echo 'failed to prepare source: lstat /pvc/data: no such file or directory' >&2; exit 1",
    class: "SourceError",
    says: /^failed to prepare source/,
    exitCode: 1,
  },
  "that access is denied": {
    create: "echo 'error reading blob: Access Denied.' >&2; exit 1",
    class: "AccessDenied",
    says: /Access Denied/,
    exitCode: 2,
  },
  "nothing and fails": { create: "exit 1", class: "Unknown", says: /code 1 and said nothing/, exitCode: 1 },
  "nothing, ended by a signal": {
    create: "kill -KILL $$",
    class: "Interrupted",
    says: /SIGKILL, as happens when memory runs out/,
    exitCode: 1,
  },
};

for (const [what, { create, class: failureClass, says, exitCode }] of Object.entries(failures)) {
  Deno.test(`backUp() fails as ${failureClass} when kopia says ${what}`, async () => {
    const { end } = await runFake({ operation: backup, script: { "snapshot create": create } });
    const failure = failureOf(end);
    assert.equal(failure.class, failureClass);
    assert.match(failure.message, says);
    assert.equal(end.exitCode, exitCode);
  });
}

Deno.test("backUp() waits for the other question when one fails", async () => {
  const { end, calls } = await runFake({
    operation: backup,
    logFilter: "info,kopia=debug",
    script: {
      "snapshot list": "echo 'error: Access Denied.' >&2; exit 1",
      "policy show": `sleep 0.3; echo answered >&2; ${showPolicies("{}")}`,
    },
  });
  assert.equal(failureOf(end).class, "AccessDenied");
  assert.match(end.log, /answered[^]*mover failed/);
  assert.equal(calls.length, 2);
});

Deno.test("backUp() does not fail over the folder of counters it cannot remove", async () => {
  const { end } = await runFake({
    operation: backup,
    script: {
      // The folder is gone before the mover removes it.
      "snapshot create":
        `for word in "$@"; do case "$word" in --diagnostics-output-directory=*) rm -r "\${word#*=}";; esac; done\n${
          printJson(manifestJson())
        }`,
    },
  });
  assert.equal(backupOf(end).snapshotId, "fc4d31be4d877d67f363bec80d112488");
});

Deno.test("backUp() gives kopia the knobs, tags and description in one change of the policy and one snapshot", async () => {
  const { calls, words } = await runFake({
    operation: {
      backup: {
        ...request,
        tags: { "kopiur-config": "apps/nightly", team: "a b" },
        description: "before the upgrade",
        policy: {
          compression: { compressor: "zstd", neverCompress: ["gz"] },
          ignore: { paths: ["*.log"], ignoreIdenticalSnapshots: true },
          upload: { parallelFiles: 3, limitMbPerSec: 5 },
          extraArgs: ["--fail-fast"],
        },
      },
    },
    script: {
      "snapshot list": printList([manifestJson({ tags: {} })]),
      "policy set": "exit 0",
      "snapshot create": printJson(manifestJson()),
    },
  });
  assert.deepEqual(inOrder(calls), [
    ...["policy show", "snapshot list"],
    ...["policy set", "snapshot create", "ls --recursive"],
  ]);
  const reported = [
    ...["--ignore-identical-snapshots=true", "--compression=zstd", "--add-ignore=*.log"],
    ...["--add-never-compress=.gz"],
    ...["--tags=kopiur-config:apps/nightly", "--tags=team:a b", "--tags=kopiur-run:uid-1"],
    ...["--description=before the upgrade", "--parallel=3", "--fail-fast"],
  ];
  assert.deepEqual(reported.filter((word) => !words.includes(word)), []);
});

Deno.test("backUp() removes from the policy what the recipe no longer says", async () => {
  const { words } = await runFake({
    operation: backupWith({ ignore: { paths: ["*.log"] } }),
    script: {
      "policy show": showPolicies(
        '{"files":{"ignore":["*.log","*.tmp"]},"compression":{"compressorName":"zstd"}}',
        '{"compression":{"compressorName":"none"}}',
      ),
      "policy set": "exit 0",
      "snapshot create": printJson(manifestJson()),
    },
  });
  assert.ok(words.includes("--remove-ignore=*.tmp"));
  assert.ok(words.includes("--compression=inherit"));
});

const dropsIdentical = backupWith({ ignore: { ignoreIdenticalSnapshots: true } });
const isDropping = showPolicies(
  JSON.stringify({
    retention: { ignoreIdenticalSnapshots: true },
    files: { ignore: IGNORED_BY_DEFAULT },
  }),
);
const nothingChanged =
  "echo >&2; echo ' Not saving snapshot because no files have been changed since previous snapshot' >&2";
const older = manifestJson({ id: "0a", startTime: "2026-11-19T08:00:00Z", tags: {} });
const newest = manifestJson({
  ...{ id: "0b", startTime: "2026-11-20T08:00:00Z", tags: {} },
  rootEntry: {
    obj: "k0b",
    summ: { size: 9, files: 3, symlinks: 0, dirs: 1, numFailed: 1, errors: [{ path: "no" }] },
  },
});

Deno.test("backUp() answers unchanged with the newest snapshot of the source when kopia made none", async () => {
  const { end } = await runFake({
    operation: dropsIdentical,
    script: {
      "snapshot list": printList([
        ...[newest, older],
        manifestJson({
          id: "0c",
          startTime: "2026-11-21T08:00:00Z",
          source: { host: "x", userName: "y", path: "/" },
        }),
        manifestJson({ id: "0d", startTime: "2026-11-21T08:00:00Z", incomplete: "canceled" }),
      ]),
      "ls --recursive": listTree("a", "b", "c"),
      "policy show": isDropping,
      "snapshot create": nothingChanged,
    },
  });
  assert.equal(end.exitCode, 0);
  const { startTime, endTime, repository, ...result } = backupOf(end);
  assert.deepEqual(stockIn(repository), [3, 17]);
  assert.deepEqual(result, {
    snapshotId: "0b",
    sizeBytes: 9,
    files: 3,
    filesNew: 0,
    filesUnchanged: 3,
    unreadable: { count: 1, paths: ["no"] },
    names: {},
    reused: false,
    unchanged: true,
  });
  assert.ok(startTime <= endTime && startTime > "2026-11-20T09", "the times of this run");
});

const notUnchanged = {
  "when the recipe keeps identical snapshots": {
    operation: backup,
    script: { "snapshot list": printList([newest]), "snapshot create": nothingChanged },
  },
  "when the source has no whole snapshot": {
    operation: dropsIdentical,
    script: {
      "snapshot list": printList([manifestJson({ incomplete: "canceled", tags: {} })]),
      "snapshot create": nothingChanged,
    },
  },
  "when kopia does not say so": {
    operation: dropsIdentical,
    script: { "snapshot list": printList([newest]), "policy show": isDropping, "snapshot create": "exit 0" },
  },
} as const;

for (const [when, given] of Object.entries(notUnchanged)) {
  Deno.test(`backUp() does not take an empty answer for unchanged ${when}`, async () => {
    const { end } = await runFake(given);
    assert.equal(failureOf(end).class, "UnexpectedOutput");
  });
}

Deno.test("backUp() saves an identical snapshot while the source has no whole one", async () => {
  const { words } = await runFake({
    operation: dropsIdentical,
    script: {
      "snapshot list": printList([manifestJson({ incomplete: "canceled", tags: {} })]),
      "policy show": isDropping,
      "policy set": "exit 0",
      "snapshot create": printJson(manifestJson()),
    },
  });
  assert.ok(words.includes("--ignore-identical-snapshots=false"));
});

Deno.test("backUp() tells what its last listing showed and when, and by how much the source grew", async () => {
  const other = manifestJson({ id: "0e", tags: {}, source: { host: "b", userName: "b", path: "/b" } });
  const replaced = manifestJson({
    ...{ id: "0f", tags: {}, startTime: "2026-11-01T00:00:00Z" },
    rootEntry: { summ: { size: 100, files: 1 } },
  });
  const created = { "snapshot create": printJson(manifestJson()) };
  const scripts = [
    [2, 108, -92, { "snapshot list": printList([other, replaced]), ...created }],
    [3, 16, undefined, { "snapshot list": printList([other, replaced, manifestJson()]) }],
    [3, 16, -92, {
      "snapshot list": `if ${wasCalled("snapshot create")}; then\n${
        printList([other, replaced, manifestJson()])
      }\nelse\n${printList([other, replaced])}\nfi`,
      "snapshot create": "exit 1",
    }],
  ] as const;
  for (const [count, size, grown, script] of scripts) {
    const began = new Date().toISOString();
    const { end } = await runFake({ operation: backup, script });
    const { repository, grownBytes } = backupOf(end);
    assert.deepEqual([...stockIn(repository), grownBytes], [count, size, grown]);
    assert.ok((repository?.observedAt ?? "") >= began);
    assert.deepEqual(repository?.recent?.ids, [], "none ended within the last ten minutes");
  }
});

const inThisRepository = { backup: { ...request, uniqueId: "0123abcd" } };

Deno.test("backUp() writes nothing into another repository than its own", async () => {
  const { end, calls } = await runFake({ operation: { backup: { ...request, uniqueId: "ffff" } } });
  assert.equal(failureOf(end).class, "RepositoryReplaced");
  assert.match(failureOf(end).message, /has the unique id "0123abcd", expected "ffff"/);
  assert.equal(end.exitCode, 2);
  assert.deepEqual(inOrder(calls), ["policy show", "snapshot list", "repository status"]);
});

const cached: Readonly<Record<string, { text: string; asks: boolean }>> = {
  "the expected id": { text: '{"uniqueID":"ASOrzQ=="}', asks: false },
  "another id": { text: '{"uniqueID":"AAAA"}', asks: true },
  "no id": { text: "{}", asks: true },
  "no JSON": { text: "KOPIA", asks: true },
};

for (const [what, { text, asks }] of Object.entries(cached)) {
  Deno.test(`backUp() ${asks ? "asks kopia for" : "need not ask for"} the unique id when its cache holds ${what}`, async () => {
    await using folder = await makeMoverFolder();
    const script = { "snapshot create": printJson(manifestJson()) };
    const binary = await writeFakeKopia(folder, script);
    await Deno.mkdir(folder.at("cache", "cache"));
    await Deno.writeTextFile(join(folder.at("cache", "cache"), "kopia.repository"), text);
    const end = await runCase({ folder, binary, operation: inThisRepository });
    assert.equal(end.exitCode, 0);
    const calls = await Deno.readTextFile(folder.at("calls"));
    assert.equal(calls.includes("repository status"), asks);
  });
}

const bad = { stats: { totalSize: -1 } };

Deno.test("backUp() passes over manifests of others that cannot be read, and says so", async () => {
  const foreign = manifestJson({ ...bad, id: "0e", tags: {} });
  const { end, calls } = await runFake({
    operation: backup,
    script: {
      "snapshot list": printList([foreign, foreign.replace('"0e"', '"0f"')]),
      "snapshot create": printJson(manifestJson()),
    },
  });
  assert.equal(backupOf(end).snapshotId, "fc4d31be4d877d67f363bec80d112488");
  assert.deepEqual(stockIn(backupOf(end).repository), [0, 0]);
  assert.match(end.log, /manifests in the repository cannot be read.*"count":2/);
  assert.equal(
    calls.filter((call) => call === "snapshot list").length,
    1,
    "their tags say that they are not ours",
  );
});

Deno.test("backUp() makes no second snapshot beside one of its own that it cannot read", async () => {
  const { end, calls } = await runFake({
    operation: backup,
    script: { "snapshot list": printList([manifestJson(bad)]) },
  });
  assert.equal(failureOf(end).class, "UnexpectedOutput");
  assert.ok(!calls.includes("snapshot create"));
});

const huge =
  `echo '['; printf '%s' '{"id":"0e","description":"'; head -c 20000000 /dev/zero | tr '\\0' x; echo '"}'; echo ']'`;

Deno.test("backUp() asks by tag whose a line of 20 MB is", async () => {
  for (const [tagged, fails] of [["printf '[\\n]'", false], [huge, true]] as const) {
    const { end } = await runFake({
      operation: backup,
      script: {
        "snapshot list": `case "$*" in *--tags*) ${tagged};; *) ${huge};; esac`,
        "snapshot create": printJson(manifestJson()),
      },
    });
    assert.equal("failure" in end.result, fails);
  }
});

Deno.test("backUp() takes the first of two snapshots of its run that began at the same time", async () => {
  const { end } = await runFake({
    operation: backup,
    script: { "snapshot list": printList([manifestJson({ id: "0a" }), manifestJson({ id: "0b" })]) },
  });
  assert.equal(backupOf(end).snapshotId, "0a");
});

Deno.test("backUp() measures a source by the first of two snapshots that began at the same time", async () => {
  const sized = (id: string, size: number) => manifestJson({ id, rootEntry: { summ: { size, files: 1 } } });
  const { end } = await runFake({
    operation: backup,
    script: { "snapshot list": printList([sized("0a", 5), sized("0b", 7)]) },
  });
  assert.deepEqual(stockIn(backupOf(end).repository), [2, 5]);
});

const names: Readonly<Record<string, { stderr: string; class: string }>> = {
  "its recipe": {
    stderr: "Found 1 fatal error(s) while snapshotting forbidden-city@apps:/pvc/data.",
    class: "Unknown",
  },
  "its volume": { stderr: "upload error: lstat /pvc/data/access denied: broken", class: "SourceError" },
  "a file of two lines": {
    stderr: 'Error when processing "a\nAccess Denied": unable to open file: permission denied\n' +
      "upload error: no space left on device",
    class: "StorageFull",
  },
};

for (const [what, { stderr, class: failureClass }] of Object.entries(names)) {
  Deno.test(`backUp() is not told the class of its failure by the name of ${what}`, async () => {
    await using folder = await makeMoverFolder();
    await Deno.writeTextFile(folder.at("stderr"), stderr);
    const binary = await writeFakeKopia(folder, {
      "snapshot create": `cat '${folder.at("stderr")}' >&2; exit 1`,
    });
    const identity = { username: "forbidden-city", hostname: "apps" };
    const end = await runCase({ folder, binary, operation: backup, identity });
    assert.equal(failureOf(end).class, failureClass);
  });
}
