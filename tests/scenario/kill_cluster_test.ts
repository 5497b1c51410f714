import assert from "node:assert/strict";
import { waitUntil } from "../cluster/mod.ts";
import { runToolOk } from "../parts/mod.ts";
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
import { besideEachOther } from "./beside_each_other.ts";
import { Stage } from "./stage.ts";
import type { Tenant } from "./tenant.ts";

/** Enough files that a snapshot takes a second or two, so that a kill can hit it. */
function manyFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`d${index % 50}/f${index}`, `${index}`.repeat(300)]),
  );
}

/** A tenant with a filled volume, an open repository and a recipe. */
class Place {
  readonly tenant: Tenant;
  readonly #folder: string;

  private constructor(tenant: Tenant, folder: string) {
    this.tenant = tenant;
    this.#folder = folder;
  }

  static async furnish(stage: Stage, name: string): Promise<Place> {
    const tenant = await stage.tenant(name);
    const folder = await tenant.volume("photos", manyFiles());
    await tenant.repository("home");
    await tenant.config("photos", "home", ["photos"]);
    return new Place(tenant, folder);
  }

  /** Begins a run; resolves with the uid of its pod, by which its processes are known, before most of them are there. */
  async begin(name: string, config = "photos"): Promise<string> {
    await this.tenant.backup(name, config);
    return await waitUntil(
      async () =>
        (await this.tenant.list("Pod")).find(({ metadata }) => metadata.name.startsWith(`${name}-`))?.metadata
          .uid,
      { what: `the pod of ${name}`, limitSeconds: 120, everyMs: 20 },
    );
  }

  /** Resolves when the run has ended with exactly one snapshot, which is whole. */
  async oneSnapshotOf(name: string): Promise<void> {
    await this.tenant.assertOneSnapshot("home", name, this.#folder);
  }
}

Deno.test("kills at the worst moments: no snapshot is lost or doubled", async (t) => {
  await using stage = await Stage.open();

  await besideEachOther(t, 5, [
    ["the mover before kopia starts to read", async () => {
      const place = await Place.furnish(stage, "before");
      await killWhenSeen(await place.begin("run"), isMover, 120);
      await place.oneSnapshotOf("run");
    }],

    ["kopia while it reads", async () => {
      const place = await Place.furnish(stage, "during");
      const noise = `of=${await place.tenant.folderOf("photos")}/noise`;
      await runToolOk(["dd", "if=/dev/urandom", noise, "bs=1M", "count=16"]);
      // So it takes seconds, and is seen.
      await place.tenant.config("photos", "home", ["photos"], { policy: { upload: { limitMbPerSec: 1 } } });
      await killWhenSeen(await place.begin("run"), isKopiaSnapshot, 120);
      await place.oneSnapshotOf("run");
    }],

    ["the mover after the snapshot was written and before it was told", async () => {
      const place = await Place.furnish(stage, "after");
      const { tenant } = place;
      const pod = await place.begin("run");
      const { metadata } = await tenant.get("Backup", "run");
      // Watches the repository itself: as soon as the snapshot is in it the mover dies.
      await runningMover(pod);
      await waitUntil(async () => {
        const tags = (await tenant.snapshots("home")).map((snapshot) => snapshot.tags?.["tag:kopiur-run"]);
        return tags.includes(metadata.uid) ? true : undefined;
      }, { what: "the snapshot", limitSeconds: 60, everyMs: 10 });
      // One that had ended already is not killed, and the run must be right all the same.
      killAll(findProcesses(pod, isMover));
      await place.oneSnapshotOf("run");
    }],

    ["a BackupConfig deleted while its Backup runs lets the run finish", async () => {
      const place = await Place.furnish(stage, "orphaned");
      await place.tenant.config("short-lived", "home", ["photos"]);
      await runningMover(await place.begin("run", "short-lived"));
      await place.tenant.kubectl("delete", "backupconfig", "short-lived");
      await place.oneSnapshotOf("run");
    }],

    ["a Backup deleted while it runs leaves no pod and no snapshot", async () => {
      const place = await Place.furnish(stage, "regretted");
      const { tenant } = place;
      await place.begin("kept");
      await place.oneSnapshotOf("kept");
      await runningMover(await place.begin("regretted"));
      await tenant.kubectl("delete", "backup", "regretted", "--wait=false");
      await tenant.gone("Backup", "regretted", 90);
      assert.equal((await tenant.snapshots("home")).length, 1);
      // The pod of the mover that deleted the snapshot goes with the Backup that owned it.
      await waitUntil(async () => {
        const left = (await tenant.list("Pod")).filter(({ metadata }) =>
          metadata.name.startsWith("regretted")
        );
        return left.length === 0 ? true : undefined;
      }, { what: "the pods of the Backup to be gone", limitSeconds: 30, everyMs: 250 });
    }],

    ["twelve more runs, and every snapshot is still there: kopia's own retention is off", async () => {
      const place = await Place.furnish(stage, "many");
      const { tenant } = place;
      await place.begin("first");
      await place.oneSnapshotOf("first");
      await tenant.volume("small", { "one.txt": "1" });
      await tenant.config("small", "home", ["small"]);
      for (let run = 0; run < 12; run += 1) await tenant.backup(`many-${run}`, "small");
      for (let run = 0; run < 12; run += 1) {
        assert.equal((await tenant.ended(`many-${run}`, 180))["status"].phase, "Succeeded");
      }
      assert.equal((await tenant.snapshots("home")).length, 1 + 12);
    }],
  ]);

  // What follows kills the controller of all.
  const place = await Place.furnish(stage, "kills");
  const { tenant } = place;

  await t.step("the controller before the Job, while it runs, and before the result was taken", async () => {
    await tenant.backup("c1", "photos");
    assert.equal(stage.killController(), 1);
    await place.oneSnapshotOf("c1");
    await runningMover(await place.begin("c2"));
    assert.equal(stage.killController(), 1);
    await place.oneSnapshotOf("c2");
    const pod = await place.begin("c3");
    await runningMover(pod);
    await stage.stopController();
    await endedMover(pod);
    await stage.startController();
    await place.oneSnapshotOf("c3");
  });

  await t.step(
    "the Job and its pod vanish while the controller is away: the run finds its snapshot again",
    async () => {
      const pod = await place.begin("lost");
      await runningMover(pod);
      await stage.stopController();
      await endedMover(pod);
      await tenant.kubectl("delete", "jobs", "--all", "--wait");
      await stage.startController();
      await place.oneSnapshotOf("lost");
    },
  );

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
});
