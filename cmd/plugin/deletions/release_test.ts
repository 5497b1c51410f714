import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { ANNOTATION, API_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackup, aCondition, refusal } from "../../../tests/support/mod.ts";
import { type Before, fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";
import { listDeletions } from "./list.ts";
import { heldRows } from "../status/rows.ts";
import { heldDeletions } from "./held.ts";
import { releaseDeletions } from "./release.ts";

const now = new Date("2026-01-01T12:00:00Z");
const all = { kind: "all" } as const;

function aHeldBackup(name: string, namespace = "apps"): KubeObject {
  return aBackup({
    name,
    namespace,
    metadata: { deletionTimestamp: "2026-01-01T11:00:00Z" },
    status: {
      phase: "Deleting",
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Succeeded",
        kopiaSnapshotID: `k-${name}`,
        endTime: "2025-12-31T12:00:00Z",
        sizeBytes: 2048,
      }],
      conditions: [aCondition("DeletionHeld", "True", "MassDeletionHeld")],
    },
  });
}

function confirmed(api: FakePluginApi): readonly string[] {
  return ["a", "b", "c"].filter((name) =>
    api.kube.find(API_VERSION, "Backup", { namespace: "apps", name })?.metadata.annotations
      ?.[ANNOTATION.confirmDeletion] === "true"
  );
}

function aStage(before?: Before): FakePluginApi {
  return new FakePluginApi([aHeldBackup("a"), aHeldBackup("b"), aBackup({ name: "c" })], before);
}

Deno.test("releaseDeletions() prints what is lost and releases nothing without a confirmation", async () => {
  const api = aStage();
  const host = fakeHost();
  equal(await releaseDeletions(host, fakeSession(api), { which: all, yes: false }, now), 1);
  match(
    host.printed.out,
    /^BACKUP +CONFIG +SOURCE +SNAPSHOT +SIZE +MADE\na +recipe +data +k-a +2\.0 KiB +24h ago\n/,
  );
  equal(
    host.printed.error,
    "2 snapshots (4.0 KiB) of 2 Backups are lost for good by the release\n" +
      "Nothing was released: expected --yes, or a terminal to confirm on\n",
  );
  deepEqual(api.writes, []);
});

Deno.test("releaseDeletions() releases what is held, and only that, with --yes", async () => {
  const api = aStage();
  const host = fakeHost();
  equal(await releaseDeletions(host, fakeSession(api), { which: all, yes: true }, now), 0);
  deepEqual(confirmed(api), ["a", "b"]);
  match(host.printed.out, /backup\.kopiur\.home-operations\.com\/a released\n.*\/b released\n$/);
});

Deno.test("releaseDeletions() asks a person at a terminal, and takes nothing but yes", async () => {
  for (const [typed, code] of [["yes", 0], [" yes ", 0], ["y", 1], ["", 1]] as const) {
    const api = aStage();
    const host = fakeHost(typed);
    const which = { kind: "named", names: ["b"] } as const;
    equal(await releaseDeletions(host, fakeSession(api), { which, yes: false }, now), code, typed);
    deepEqual(confirmed(api), code === 0 ? ["b"] : [], typed);
  }
});

Deno.test("releaseDeletions() refuses a Backup that is not held", async () => {
  const which = { kind: "named", names: ["c"] } as const;
  const run = releaseDeletions(fakeHost(), fakeSession(aStage()), { which, yes: true }, now);
  await rejects(run, /Cannot release "c": no such deletion is held, expected one of "a", "b"/);
});

Deno.test("releaseDeletions() has nothing to do where nothing is held", async () => {
  const host = fakeHost();
  const api = new FakePluginApi([aBackup()]);
  equal(await releaseDeletions(host, fakeSession(api), { which: all, yes: true }, now), 0);
  deepEqual([host.printed.out, host.printed.error], ["", "No deletion is held\n"]);
});

Deno.test("releaseDeletions() goes on when the controller wrote meanwhile", async () => {
  let writes = 0;
  const api: FakePluginApi = aStage((verb, _resource, name) => {
    if (verb !== "patch" || name !== "a" || writes++ > 0) return;
    const current = api.kube.find(API_VERSION, "Backup", { namespace: "apps", name });
    if (current !== undefined) {
      api.kube.put({ ...current, metadata: { ...current.metadata, labels: { x: "y" } } });
    }
  });
  equal(await releaseDeletions(fakeHost(), fakeSession(api), { which: all, yes: true }, now), 0);
  deepEqual(confirmed(api), ["a", "b"]);
});

