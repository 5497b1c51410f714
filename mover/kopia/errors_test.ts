import assert from "node:assert/strict";
import type { FailureClass } from "../../api/catalogs/reasons.ts";
import { classifyFailure, classifyLostStorage, failureTable, lastWords } from "./errors.ts";

/** Written by kopia 0.23.1 when it was put into the situation, but for those marked "s3:" (as other servers say it) and "likely:". */
const recorded: Readonly<Record<string, { class: FailureClass; stderr: string }>> = {
  "a wrong password": {
    class: "AuthFailure",
    stderr: "failed to open repository: unable to create format manager: invalid repository password\n" +
      "error connecting to repository: unable to create format manager: invalid repository password",
  },
  "no password": {
    class: "AuthFailure",
    stderr: "getting password: password prompt error: inappropriate ioctl for device",
  },
  "a wrong secret key": {
    class: "AccessDenied",
    stderr:
      `can't connect to storage: error retrieving storage config from bucket "buck": The request signature ` +
      "we calculated does not match the signature you provided. Check your key and signing method.",
  },
  "an unknown access key": {
    class: "AccessDenied",
    stderr: "unable to get repository storage: error listing blobs: " +
      "No user exists with the provided access key ID.",
  },
  "s3: an unknown access key": {
    class: "AccessDenied",
    stderr: "can't connect to storage: The AWS Access Key Id you provided does not exist in our records.",
  },
  "s3: a policy that forbids": {
    class: "AccessDenied",
    stderr: "error connecting to repository: error reading kopia.repository: Access Denied.",
  },
  "s3: a token that has run out": {
    class: "AccessDenied",
    stderr: "unable to get repository storage: error listing blobs: The provided token has expired",
  },
  "an empty storage": {
    class: "NotInitialized",
    stderr: "error connecting to repository: repository not initialized in the provided storage",
  },
  "a storage with something else in it": {
    class: "NotInitialized",
    stderr: "unable to get repository storage: found existing data in storage location",
  },
  "a bucket that is missing, at create": {
    class: "NotFound",
    stderr: "unable to get repository storage: error listing blobs: The specified bucket does not exist.",
  },
  "a folder of the repository that is missing": {
    class: "NotFound",
    stderr:
      "can't connect to storage: cannot access storage path: stat /repository: no such file or directory",
  },
  "a snapshot that is missing": {
    class: "NotFound",
    stderr: "error deleting snapshots by root ID 0123456789abcdef0123456789abcdef: " +
      "no snapshots matched 0123456789abcdef0123456789abcdef",
  },
  "an endpoint at which nothing listens": {
    class: "RepositoryUnavailable",
    stderr: `can't connect to storage: error retrieving storage config from bucket "buck": ` +
      `Get "http://127.0.0.1:7978/buck/?location=": dial tcp 127.0.0.1:7978: connect: connection refused`,
  },
  "likely: an endpoint the firewall forbids": {
    class: "RepositoryUnavailable",
    stderr:
      `can't connect to storage: Get "http://10.0.0.1/": dial tcp 10.0.0.1:80: connect: permission denied`,
  },
  "an endpoint without a name": {
    class: "RepositoryUnavailable",
    stderr: `can't connect to storage: error retrieving storage config from bucket "buck": ` +
      `Get "http://nohost.invalid:7978/buck/?location=": dial tcp: lookup nohost.invalid on 10.0.0.10:53: no such host`,
  },
  "plain http behind https": {
    class: "RepositoryUnavailable",
    stderr: `can't connect to storage: error retrieving storage config from bucket "buck": ` +
      `Get "https://127.0.0.1:7979/buck/?location=": http: server gave HTTP response to HTTPS client`,
  },
  "a source that is missing": {
    class: "SourceError",
    stderr: "Snapshotting app@ns:/pvc/data ...\nencountered 2 errors:\n" +
      "failed to prepare source: unable to get local filesystem entry: resolveSymlink: stat: " +
      "lstat /pvc/data: no such file or directory\nupload error: unsupported source: app@ns:/pvc/data",
  },
  "a source whose root cannot be read": {
    class: "PermissionDenied",
    stderr: "Snapshotting app@ns:/pvc/data ...\nupload error: permission denied",
  },
  "a source below a folder that cannot be read": {
    class: "PermissionDenied",
    stderr: "Snapshotting app@ns:/pvc/data ...\nencountered 2 errors:\n" +
      "failed to prepare source: unable to get local filesystem entry: resolveSymlink: stat: " +
      "lstat /pvc/data: permission denied\nupload error: unsupported source: app@ns:/pvc/data",
  },
  "a full volume": {
    class: "StorageFull",
    stderr:
      "flush error: error flushing contents: error writing pending content: error writing pack content: " +
      "error writing pack: can't save pack data blob pf3c: error writing pack file: unable to complete " +
      "PutBlobInPath:/repository/p/f3c/f0a9.f despite 2 retries: can't write temporary file: " +
      "write /repository/p/f3c/f0a9.f.tmp.1b: no space left on device",
  },
  "a full volume on which nothing can be tidied up": {
    class: "StorageFull",
    stderr:
      "flush error: error flushing contents: error writing previously failed pack: error writing pack: " +
      "can't save pack data blob p009d: error writing pack file: unable to complete PutBlobInPath:/repository/" +
      "p/009/d2d9.f despite 2 retries: can't write temporary file: write /repository/p/009/d2d9.f.tmp.1b: " +
      "no space left on device\ncan't remove temp file after error: remove /repository/p/009/d2d9.f.tmp.1b: " +
      "operation not permitted",
  },
  "likely: files whose names and errors say other things": {
    class: "Unknown",
    stderr: `Error when processing "invalid repository password": unable to open file: permission denied\n` +
      `Error when processing "access denied": unable to open file: no such file or directory\n` +
      "Found 2 fatal error(s) while snapshotting app@ns:/pvc/data.",
  },
  "a flag of another release": {
    class: "Unknown",
    stderr: "kopia: error: unknown long flag '--json-verbose', try --help",
  },
  "silence": { class: "Unknown", stderr: "" },
};

