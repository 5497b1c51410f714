import assert from "node:assert/strict";
import { manifestJson, printJson, printList, runFake, wasCalled } from "../support/fake_kopia.ts";
import { backupOf, failureOf } from "../support/mover_case.ts";

const backup = {
  backup: { mountPath: "/pvc/data", sourcePath: "/pvc/data", runId: "uid-1", tags: {} },
};

/** The second and the third run side by side. */
function inOrder(calls: readonly string[]): readonly string[] {
  return [...calls.slice(0, 1), ...calls.slice(1, 3).toSorted(), ...calls.slice(3)];
}

Deno.test("backUp() backs up and answers with what kopia measured", async () => {
  const { end, calls, scratch } = await runFake({
    operation: backup,
    script: { "snapshot create": printJson(manifestJson()) },
  });
  assert.equal(end.exitCode, 0);
  assert.equal(end.result.operation, "Backup");
  assert.deepEqual(backupOf(end), {
    snapshotId: "fc4d31be4d877d67f363bec80d112488",
    startTime: "2026-11-21T08:03:15.907Z",
    endTime: "2026-11-21T08:03:16.908Z",
    sizeBytes: 8,
    files: 2,
    filesNew: 2,
    filesUnchanged: 0,
    reused: false,
  });
  assert.deepEqual(inOrder(calls), ["repository connect", "policy show", "snapshot list", "snapshot create"]);
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
  assert.deepEqual(inOrder(calls), ["repository connect", "policy show", "snapshot list"]);
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
        "policy show": `echo '{"retention":${policy}}'`,
        "policy set": "exit 0",
        "snapshot create": printJson(manifestJson()),
      },
    });
    assert.deepEqual(calls.slice(3), ["policy set", "snapshot create"]);
  });
}

Deno.test("backUp() makes no snapshot when the retention cannot be taken off", async () => {
  const { end, calls } = await runFake({
    operation: backup,
    script: { "policy show": `echo '{"retention":{"keepLatest":10}}'`, "policy set": "echo no >&2; exit 1" },
  });
  assert.equal(failureOf(end).class, "Unknown");
  assert.ok(!calls.includes("snapshot create"));
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
  "nothing and fails": { create: "exit 1", class: "Unknown", says: /code 1 and said nothing/, exitCode: 2 },
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
      "policy show": "sleep 0.3; echo answered >&2; echo '{}'",
    },
  });
  assert.equal(failureOf(end).class, "AccessDenied");
  assert.match(end.log, /answered[^]*mover failed/);
  assert.equal(calls.length, 3);
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
