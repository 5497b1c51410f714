import assert from "node:assert/strict";
import { pause, waitUntil } from "../cluster/mod.ts";
import { runTool, runToolOk, type ToolResult } from "../parts/mod.ts";
import { besideEachOther } from "./beside_each_other.ts";
import { valueOf } from "./metrics_text.ts";
import { product } from "./product.ts";
import { Stage } from "./stage.ts";
import type { Found, Tenant } from "./tenant.ts";

const files = { "a.txt": "first\n", "deep/er/b.bin": "x".repeat(20_000) };
const everyMinute = "* * * * *";

function conditionOf(object: Found, type: string): { status: string; reason: string; message: string } {
  const none = { status: "absent", reason: "absent", message: "" };
  return object["status"]?.conditions?.find((each: { type: string }) => each.type === type) ?? none;
}

Deno.test("runs over time in a real cluster: schedules, retention, discovery, safe deletion", async (t) => {
  await using stage = await Stage.open();

  async function kopiur(...args: readonly string[]): Promise<ToolResult> {
    return await runTool([product.binary, ...args, "--kubeconfig", stage.cluster.kubeconfigPath]);
  }

  async function runsOf(tenant: Tenant, schedule: string): Promise<readonly Found[]> {
    return await tenant.list("Backup", `kopiur.home-operations.com/schedule=${schedule}`);
  }

  async function schedule(
    tenant: Tenant,
    name: string,
    config: string,
    rest: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    await tenant.custom("BackupSchedule", name, {
      configRef: { name: config },
      schedule: { cron: everyMinute, ...rest },
    });
  }

  /** What must not meet a slot begins in the first half of a minute. */
  async function earlyInAMinute(): Promise<void> {
    const second = () => new Date().getSeconds();
    await waitUntil(() => second() >= 2 && second() < 30 ? true : undefined, {
      what: "the first half of a minute",
      limitSeconds: 60,
      everyMs: 200,
    });
  }

  await besideEachOther(t, 5, [
    ["a schedule makes a Backup at its creation and one for each slot, named after it", async () => {
      const tenant = await stage.tenant("scheduled");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      await schedule(tenant, "early", "photos", { runOnCreate: true });
      const waiting = await tenant.until(
        "BackupSchedule",
        "early",
        (found) => conditionOf(found, "Ready").reason === "ConfigNotFound",
        180,
      );
      assert.equal((await runsOf(tenant, "early")).length, 0, JSON.stringify(waiting["status"]));
      await tenant.config("photos", "home", ["photos"]);
      const first = await waitUntil(async () => (await runsOf(tenant, "early"))[0], {
        what: "the first run of the schedule",
        limitSeconds: 180,
      });
      assert.equal((await tenant.ended(first.metadata.name))["status"].origin, "scheduled");
      const runs = await waitUntil(async () => {
        const all = await runsOf(tenant, "early");
        return all.length >= 2 ? all : undefined;
      }, { what: "a run of the next slot", limitSeconds: 180, everyMs: 500 });
      await tenant.until("BackupSchedule", "early", ({ status }) => {
        return status?.lastSuccessfulSchedule?.backupRef?.name === runs[1]?.metadata.name;
      }, 180);
      await schedule(tenant, "early", "photos", { runOnCreate: true, suspend: true });
      const suspended = await tenant.until(
        "BackupSchedule",
        "early",
        ({ status }) => status?.suspendedSince !== undefined && status.nextSchedule === undefined,
        180,
      );
      const last = suspended["status"].lastSchedule;
      assert.match(last.backupRef.name, /^early-[0-9]{14}$/);
      assert.equal(Date.parse(last.at) % 60_000, 0, "the slot is the time of the cron expression");
      const labels = { namespace: "scheduled", name: "early" };
      const kept = (await runsOf(tenant, "early")).length;
      await stage.assertMetrics((metrics) => {
        assert.equal(valueOf(metrics, "kopiur_schedule_backups_created_total", labels), kept);
        assert.equal(valueOf(metrics, "kopiur_schedule_suspended", labels), 1);
        assert.equal(valueOf(metrics, "kopiur_schedule_next_run_timestamp_seconds", labels), undefined);
      });
      await tenant.event("BackupSchedule", "early", "BackupCreated");
      await tenant.kubectl("delete", "backupschedule", "early");
      await tenant.gone("BackupSchedule", "early", 180);
      assert.equal((await runsOf(tenant, "early")).length, kept, "a schedule takes no Backup with it");
    }],

    ["a slot that meets a run is left out by Forbid, and takes its place by Replace", async () => {
      const tenant = await stage.tenant("meeting");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      // Its movers can be placed nowhere, so a run lasts until somebody ends it.
      await tenant.config("stuck", "home", ["photos"], { mover: { nodeSelector: { nowhere: "true" } } });
      await schedule(tenant, "forbids", "stuck", { runOnCreate: true, concurrencyPolicy: "Forbid" });
      await schedule(tenant, "replaces", "stuck", { runOnCreate: true, concurrencyPolicy: "Replace" });
      const skipped = await tenant.until(
        "BackupSchedule",
        "forbids",
        ({ status }) => status?.skippedSlots?.forbid >= 1,
        180,
      );
      assert.equal(skipped["status"].skippedSlots.lastReason, "Forbid");
      await tenant.event("BackupSchedule", "forbids", "SkippedSchedule");
      const replaced = await waitUntil(async () => {
        const all = await runsOf(tenant, "replaces");
        return all.find(({ status }) => status?.phase === "Failed");
      }, { what: "a run that was replaced", limitSeconds: 180, everyMs: 500 });
      assert.equal(conditionOf(replaced, "Ready").reason, "Replaced", JSON.stringify(replaced["status"]));
      const active = (await runsOf(tenant, "replaces")).filter(({ status }) => status?.phase !== "Failed");
      assert.equal(active.length, 1, "the newer run took its place");
      assert.equal((await runsOf(tenant, "forbids")).length, 1);
      const labels = { namespace: "meeting", name: "forbids", reason: "Forbid" };
      await stage.assertMetrics((metrics) =>
        assert.ok((valueOf(metrics, "kopiur_schedule_skipped_total", labels) ?? 0) >= 1)
      );
      await tenant.kubectl("delete", "backupschedules", "--all");
    }],

    ["retention says what will go, and then lets it go with its snapshots; a pinned run stays", async () => {
      const tenant = await stage.tenant("retention");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"]);
      for (const name of ["run-1", "run-2", "run-3", "run-4"]) {
        await tenant.backup(name, "photos", name === "run-2" ? { pin: true } : {});
        assert.equal((await tenant.ended(name))["status"].phase, "Succeeded");
      }
      await tenant.config("photos", "home", ["photos"], { retention: { keepLatest: 1 } });
      const warned = await tenant.until(
        "BackupConfig",
        "photos",
        ({ status }) => status?.retention?.pendingCount === 2,
        180,
      );
      const names = warned["status"].retention.pending.map(({ name }: { name: string }) => name);
      assert.deepEqual(names, ["run-1", "run-3"]);
      assert.equal((await tenant.list("Backup")).length, 4, "nothing goes before it was to be seen");
      await tenant.gone("Backup", "run-1", 180);
      await tenant.gone("Backup", "run-3", 180);
      assert.deepEqual((await tenant.list("Backup")).map(({ metadata }) => metadata.name), [
        "run-2",
        "run-4",
      ]);
      assert.equal((await tenant.snapshots("home")).length, 2);
      await tenant.event("BackupConfig", "photos", "RetentionApplied");
      const labels = { namespace: "retention", name: "photos" };
      await stage.assertMetrics((metrics) => {
        assert.equal(valueOf(metrics, "kopiur_backup_pruned_total", { ...labels, by: "retention" }), 2);
        assert.equal(valueOf(metrics, "kopiur_backup_active_runs", labels), 2);
        assert.equal(valueOf(metrics, "kopiur_deletions_held", { namespace: "retention" }) ?? 0, 0);
      });
    }],

    ["kubectl delete backup --all keeps every snapshot until a person confirms", async () => {
      const tenant = await stage.tenant("pruned");
      await tenant.volume("photos", files);
      await tenant.repository("home", { deletionBreaker: { threshold: 2, window: "10m" } });
      await tenant.config("photos", "home", ["photos"]);
      const names = ["one", "two", "three", "four"];
      for (const name of names.slice(0, -1)) await tenant.backup(name, "photos");
      for (const name of names.slice(0, -1)) await tenant.ended(name);
      await tenant.backup("four", "photos");
      const { status: { lastSuccessfulBackup: last } } = await tenant.until(
        "BackupConfig",
        "photos",
        ({ status }) => status?.lastSuccessfulBackup?.backupRef.name === "four",
        180,
      );
      await tenant.kubectl("delete", "backups", "--all", "--wait=false");
      for (const name of names) {
        await tenant.until(
          "Backup",
          name,
          (found) => conditionOf(found, "DeletionHeld").status === "True",
          180,
        );
      }
      await tenant.event("Backup", "one", "MassDeletionHeld");
      await stage.assertMetrics((metrics) =>
        assert.equal(valueOf(metrics, "kopiur_deletions_held", { namespace: "pruned" }), 4)
      );
      const before = (await stage.controllers())[0]?.uid;
      assert.notEqual(before, undefined);
      assert.equal((await tenant.snapshots("home")).length, 4, "no snapshot went");
      const status = await kopiur("status", "-n", "pruned", "--check");
      assert.equal(status.code, 1, status.stdout);
      assert.match(status.stdout, /HELD/);
      const asked = await kopiur("deletions", "release", "--all", "-n", "pruned");
      assert.equal(asked.code, 1, "without --yes and without a terminal nothing is released");
      assert.equal((await tenant.snapshots("home")).length, 4);
      const one = await kopiur("deletions", "release", "one", "-n", "pruned", "--yes");
      assert.equal(one.code, 0, one.stderr);
      await tenant.gone("Backup", "one", 180);
      assert.equal((await tenant.snapshots("home")).length, 3);
      const all = await kopiur("deletions", "release", "--all", "-n", "pruned", "--yes");
      assert.equal(all.code, 0, all.stderr);
      for (const name of names) await tenant.gone("Backup", name, 180);
      assert.equal((await tenant.snapshots("home")).length, 0);
      const config = (await tenant.get("BackupConfig", "photos"))["status"];
      assert.deepEqual(config.lastSuccessfulBackup, last, "what was last saved is remembered");
    }],

    ["snapshots of others are found, and missing ones of ours are noticed", async () => {
      const tenant = await stage.tenant("discovery");
      const folder = await tenant.volume("photos", files);
      await tenant.repository("home", { catalog: { refreshInterval: "30s" } });
      await tenant.config("photos", "home", ["photos"]);
      await tenant.backup("ours", "photos");
      const ours = (await tenant.ended("ours"))["status"].snapshots[0].kopiaSnapshotID;
      await byHand(
        "home",
        "snapshot",
        "create",
        folder,
        "--override-source=someone@elsewhere:/data",
      );
      const discovered = await waitUntil(async () => {
        const all = await tenant.list("Backup", "kopiur.home-operations.com/origin=discovered");
        return all[0];
      }, { what: "the discovered Backup", limitSeconds: 180, everyMs: 500 });
      const found = await tenant.until(
        "Backup",
        discovered.metadata.name,
        ({ status }) => status?.phase === "Discovered",
        180,
      );
      const theirs = found["status"].snapshots[0].kopiaSnapshotID;
      assert.notEqual(theirs, ours);
      assert.equal(found["spec"].discovered.snapshot.identity.hostname, "elsewhere");
      const labels = { namespace: "discovery", name: "home" };
      await stage.assertMetrics((metrics) =>
        assert.equal(valueOf(metrics, "kopiur_repo_discovered_backups", labels), 1)
      );
      await tenant.kubectl("delete", "backup", discovered.metadata.name);
      assert.equal((await tenant.snapshots("home")).length, 2, "deleting it touches no snapshot");
      await tenant.until(
        "Repository",
        "home",
        ({ status }) => status?.catalog?.discoveredBackupCount === 1,
        180,
      );
      await byHand("home", "snapshot", "delete", theirs, "--delete");
      await byHand("home", "snapshot", "delete", ours, "--delete");
      await tenant.gone("Backup", discovered.metadata.name, 180);
      const lost = await tenant.until(
        "Backup",
        "ours",
        (each) => conditionOf(each, "SnapshotPresent").status === "False",
        180,
      );
      assert.equal(lost["status"].phase, "Succeeded");
      assert.equal((await tenant.event("Backup", "ours", "SnapshotMissing")).type, "Warning");
      await stage.assertMetrics((metrics) =>
        assert.equal(valueOf(metrics, "kopiur_repo_missing_snapshots", labels), 1)
      );
      await tenant.kubectl("delete", "backup", "ours", "--wait=false");
      await tenant.gone("Backup", "ours", 180);

      /** As root on the host, so what it writes is made the movers' again. */
      async function byHand(repository: string, ...args: readonly string[]): Promise<void> {
        await tenant.kopia(repository, ...args);
        await runToolOk(["chmod", "-R", "a+rwX", await tenant.folderOf(`${repository}-store`)]);
      }
    }],

    [
      "volumes are chosen by their labels; a new one joins the next run; one without a recipe is told",
      async () => {
        const tenant = await stage.tenant("selected");
        for (const name of ["a", "b", "c"]) await tenant.volume(name, files);
        await tenant.repository("home");
        await tenant.kubectl("label", "pvc", "a", "b", "backup=yes");
        await tenant.custom("BackupConfig", "labelled", {
          repository: { name: "home" },
          sources: [{ pvcSelector: { matchLabels: { backup: "yes" } } }],
        });
        const unprotected = { namespace: "selected" };
        // When this holds the controller has seen the labels.
        await stage.assertMetrics((metrics) =>
          assert.equal(valueOf(metrics, "kopiur_pvc_unprotected", unprotected), 1)
        );
        await tenant.backup("first", "labelled");
        assert.deepEqual(sourcesOf(await tenant.ended("first")), ["a", "b"]);
        const shown = await kopiur("status", "-n", "selected");
        assert.match(shown.stdout, /UNPROTECTED[\s\S]*\bc\b/);
        await tenant.kubectl("label", "pvc", "c", "backup=yes");
        await stage.assertMetrics((metrics) =>
          assert.equal(valueOf(metrics, "kopiur_pvc_unprotected", unprotected), 0)
        );
        await tenant.backup("second", "labelled");
        assert.deepEqual(sourcesOf(await tenant.ended("second")), ["a", "b", "c"]);

        function sourcesOf(backup: Found): readonly string[] {
          assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
          return backup["status"].snapshots.map(({ source }: { source: string }) => source).toSorted();
        }
      },
    ],

    ["a run that takes its time says how far it is, and no more when it has ended", async () => {
      const tenant = await stage.tenant("slow");
      const folder = await tenant.volume("photos");
      const megabytes = 80;
      await runToolOk(["dd", "if=/dev/urandom", `of=${folder}/noise`, "bs=1M", `count=${megabytes}`]);
      await tenant.repository("home");
      // So it lasts for a minute and more, and the controller asks for the progress every half a minute.
      await tenant.config("photos", "home", ["photos"], { policy: { upload: { limitMbPerSec: 1 } } });
      await tenant.backup("run", "photos");
      const running = await tenant.until("Backup", "run", ({ status }) => status?.progress?.length > 0, 120);
      assert.equal(running["status"].phase, "Running");
      const [{ source, bytesDone }] = running["status"].progress;
      assert.equal(source, "photos");
      assert.ok(bytesDone > 0 && bytesDone <= megabytes * 1024 ** 2, `${bytesDone} bytes`);
      const shown = await kopiur("status", "-n", "slow");
      assert.match(shown.stdout, /IN FLIGHT\n.* DONE +FILES .*\n.* run +photos +Running .*[0-9] [KM]iB/);
      const ended = (await tenant.ended("run"))["status"];
      assert.deepEqual([ended.phase, ended.progress], ["Succeeded", undefined]);
    }],

    ["a repository with one mover at a time gives it to one run after the other", async () => {
      const tenant = await stage.tenant("queued");
      await tenant.volume("photos", files);
      await tenant.repository("home", { maxConcurrentMovers: 1 });
      await tenant.config("photos", "home", ["photos"]);
      const names = ["q-1", "q-2", "q-3", "q-4"];
      for (const name of names) await tenant.backup(name, "photos");
      await tenant.until("Backup", "q-4", (found) => conditionOf(found, "Ready").reason === "NoSlot", 180);
      assert.match(
        conditionOf(await tenant.get("Backup", "q-4"), "Ready").message,
        /[0-9](st|nd|rd|th) of [0-9]/,
      );
      const most = { atOnce: 0 };
      await waitUntil(async () => {
        const jobs = await tenant.list("Job", "kopiur.home-operations.com/operation=backup");
        const active = jobs.filter(({ status }) => (status?.succeeded ?? 0) === 0).length;
        most.atOnce = Math.max(most.atOnce, active);
        const backups = await tenant.list("Backup");
        return backups.every(({ status }) => status?.phase === "Succeeded") ? true : undefined;
      }, { what: "all four runs", limitSeconds: 180, everyMs: 100 });
      assert.equal(most.atOnce, 1);
    }],

    ["kopia is told the policy, and a run that found nothing new says so", async () => {
      const tenant = await stage.tenant("knobs");
      const folder = await tenant.volume("photos", { ...files, "skip.tmp": "x" });
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"], {
        policy: {
          compression: { compressor: "zstd-fastest" },
          ignore: { paths: ["*.tmp"], ignoreIdenticalSnapshots: true },
        },
      });
      await tenant.backup("first", "photos", { tags: { season: "autumn" }, description: "by hand" });
      const first = await tenant.ended("first");
      assert.equal(first["status"].phase, "Succeeded", JSON.stringify(first["status"]));
      assert.equal(first["status"].stats.files, 2, "the rule leaves a file out");
      const [snapshot] = await tenant.snapshots("home");
      assert.equal(snapshot?.tags?.["tag:season"], "autumn");
      const policy = await tenant.kopia("home", "policy", "show", "photos@knobs:/pvc/photos", "--json");
      assert.equal(JSON.parse(policy).compression.compressorName, "zstd-fastest");
      await tenant.backup("second", "photos");
      const second = await tenant.ended("second");
      assert.equal(second["status"].phase, "Succeeded");
      assert.equal(second["status"].snapshots[0].unchanged, true, JSON.stringify(second["status"]));
      assert.equal((await tenant.snapshots("home")).length, 1);
      await tenant.config("photos", "home", ["photos"], { policy: { ignore: { paths: [] } } });
      await Deno.writeTextFile(`${folder}/new.txt`, "new");
      await tenant.backup("third", "photos");
      assert.equal((await tenant.ended("third"))["status"].stats.files, 4, "a rule taken back is taken back");
    }],

    ["a cron or zone that means nothing is refused with a sentence", async () => {
      const tenant = await stage.tenant("refused");
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"]);
      for (
        const bad of [{ cron: "61 * * * *" }, { cron: "* * *" }, { timezone: "Mars/Olympus" }, {
          jitter: "2h",
          cron: "0 * * * *",
        }]
      ) {
        const name = `bad-${Object.values(bad)[0]?.replaceAll(/[^a-z0-9]/g, "") ?? ""}`.toLowerCase();
        try {
          await schedule(tenant, name, "photos", bad);
        } catch {
          continue; // refused at the door
        }
        await tenant.until(
          "BackupSchedule",
          name,
          (found) => conditionOf(found, "Stalled").reason === "InvalidSpec",
          180,
        );
      }
      assert.equal((await tenant.list("Backup")).length, 0);
    }],
  ]);

  await t.step("a slot that passed while the controller was away is made up for once", async () => {
    const tenant = await stage.tenant("away");
    await tenant.volume("photos", files);
    await tenant.repository("home");
    await tenant.config("photos", "home", ["photos"]);
    await earlyInAMinute();
    await schedule(tenant, "steady", "photos");
    await tenant.until("BackupSchedule", "steady", ({ status }) => status?.nextSchedule !== undefined, 20);
    await stage.stopController();
    const minute = 60_000;
    const afterTwoSlots = (Math.floor(Date.now() / minute) + 2) * minute + 2_000;
    await pause(afterTwoSlots - Date.now());
    await stage.startController();
    const caughtUp = await tenant.until(
      "BackupSchedule",
      "steady",
      ({ status }) => status?.lastSchedule !== undefined,
      180,
    );
    assert.equal((await runsOf(tenant, "steady")).length, 1, "one run makes up for all");
    assert.ok(caughtUp["status"].missedSlots.total >= 1, JSON.stringify(caughtUp["status"]));
    const labels = { namespace: "away", name: "steady" };
    await stage.assertMetrics((metrics) =>
      assert.ok((valueOf(metrics, "kopiur_schedule_missed_total", labels) ?? 0) >= 1)
    );
    await tenant.event("BackupSchedule", "steady", "MissedSchedule");
  });
});