for (const [situation, { class: want, stderr }] of Object.entries(recorded)) {
  Deno.test(`classifyFailure() knows ${situation}`, () => {
    assert.equal(classifyFailure(stderr.split("\n")), want);
  });
}

Deno.test("failureTable can be matched: every needle is lower case and reaches its own class", () => {
  for (const row of failureTable) {
    for (const needle of row.needles) {
      assert.equal(needle, needle.toLowerCase());
      assert.equal(classifyFailure([needle]), row.class, needle);
    }
  }
});

Deno.test("lastWords() gives the last line that is about the failure", () => {
  assert.equal(
    lastWords(["Snapshotting app@ns:/x ...", "upload error: permission denied", "", "  "]),
    "upload error: permission denied",
  );
});

Deno.test("lastWords() passes over what went wrong while kopia tidied up", () => {
  const aftermath = [
    "can't close temporary file: close /r/p/1.f.tmp.1b: disk quota exceeded",
    "can't remove temp file after error: remove /r/p/1.f.tmp.1b: operation not permitted",
  ];
  assert.equal(
    lastWords(["flush error: no space left on device", ...aftermath]),
    "flush error: no space left on device",
  );
  assert.equal(lastWords(aftermath), aftermath[1]);
});

Deno.test("lastWords() joins a list of errors", () => {
  assert.equal(lastWords(["Snapshotting …", "encountered 2 errors:", "one", "two"]), "one; two");
  assert.equal(lastWords(["encountered 2 errors:"]), "encountered 2 errors:");
});

Deno.test("lastWords() prefers anything to one file's trouble, and takes that when there is nothing else", () => {
  const file = `Error when processing "a": permission denied`;
  assert.equal(lastWords(["upload error: eof", file]), "upload error: eof");
  assert.equal(lastWords([file]), file);
  assert.equal(lastWords([]), "");
});

const lostWrite = "async write error: unable to write content chunk 0 of FILE:903: error writing pack: " +
  "can't save pack data blob pfa5: error writing pack file: unable to complete PutBlobInPath:/r/p/fa5.f ";

Deno.test("classifyLostStorage() knows a storage that takes no more", () => {
  const cases = [
    [
      `${lostWrite}despite 2 retries: can't write temporary file: write /r/p/fa5.f.tmp.1: no space left on device`,
      "StorageFull",
    ],
    [`${lostWrite}despite 10 retries: dial tcp 10.0.0.1:443: i/o timeout`, "RepositoryUnavailable"],
    [`${lostWrite}despite 10 retries: something new`, "RepositoryUnavailable"],
    [`${lostWrite}despite 10 retries: Access Denied.`, "AccessDenied"],
    // Kopia is still trying.
    [`${lostWrite}: no space left on device`, undefined],
    // A file's own trouble.
    [`Error when processing "despite 10 retries": unable to open file: permission denied`, undefined],
    ["", undefined],
  ] as const;
  for (const [line, want] of cases) assert.equal(classifyLostStorage(line), want, line);
});

const named = [
  "forbidden-city",
  "apps",
  "forbidden-city@apps:/pvc/x509:",
  "/pvc/access denied",
  "slowdown",
  "a",
];
const unsaid: Readonly<Record<string, { class: FailureClass; stderr: string }>> = {
  "the source": {
    class: "Unknown",
    stderr: "Found 1 fatal error(s) while snapshotting forbidden-city@apps:/pvc/x509:.",
  },
  "a bucket": {
    class: "RepositoryUnavailable",
    stderr:
      `can't connect to storage: error retrieving storage config from bucket "accessdenied": dial tcp: no route`,
  },
  "a URL": {
    class: "RepositoryUnavailable",
    stderr: 'Get "http://forbidden.example/": dial tcp 1.2.3.4:80: broken',
  },
  "an endpoint": {
    class: "RepositoryUnavailable",
    stderr: "dial tcp: lookup slowdown on 10.0.0.10:53: broken",
  },
  "a file": {
    class: "PermissionDenied",
    stderr: "open /pvc/access denied/no such host: x509: permission denied",
  },
  "a file alone": {
    class: "PermissionDenied",
    stderr: `Error when processing "logs/forbidden": open: permission denied`,
  },
  "a file of several lines": {
    class: "StorageFull",
    stderr: `Error when processing "a\ndial tcp\nforbidden": open: x\nupload error: no space left on device`,
  },
  "a file that plays kopia": {
    class: "Unknown",
    stderr: `Error when processing "a\nencountered 2 errors:\nforbidden": open: x\n` +
      "Found 1 fatal error(s) while snapshotting x@y:/z.",
  },
};

for (const [what, { class: want, stderr }] of Object.entries(unsaid)) {
  Deno.test(`classifyFailure() is not told a class by the name of ${what}`, () => {
    assert.equal(classifyFailure(stderr.split("\n"), named), want);
  });
}