Deno.test("releaseDeletions() leaves alone what was made again under the same name", async () => {
  let done = false;
  const api: FakePluginApi = aStage((verb, _resource, name) => {
    if (verb !== "patch" || name !== "a" || done) return;
    done = true;
    api.kube.put({ ...aHeldBackup("a"), metadata: { ...aHeldBackup("a").metadata, uid: "another" } });
  });
  const host = fakeHost();
  equal(await releaseDeletions(host, fakeSession(api), { which: all, yes: true }, now), 0);
  deepEqual(confirmed(api), ["b"]);
  match(host.printed.error, /apps\/a was not released: it is gone\n/);
});

Deno.test("releaseDeletions() releases the others when one cannot be, and says how it ended", async () => {
  const api = aStage((verb, _resource, name) => {
    if (verb === "patch" && name === "a") throw refusal(403, "backups is forbidden");
  });
  const host = fakeHost();
  equal(await releaseDeletions(host, fakeSession(api), { which: all, yes: true }, now), 1);
  deepEqual(confirmed(api), ["b"]);
  match(
    host.printed.error,
    /error: Cannot release apps\/a: backups is forbidden\n1 of 2 Backups were released/,
  );
});

Deno.test("releaseDeletions() releases nothing that is pinned, and says how it can go", async () => {
  const held = aHeldBackup("a");
  const pinned: KubeObject = {
    ...held,
    metadata: { ...held.metadata, annotations: { [ANNOTATION.confirmDeletion]: "true" } },
    status: {
      ...held.status as Readonly<Record<string, unknown>>,
      conditions: [{ ...aCondition("DeletionHeld", "True", "PinnedHeld"), message: "set spec.pin to false" }],
    },
  };
  const api = new FakePluginApi([pinned, aHeldBackup("b")]);
  const host = fakeHost();
  equal(await releaseDeletions(host, fakeSession(api), { which: all, yes: true }, now), 0);
  match(host.printed.error, /^apps\/a is not released: set spec\.pin to false\n1 snapshot /);
  equal(host.printed.out.includes("k-a"), false, "what is not lost is not told as lost");
  deepEqual(api.writes.length, 1);
  const named = { kind: "named", names: ["a"] } as const;
  for (const which of [named, all]) {
    equal(await releaseDeletions(fakeHost(), fakeSession(api), { which, yes: true }, now), 1);
  }
  const [row] = heldRows(heldDeletions([pinned]));
  equal(row?.release, undefined, "status names no command that releases nothing");
  deepEqual(row?.reasons, ["PinnedHeld"]);
});

Deno.test("listDeletions() shows what is held in each format", async () => {
  const api = new FakePluginApi([aHeldBackup("a"), aHeldBackup("b", "media"), aBackup({ name: "c" })]);
  const table = fakeHost();
  equal(await listDeletions(table, fakeSession(api, ""), { format: "table" }, now), 0);
  match(
    table.printed.out,
    /^NAMESPACE +NAME +CONFIG .*\napps +a +recipe +- +1 +2\.0 KiB +24h ago +60m ago +MassDeletionHeld\nmedia +b /,
  );
  const json = fakeHost();
  await listDeletions(json, fakeSession(api), { format: "json" }, now);
  const document = JSON.parse(json.printed.out);
  deepEqual([document.kind, document.held.length, document.held[0].snapshots[0].id], [
    "HeldDeletions",
    1,
    "k-a",
  ]);
  const none = fakeHost();
  await listDeletions(none, fakeSession(api, "elsewhere"), { format: "table" }, now);
  equal(none.printed.out, "(none)\n");
});

Deno.test("releaseDeletions() says of an inherited one its own uid", async () => {
  const held = aHeldBackup("a");
  const metadata = { ...held.metadata, annotations: { [ANNOTATION.ranAs]: "uid-production" } };
  const api = new FakePluginApi([{ ...held, metadata }]);
  equal(await releaseDeletions(fakeHost(), fakeSession(api), { which: all, yes: true }, now), 0);
  const found = api.kube.find(API_VERSION, "Backup", { namespace: "apps", name: "a" });
  equal(found?.metadata.annotations?.[ANNOTATION.confirmDeletion], held.metadata.uid);
});
