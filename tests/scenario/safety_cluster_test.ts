import assert from "node:assert/strict";
import { join } from "node:path";
import { FINALIZER } from "../../api/mod.ts";
import { runToolOk } from "../parts/mod.ts";
import { waitUntil } from "../cluster/mod.ts";
import { besideEachOther, type Step } from "./beside_each_other.ts";
import { isKopiaSnapshot, signalAll, signalWhenSeen } from "./processes.ts";
import { Stage } from "./stage.ts";
import type { Found, Tenant } from "./tenant.ts";

const files = { "a.txt": "first\n", "deep/er/b.bin": "x".repeat(200_000) };

/** Enough files that kopia can be caught at it. */
function manyFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`d${index % 50}/f${index}`, `${index}`.repeat(300)]),
  );
}

/** A tenant with a filled volume, an open repository, a recipe, and so many Backups that have ended, oldest first. */
async function furnish(
  tenant: Tenant,
  runs: number,
  repository: Readonly<Record<string, unknown>> = {},
): Promise<readonly string[]> {
  await tenant.volume("photos", files);
  await tenant.repository("home", repository);
  await tenant.config("photos", "home", ["photos"]);
  const names = Array.from({ length: runs }, (_, run) => `run-${run + 1}`);
  for (const name of names) {
    await tenant.backup(name, "photos");
    assert.equal((await tenant.ended(name, 120))["status"].phase, "Succeeded");
  }
  return names;
}

/** Ids of every snapshot there is, in kopia's own words. */
async function kopiaIds(tenant: Tenant): Promise<readonly string[]> {
  return (await tenant.snapshots("home")).map(({ id }) => id).toSorted();
}

/** Kopia's id of the snapshot of a Backup of one source. */
async function idOf(tenant: Tenant, backup: string): Promise<string> {
  const { status } = await tenant.get("Backup", backup);
  return status.snapshots[0].kopiaSnapshotID;
}

/** What a person does who deletes in some rhythm: true when these Backups are gone, false when one of them is held. */
async function deletes(tenant: Tenant, names: readonly string[]): Promise<boolean> {
  await tenant.kubectl("delete", "backup", ...names, "--wait=false");
  const end = await waitUntil(async () => {
    const left = (await tenant.list("Backup")).filter(({ metadata }) => names.includes(metadata.name));
    if (left.length === 0) return "gone";
    return left.some(isHeld) ? "held" : undefined;
  }, { what: `${names.join(", ")} to be gone or held`, limitSeconds: 180, everyMs: 250 });
  return end === "gone";
}

/** A Backup whose deletion is held says how a person goes on. */
async function heldOne(tenant: Tenant): Promise<Found> {
  return await waitUntil(async () => {
    const held = (await tenant.list("Backup")).find(isHeld);
    return held;
  }, { what: `a held deletion in ${tenant.namespace}`, limitSeconds: 180, everyMs: 250 });
}

function isHeld({ status }: Found): boolean {
  return status?.conditions?.some((each: { type: string; status: string }) =>
    each.type === "DeletionHeld" && each.status === "True"
  ) === true;
}

/** Names of the Backups there are, once the deletion of each is held. */
async function allHeld(tenant: Tenant): Promise<readonly string[]> {
  return await waitUntil(async () => {
    const left = await tenant.list("Backup");
    return left.length > 0 && left.every(isHeld) ? left.map(({ metadata }) => metadata.name) : undefined;
  }, { what: `every deletion in ${tenant.namespace} to be held`, limitSeconds: 180, everyMs: 500 });
}

const strict = { deletionBreaker: { threshold: 2, window: "10m" } };
const loose = { deletionBreaker: { threshold: 2, window: "10s" } };
/** Rhythms in which a person deletes all there is. */
const RHYTHMS: Readonly<
  Record<
    string,
    readonly [Readonly<Record<string, unknown>>, (tenant: Tenant, names: readonly string[]) => Promise<void>]
  >
> = {
  "all at once": [strict, async (tenant, names) => {
    await tenant.kubectl("delete", "backup", ...names, "--wait=false");
  }],
  "one by one": [strict, async (tenant, names) => {
    for (const name of names) if (!await deletes(tenant, [name])) return;
  }],
  "a few at a time": [strict, async (tenant, names) => {
    for (let from = 0; from < names.length; from += 2) {
      if (!await deletes(tenant, names.slice(from, from + 2))) return;
    }
  }],
  // Slower than the window each, so only what is the last counts.
  "slowly": [loose, async (tenant, names) => {
    for (const name of names) if (!await deletes(tenant, [name])) return;
  }],
};

