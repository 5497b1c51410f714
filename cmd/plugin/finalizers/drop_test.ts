import { deepEqual, equal, match } from "node:assert/strict";
import { API_VERSION, FINALIZER } from "../../../api/mod.ts";
import type { KubeObject, ObjectMeta } from "../../../kube/types.ts";
import { aBackup, FakeClock, refusal, settle } from "../../../tests/support/mod.ts";
import { dropFinalizers } from "./drop.ts";
import { type Before, fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";

const deletionTimestamp = "2026-01-01T11:00:00Z";
const surely = { dryRun: false, yes: true };

function aHolder(name: string, metadata: Partial<ObjectMeta> = {}): KubeObject {
  return aBackup({
    name,
    namespace: metadata.namespace ?? "apps",
    metadata: { finalizers: [FINALIZER], ...metadata },
    status: {
      phase: "Succeeded",
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Succeeded",
        kopiaSnapshotID: `k-${name}`,
      }],
    },
  });
}

function aStage(before?: Before): FakePluginApi {
  return new FakePluginApi([
    aHolder("going", { deletionTimestamp }),
    aHolder("staying"),
    aHolder("both", { finalizers: ["example.com/theirs", FINALIZER], deletionTimestamp }),
    aHolder("elsewhere", { namespace: "media" }),
    aBackup({ name: "free" }),
  ], before);
}

/** Each Backup that is there, with its finalizers. */
function finalizersIn(api: FakePluginApi): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    api.kube.list({
      group: "kopiur.home-operations.com",
      version: "v1alpha1",
      kind: "Backup",
      plural: "backups",
      namespaced: true,
    })
      .map(({ metadata }) => [metadata.name, metadata.finalizers ?? []]),
  );
}

/** Runs it, with time that goes on while it waits. */
async function run(
  host: ReturnType<typeof fakeHost>,
  api: FakePluginApi,
  { dryRun, yes, namespace = "" }: { dryRun: boolean; yes: boolean; namespace?: string },
): Promise<number> {
  const clock = new FakeClock();
  let code: number | undefined;
  const running = dropFinalizers(host, fakeSession(api, namespace), { dryRun, yes }, clock)
    .then((end) => code = end);
  for (let turn = 0; turn < 1000 && code === undefined; turn++) {
    await settle();
    if (clock.pending > 0) await clock.advance(1_000);
  }
  return await running;
}

Deno.test("dropFinalizers() takes off ours and no other; what was being deleted goes, what was not stays", async () => {
  const api = aStage();
  const host = fakeHost();
  equal(await run(host, api, surely), 0);
  deepEqual(finalizersIn(api), { staying: [], both: ["example.com/theirs"], elsewhere: [], free: [] });
  equal(
    host.printed.error,
    "Backups that hold kopiur's finalizer: 4, in 2 namespaces\n" +
      "Deleted already, so they go at once: 2\n" +
      "Snapshots of theirs, which stay in the repositories: 4\n",
  );
  equal(host.printed.out.split("\n").length, 5);
  equal(api.writes.every((write) => write.startsWith("patch Backup ")), true);
});

Deno.test("dropFinalizers() keeps to the namespace it was asked for", async () => {
  const api = aStage();
  equal(await run(fakeHost(), api, { ...surely, namespace: "media" }), 0);
  deepEqual(api.writes, ["patch Backup media/elsewhere"]);
});

Deno.test("dropFinalizers() does nothing with --dry-run, without a terminal, or on another word than yes", async () => {
  for (
    const [typed, dryRun, says] of [
      [undefined, true, /go at once: 2\n.*repositories: 4\n$/],
      [undefined, false, /Nothing was dropped: expected --yes, or a terminal/],
      ["y", false, /Nothing was dropped: expected "yes"/],
    ] as const
  ) {
    const api = aStage();
    const host = fakeHost(typed);
    equal(await run(host, api, { dryRun, yes: false }), dryRun ? 0 : 1);
    match(host.printed.error, says);
    deepEqual(api.writes, []);
  }
  const api = aStage();
  equal(await run(fakeHost("yes"), api, { dryRun: false, yes: false }), 0);
  equal(api.writes.length, 4);
});

Deno.test("dropFinalizers() says so where there is nothing to do", async () => {
  const host = fakeHost();
  equal(await run(host, new FakePluginApi([aBackup()]), surely), 0);
  equal(host.printed.error, "No Backup holds kopiur's finalizer\n");
  const withoutKind = new FakePluginApi([aBackup()], () => {
    throw refusal(404, "the server could not find the requested resource");
  });
  equal(await run(fakeHost(), withoutKind, surely), 0);
});

Deno.test("dropFinalizers() goes on where a controller that ends wrote meanwhile, and drops what it put back", async () => {
  let disturbed = 0;
  let listed = 0;
  const api: FakePluginApi = aStage((verb, _resource, name) => {
    const staying = api.kube.find(API_VERSION, "Backup", { namespace: "apps", name: "staying" });
    if (staying === undefined) return;
    if (verb === "patch" && name === "staying" && disturbed++ === 0) {
      api.kube.put({ ...staying, metadata: { ...staying.metadata, labels: { x: "y" } } });
    }
    if (verb === "list" && ++listed === 2) {
      api.kube.put({ ...staying, metadata: { ...staying.metadata, finalizers: [FINALIZER] } });
    }
  });
  equal(await run(fakeHost(), api, surely), 0);
  deepEqual(finalizersIn(api)["staying"], []);
});

Deno.test("dropFinalizers() gives up, and says why, where a controller goes on putting it back", async () => {
  const api: FakePluginApi = aStage((verb) => {
    if (verb === "list") api.kube.put(aHolder("staying"));
  });
  const host = fakeHost();
  equal(await run(host, api, surely), 1);
  match(
    host.printed.error,
    /error: Cannot drop all finalizers: 1 Backup got the finalizer back, so a controller of kopiur works, expected it to be uninstalled or scaled to 0\n$/,
  );
});

Deno.test("dropFinalizers() leaves alone what was made again under the same name", async () => {
  let done = false;
  const api: FakePluginApi = new FakePluginApi([aHolder("staying")], (verb, _resource, name) => {
    if (verb !== "patch" || name !== "staying" || done) return;
    done = true;
    api.kube.put({
      ...aHolder("staying"),
      metadata: { ...aHolder("staying").metadata, uid: "new", finalizers: [] },
    });
  });
  equal(await run(fakeHost(), api, surely), 0);
  deepEqual(api.writes, []);
});

Deno.test("dropFinalizers() lets the others go where one may not be changed, and ends with 1", async () => {
  const api = aStage((verb, _resource, name) => {
    if (verb === "patch" && name === "going") throw refusal(403, "backups is forbidden");
  });
  const host = fakeHost();
  equal(await run(host, api, surely), 1);
  deepEqual(finalizersIn(api)["elsewhere"], []);
  match(
    host.printed.error,
    /error: Cannot let apps\/going go: backups is forbidden\n3 Backups let go; it can be run again\n$/,
  );
});
