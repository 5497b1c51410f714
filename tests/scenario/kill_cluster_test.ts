import assert from "node:assert/strict";
import { waitUntil } from "../cluster/mod.ts";
import { valueOf } from "./metrics_text.ts";
import {
  endedMover,
  findProcesses,
  isKopiaSnapshot,
  isMover,
  killAll,
  killWhenSeen,
  runningMover,
} from "./processes.ts";
import { Stage } from "./stage.ts";

/** Enough files that a snapshot takes a second or two, so that a kill can hit it. */
function manyFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`d${index % 50}/f${index}`, `${index}`.repeat(300)]),
  );
}

Deno.test("kills at the worst moments: no snapshot is lost or doubled", async (t) => {
  await using stage = await Stage.open();
  const tenant = await stage.tenant("kills");
  const folder = await tenant.volume("photos", manyFiles());
  await tenant.repository("home");
  await tenant.config("photos", "home", ["photos"]);

  const cluster = stage.cluster.name;

  async function oneSnapshotOf(name: string): Promise<void> {
    await tenant.assertOneSnapshot("home", name, folder);
  }

  await t.step("the mover before kopia starts to read", async () => {
    await tenant.backup("before", "photos");
    await killWhenSeen(cluster, isMover, 30);
    await oneSnapshotOf("before");
  });

  await t.step("kopia while it reads", async () => {
    await tenant.backup("during", "photos");
    await killWhenSeen(cluster, isKopiaSnapshot, 30);
    await oneSnapshotOf("during");
  });

  await t.step("the mover after the snapshot was written and before it was told", async () => {
    await tenant.backup("after", "photos");
    const { metadata } = await tenant.get("Backup", "after");
    // Watches the repository itself: as soon as the snapshot is in it the mover dies.
    await runningMover(cluster);
    await waitUntil(async () => {
      const tags = (await tenant.snapshots("home")).map((snapshot) => snapshot.tags?.["tag:kopiur-run"]);
      return tags.includes(metadata.uid) ? true : undefined;
    }, { what: "the snapshot", limitSeconds: 60, everyMs: 10 });
    // One that had ended already is not killed, and the run must be right all the same.
    killAll(findProcesses(cluster, isMover));
    await oneSnapshotOf("after");
  });

  await t.step("the controller before the Job, while it runs, and before the result was taken", async () => {
    await tenant.backup("c1", "photos");
    assert.equal(stage.killController(), 1);
    await oneSnapshotOf("c1");
    await tenant.backup("c2", "photos");
    await runningMover(cluster);
    assert.equal(stage.killController(), 1);
    await oneSnapshotOf("c2");
    await tenant.backup("c3", "photos");
    await runningMover(cluster);
    await stage.stopController();
    await endedMover(cluster);
    await stage.startController();
    await oneSnapshotOf("c3");
  });

  await t.step(
    "the Job and its pod vanish while the controller is away: the run finds its snapshot again",
    async () => {
      await tenant.backup("lost", "photos");
      await runningMover(cluster);
      await stage.stopController();
      await endedMover(cluster);
      await tenant.kubectl("delete", "jobs", "--all", "--wait");
      await stage.startController();
      await oneSnapshotOf("lost");
    },
  );

  await t.step("a BackupConfig deleted while its Backup runs lets the run finish", async () => {
    await tenant.config("short-lived", "home", ["photos"]);
    await tenant.backup("orphaned-run", "short-lived");
    await runningMover(cluster);
    await tenant.kubectl("delete", "backupconfig", "short-lived");
    await oneSnapshotOf("orphaned-run");
  });

  await t.step("a Backup deleted while it runs leaves no pod and no snapshot", async () => {
    const before = (await tenant.snapshots("home")).length;
    await tenant.backup("regretted", "photos");
    await runningMover(cluster);
    await tenant.kubectl("delete", "backup", "regretted", "--wait=false");
    await tenant.gone("Backup", "regretted", 90);
    assert.equal((await tenant.snapshots("home")).length, before);
    // The pod of the mover that deleted the snapshot goes with the Backup that owned it.
    await waitUntil(async () => {
      const left = (await tenant.list("Pod")).filter(({ metadata }) => metadata.name.startsWith("regretted"));
      return left.length === 0 ? true : undefined;
    }, { what: "the pods of the Backup to be gone", limitSeconds: 30, everyMs: 250 });
  });

  await t.step("after a restart the numbers of objects are there again", async () => {
    const before = await stage.metrics();
    const labels = { namespace: "kills", name: "photos" };
    const names = [
      "kopiur_backup_last_success_timestamp_seconds",
      "kopiur_backup_size_bytes",
      "kopiur_backup_consecutive_failures",
    ];
    assert.equal(stage.killController(), 1);
    // The kubelet waits longer with every crash before it starts a container again.
    const after = await waitUntil(async () => {
      const series = await stage.metrics();
      return valueOf(series, "kopiur_leader") === 1 ? series : undefined;
    }, { what: "the controller to lead again", limitSeconds: 120, everyMs: 500 });
    for (const name of names) {
      assert.notEqual(valueOf(before, name, labels), undefined, name);
      assert.equal(valueOf(after, name, labels), valueOf(before, name, labels), name);
    }
  });

  await t.step(
    "twelve more runs, and every snapshot is still there: kopia's own retention is off",
    async () => {
      const before = (await tenant.snapshots("home")).length;
      const small = await tenant.volume("small", { "one.txt": "1" });
      assert.ok(small);
      await tenant.config("small", "home", ["small"]);
      for (let run = 0; run < 12; run += 1) await tenant.backup(`many-${run}`, "small");
      for (let run = 0; run < 12; run += 1) {
        assert.equal(
          (await tenant.ended(`many-${run}`, 180))["status"].phase,
          "Succeeded",
        );
      }
      assert.equal((await tenant.snapshots("home")).length, before + 12);
    },
  );
});