Deno.test("what a person does by mistake, and what a cluster does to movers", async (t) => {
  await using stage = await Stage.open();

  await besideEachOther(t, 5, [
    ...Object.entries(RHYTHMS).map(([rhythm, [repository, deleteAll]]): Step => [
      `Backups that are deleted ${rhythm} leave the last whole snapshot, and a person decides`,
      async () => {
        const tenant = await stage.tenant(rhythm.replaceAll(" ", "-"));
        const names = await furnish(tenant, 4, repository);
        const newest = await idOf(tenant, names.at(-1) ?? "");
        await deleteAll(tenant, names);
        const held = await heldOne(tenant);
        assert.match(JSON.stringify(held["status"].conditions), /kubectl kopiur deletions release/);
        assert.match(JSON.stringify(held["status"].conditions), /confirm-deletion/);
        assert.ok((await kopiaIds(tenant)).includes(newest), "the last whole snapshot is gone");
        // Whoever goes on all the same gets no further.
        await tenant.kubectl("delete", "backup", "--all", "--wait=false");
        const left = await allHeld(tenant);
        const release = await stage.plugin("deletions", "release", "--all", "-n", tenant.namespace, "--yes");
        assert.equal(release.code, 0, release.stderr);
        for (const name of left) await tenant.gone("Backup", name, 60);
        assert.equal((await kopiaIds(tenant)).includes(newest), false, "a person's word is carried out");
      },
    ]),
    ["a volume that was emptied leaves the whole snapshots of before", async () => {
      const tenant = await stage.tenant("emptied");
      const [whole = ""] = await furnish(tenant, 1);
      await tenant.config("photos", "home", ["photos"], { retention: { keepLatest: 1 } });
      const id = await idOf(tenant, whole);
      const folder = await tenant.folderOf("photos");
      for await (const { name } of Deno.readDir(folder)) {
        await Deno.remove(join(folder, name), { recursive: true });
      }
      for (const name of ["empty-1", "empty-2"]) {
        await tenant.backup(name, "photos");
        assert.equal((await tenant.ended(name, 120))["status"].phase, "Succeeded");
      }
      // Retention takes no longer than a minute and a pass to begin.
      await new Promise((resolve) => setTimeout(resolve, 75_000));
      assert.ok((await kopiaIds(tenant)).includes(id));
      await tenant.get("Backup", whole);
    }],
    ["a copy of a repository in another namespace says nothing of the Backups of the first", async () => {
      const first = await stage.tenant("original");
      const [before = ""] = await furnish(first, 1);
      const copy = await stage.tenant("copied");
      await copy.volume("home-store");
      const folder = await copy.folderOf("home-store");
      await first.kopia("home", "repository", "sync-to", "filesystem", `--path=${folder}`);
      await runToolOk(["chown", "-R", "65532:65532", folder]);
      await first.backup("since", "photos");
      await first.ended("since");
      const versions = async () =>
        (await first.list("Backup")).map(({ metadata }) => [metadata.name, metadata.resourceVersion]);
      const seen = await versions();
      const [one, other] = [await copy.repository("home"), await first.get("Repository", "home")];
      assert.equal(one["status"].uniqueId, other["status"].uniqueId);
      // The catalog of the copy has been read when what it lists has come.
      await waitUntil(async () => {
        const found = (await copy.list("Backup")).filter(({ status }) => status?.phase === "Discovered");
        return found.length === 1 ? true : undefined;
      }, { what: "the snapshot of the copy", limitSeconds: 60, everyMs: 250 });
      assert.deepEqual(await versions(), seen, `${before} or the one since was written to`);
      assert.equal((await kopiaIds(first)).length, 2);
    }],
    [
      "a full quota is told with its words, keeps nobody else waiting, and is over when there is room",
      async () => {
        const tenant = await stage.tenant("quota");
        await furnish(tenant, 0);
        const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "none" } };
        await tenant.apply({ ...quota, spec: { hard: { pods: "0" } } });
        await tenant.backup("blocked", "photos");
        await tenant.until(
          "Backup",
          "blocked",
          ({ status }) =>
            /no pod could be made for the Job: .*exceeded quota/.test(
              JSON.stringify(status?.conditions ?? []),
            ),
          90,
        );
        const neighbour = await stage.tenant("beside-quota");
        await furnish(neighbour, 1);
        await tenant.kubectl("delete", "resourcequota", "none");
        assert.equal((await tenant.ended("blocked"))["status"].phase, "Succeeded");
      },
    ],
  ]);

  await t.step("a drained node is told, and the run goes on when there is a node again", async () => {
    const tenant = await stage.tenant("drained");
    await furnish(tenant, 0);
    const folder = await tenant.volume("many", manyFiles());
    await tenant.config("many", "home", ["many"]);
    const [node] = JSON.parse(await stage.cluster.kubectl("get", "nodes", "-o", "json")).items as Found[];
    const nodeName = node?.metadata.name ?? "";
    await tenant.backup("run", "many");
    // Kopia stands still until the drain has come: it would be done before.
    const held = { signal: "SIGSTOP", limitSeconds: 30 } as const;
    const kopia = await signalWhenSeen(stage.controlGroup, isKopiaSnapshot, held);
    try {
      const drained = stage.cluster.kubectl(
        "drain",
        nodeName,
        "--pod-selector=app.kubernetes.io/component=mover",
        "--delete-emptydir-data",
        "--force",
        "--timeout=60s",
      );
      await waitUntil(async () => {
        const pods = await tenant.list("Pod");
        return pods.some(({ metadata }) => metadata.deletionTimestamp !== undefined) || undefined;
      }, { what: "the eviction of the mover", limitSeconds: 30, everyMs: 100 });
      signalAll(kopia, "SIGCONT");
      await drained;
      await tenant.until("Backup", "run", ({ status }) => /unschedulable/.test(JSON.stringify(status)), 60);
    } finally {
      await stage.cluster.kubectl("uncordon", nodeName);
    }
    await tenant.assertOneSnapshot("home", "run", folder);
  });

  await t.step("after an uninstall namespaces with Backups go, and every snapshot stays", async () => {
    const leaving = await stage.tenant("leaving");
    const staying = await stage.tenant("staying");
    const repository = { deletionBreaker: { threshold: 1, window: "10m" } };
    const [left, kept] = await Promise.all([furnish(leaving, 2, repository), furnish(staying, 1)]);
    const before = [await kopiaIds(leaving), await kopiaIds(staying)];
    // Held, so it is still there when the controller goes.
    await leaving.kubectl("delete", "backup", ...left, "--wait=false");

    const said = await stage.uninstall("--timeout", "150s");
    assert.match(said, /release "kopiur" uninstalled/, said);
    assert.doesNotMatch(said, /rror/);
    for (const name of left) await leaving.gone("Backup", name, 5);
    assert.deepEqual((await staying.get("Backup", kept[0] ?? ""))["metadata"].finalizers ?? [], []);
    const { stdout } = await stage.cluster.tryKubectl([
      "get",
      "job,serviceaccount,clusterrole,clusterrolebinding",
      "-n",
      "kopiur-system",
      "-o",
      "name",
    ]);
    assert.doesNotMatch(stdout, /kopiur/, "the hook leaves nothing behind");
    assert.deepEqual([await kopiaIds(leaving), await kopiaIds(staying)], before);
    await stage.cluster.kubectl("delete", "namespace", "leaving", "--timeout=60s");

    // What was uninstalled without its hook is let go by the plugin.
    await stage.install();
    const again = await staying.until(
      "Backup",
      kept[0] ?? "",
      ({ metadata }) => metadata.finalizers?.includes(FINALIZER) === true,
      30,
    );
    assert.equal(again["status"].phase, "Succeeded");
    await stage.uninstall("--no-hooks", "--wait");
    await staying.kubectl("delete", "backup", kept[0] ?? "", "--wait=false");
    const dry = await stage.plugin("finalizers", "drop", "-A", "--dry-run");
    assert.match(dry.stderr, /Deleted already, so they go at once: 1\n/);
    const drop = await stage.plugin("finalizers", "drop", "-A", "--yes");
    assert.equal(drop.code, 0, drop.stderr);
    await staying.gone("Backup", kept[0] ?? "", 5);
    assert.deepEqual(await kopiaIds(staying), before[1]);
    await stage.cluster.kubectl("delete", "namespace", "staying", "--timeout=60s");
  });
});
