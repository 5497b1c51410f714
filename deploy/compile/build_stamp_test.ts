import { deepEqual, equal, throws } from "node:assert/strict";
import { join } from "node:path";
import { runToolOk } from "../../tests/parts/mod.ts";
import { buildStamp, readRevision } from "./build_stamp.ts";

const revision = { commit: "0123456789ab", dirty: false, epochSeconds: 1_767_225_600 };

Deno.test("buildStamp() takes the commit's time, so that a rebuild is the same build", () => {
  deepEqual(buildStamp("1.2.3", revision, undefined), {
    version: "1.2.3",
    commit: "0123456789ab",
    date: "2026-01-01T00:00:00Z",
  });
});

Deno.test("buildStamp() prefers SOURCE_DATE_EPOCH and marks a dirty tree", () => {
  const stamp = buildStamp("1", { ...revision, dirty: true }, "0");
  deepEqual([stamp.commit, stamp.date], ["0123456789ab-dirty", "1970-01-01T00:00:00Z"]);
});

Deno.test("buildStamp() outside git knows no commit and no time", () => {
  deepEqual(buildStamp("1", undefined, ""), {
    version: "1",
    commit: "unknown",
    date: "1970-01-01T00:00:00Z",
  });
});

Deno.test("buildStamp() refuses a SOURCE_DATE_EPOCH that is no time", () => {
  for (const text of ["yesterday", "-1", "1.5", "99999999999999"]) {
    throws(() => buildStamp("1", revision, text), /Cannot use SOURCE_DATE_EPOCH: it is/);
  }
});

Deno.test("readRevision() reads commit, time and changes, and nothing where there is no commit", async () => {
  const folder = await Deno.makeTempDir();
  const git = (...args: string[]) =>
    runToolOk(["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
      env: { GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z", GIT_CEILING_DIRECTORIES: "/" },
    });
  try {
    equal(await readRevision(folder), undefined);
    await git("init", "--quiet");
    equal(await readRevision(folder), undefined);
    await git("commit", "--quiet", "--allow-empty", "--message", "first");
    const clean = await readRevision(folder);
    deepEqual([clean?.commit.length, clean?.dirty, clean?.epochSeconds], [12, false, 1_767_225_600]);
    await Deno.writeTextFile(join(folder, "new"), "");
    equal((await readRevision(folder))?.dirty, true);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
