import { deepEqual, equal, rejects } from "node:assert/strict";
import { API_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup } from "../../../tests/support/mod.ts";
import { acceptBackups } from "./accept.ts";
import { fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";

const saved = {
  source: "data",
  sourcePath: "/pvc/data",
  phase: "Succeeded",
  kopiaSnapshotID: "k1",
  files: 1,
  sizeBytes: 2048,
  unreadable: { count: 3, paths: ["a"] },
};

function anEnded(name: string, parts: Parameters<typeof aBackup>[0] = {}): KubeObject {
  return aBackup({ name, status: { phase: "Succeeded", snapshots: [saved] }, ...parts });
}

function acceptOf(api: FakePluginApi, name: string): unknown {
  const found = api.kube.find(API_VERSION, "Backup", { namespace: "apps", name });
  return (found?.spec as { readonly accept?: unknown } | undefined)?.accept;
}

Deno.test("acceptBackups() says of each Backup that it is right, prints what it holds, and takes it back", async () => {
  const api = new FakePluginApi([anEnded("a"), anEnded("b")]);
  const host = fakeHost();
  equal(await acceptBackups(host, fakeSession(api), { names: ["a", "b"], accept: true }), 0);
  deepEqual([acceptOf(api, "a"), acceptOf(api, "b")], [true, true]);
  equal(
    host.printed.out,
    "backup.kopiur.home-operations.com/a accepted\nbackup.kopiur.home-operations.com/b accepted\n",
  );
  equal(host.printed.error, "  /pvc/data: 1 file, 2.0 KiB, 3 unreadable\n".repeat(2));
  equal(await acceptBackups(fakeHost(), fakeSession(api), { names: ["a"], accept: false }), 0);
  deepEqual([acceptOf(api, "a"), acceptOf(api, "b")], [false, true]);
});

Deno.test("acceptBackups() prints what no restore gives back for its name", async () => {
  const names = { lost: { count: 2, paths: ["a"] }, renamed: { count: 3, paths: ["a"] } };
  const snapshots = [{ ...saved, unreadable: undefined, names }];
  const api = new FakePluginApi([anEnded("a", { status: { phase: "Succeeded", snapshots } })]);
  const host = fakeHost();
  equal(await acceptBackups(host, fakeSession(api), { names: ["a"], accept: true }), 0);
  equal(host.printed.error, "  /pvc/data: 1 file, 2.0 KiB, 2 lost to the name of another\n");
});

Deno.test("acceptBackups() leaves alone what is as wanted", async () => {
  const api = new FakePluginApi([anEnded("a", { spec: { accept: true } }), anEnded("b")]);
  const host = fakeHost();
  equal(await acceptBackups(host, fakeSession(api), { names: ["a"], accept: true }), 0);
  equal(await acceptBackups(host, fakeSession(api), { names: ["b"], accept: false }), 0);
  deepEqual([api.writes, host.printed], [[], {
    out: "",
    error: "apps/a is accepted already\napps/b is not accepted already\n",
  }]);
});

const senseless: Readonly<Record<string, readonly [KubeObject, RegExp]>> = {
  "is not there": [anEnded("other"), /Cannot accept "a": namespace "apps" has no Backup of that name/],
  "still runs": [
    anEnded("a", { status: { phase: "Running", snapshots: [saved] } }),
    /Cannot accept "a": it is Running, expected one that has ended/,
  ],
  "holds nothing": [
    anEnded("a", { status: { phase: "Failed", snapshots: [{ ...saved, phase: "Failed" }] } }),
    /Cannot accept "a": it holds no snapshot/,
  ],
  "is being deleted": [
    anEnded("a", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }),
    /Cannot accept "a": it is being deleted/,
  ],
  "was found in a repository": [
    anEnded("a", { spec: { configRef: undefined, discovered: { snapshot: { id: "k" } } } }),
    /Cannot accept "a": it stands for a snapshot that was found/,
  ],
};
for (const [what, [object, says]] of Object.entries(senseless)) {
  Deno.test(`acceptBackups() refuses a Backup that ${what}`, async () => {
    const api = new FakePluginApi([object]);
    await rejects(acceptBackups(fakeHost(), fakeSession(api), { names: ["a"], accept: true }), says);
    deepEqual(api.writes, []);
  });
}

Deno.test("acceptBackups() accepts a Backup only as it was read", async () => {
  const api = new FakePluginApi([anEnded("a")], (verb) => {
    if (verb === "patch") api.kube.put(anEnded("a", { status: { phase: "Succeeded", snapshots: [] } }));
  });
  await rejects(acceptBackups(fakeHost(), fakeSession(api), { names: ["a"], accept: true }));
  equal(acceptOf(api, "a"), undefined);
});
