import assert from "node:assert/strict";
import { waitUntil } from "../cluster/mod.ts";
import { runToolOk } from "../parts/mod.ts";
import { besideEachOther } from "./beside_each_other.ts";
import { valueOf } from "./metrics_text.ts";
import { Stage } from "./stage.ts";

const files = { "a.txt": "first\n", "deep/er/b.bin": "x".repeat(200_000), "name with spaces": "1" };

Deno.test("backups in a real cluster, from good to bad input", async (t) => {
  await using stage = await Stage.open();

  await t.step(
    "two volumes are backed up by one run; kopia confirms the ids and restores them byte-identical",
    async () => {
      const tenant = await stage.tenant("good");
      const photos = await tenant.volume("photos", files);
      const letters = await tenant.volume("letters", { "letter.txt": "dear reader\n" });
      const repository = await tenant.repository("home");
      assert.match(repository["status"].uniqueId, /^[0-9a-f]{64}$/);
      await tenant.config("everything", "home", ["photos", "letters"]);
      await tenant.backup("first", "everything");
      const backup = await tenant.ended("first");
      assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
      const entries: readonly { source: string; kopiaSnapshotID: string; files: number }[] =
        backup["status"].snapshots;
      assert.deepEqual(entries.map(({ source, files }) => [source, files]), [["photos", 3], ["letters", 1]]);
      const known = (await tenant.snapshots("home")).map(({ id }) => id).sort();
      assert.deepEqual(known, entries.map(({ kopiaSnapshotID }) => kopiaSnapshotID).sort());
      const folders: Record<string, string> = { photos, letters };
      for (const { source, kopiaSnapshotID } of entries) {
        await tenant.assertIdentical("home", kopiaSnapshotID, folders[source] ?? "");
      }
      const [snapshot] = await tenant.snapshots("home");
      assert.equal(snapshot?.source.userName, "everything");
      assert.equal(snapshot?.source.host, "good");
      const reported = await tenant.event("Backup", "first", "BackupSucceeded");
      assert.ok(reported.note.includes(entries[0]?.kopiaSnapshotID ?? "missing"), reported.note);
      await tenant.event("BackupConfig", "everything", "BackupSucceeded");
      await tenant.event("Repository", "home", "InitSucceeded");
      const config = await tenant.until(
        "BackupConfig",
        "everything",
        ({ status }) => status?.lastBackup?.backupRef?.name === "first",
        20,
      );
      assert.equal(config["status"].lastBackup.outcome, "success");
      assert.equal(config["status"].consecutiveFailures, 0);
      const labels = { namespace: "good", name: "everything" };
      const end = Date.parse(backup["status"].timing.endTime) / 1000;
      await stage.assertMetrics((metrics) => {
        assert.ok(
          Math.abs((valueOf(metrics, "kopiur_backup_last_success_timestamp_seconds", labels) ?? 0) - end) <
            1.5,
        );
        assert.equal(valueOf(metrics, "kopiur_backup_size_bytes", labels), backup["status"].stats.sizeBytes);
        assert.equal(valueOf(metrics, "kopiur_backup_files", labels), 4);
        assert.equal(valueOf(metrics, "kopiur_backup_consecutive_failures", labels), 0);
        assert.equal(valueOf(metrics, "kopiur_backups_total", { ...labels, outcome: "success" }), 1);
        assert.equal(valueOf(metrics, "kopiur_backups_total", { ...labels, outcome: "failure" }), 0);
        assert.equal(
          valueOf(metrics, "kopiur_resource_phase", {
            kind: "Backup",
            namespace: "good",
            name: "first",
            phase: "Succeeded",
          }),
          1,
        );
        assert.equal(
          valueOf(metrics, "kopiur_mover_operations_total", { operation: "Backup", result: "succeeded" }),
          2,
        );
      });
    },
  );

  await besideEachOther(t, 5, [
    ["deleting a Backup deletes its snapshots and nothing else", async () => {
      const tenant = await stage.tenant("deletion");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"]);
      for (
        const [name, policy] of [["gone", "Delete"], ["kept", "Retain"], ["orphan", "Orphan"], [
          "let-go",
          "Delete",
        ]] as const
      ) {
        await tenant.backup(name, "photos", { deletionPolicy: policy });
        assert.equal((await tenant.ended(name))["status"].phase, "Succeeded");
      }
      assert.equal((await tenant.snapshots("home")).length, 4);
      const gone = (await tenant.get("Backup", "gone"))["status"].snapshots[0].kopiaSnapshotID;
      await tenant.kubectl("delete", "backupconfig", "photos");
      await tenant.kubectl("delete", "backup", "gone", "--wait=false");
      await tenant.gone("Backup", "gone", 60);
      const left = (await tenant.snapshots("home")).map(({ id }) => id);
      assert.equal(left.length, 3);
      assert.equal(left.includes(gone), false);
      await tenant.event("Backup", "gone", "SnapshotDeleted");
      await tenant.kubectl(
        "annotate",
        "backup",
        "let-go",
        "kopiur.home-operations.com/skip-snapshot-cleanup=true",
      );
      for (const name of ["kept", "orphan", "let-go"]) {
        await tenant.kubectl("delete", "backup", name, "--wait=false");
        await tenant.gone("Backup", name, 20);
      }
      assert.equal((await tenant.snapshots("home")).length, 3);
      await stage.assertMetrics((metrics) =>
        assert.equal(
          valueOf(metrics, "kopiur_orphaned_snapshots_total", { namespace: "deletion" }),
          2,
        )
      );
      await tenant.event("Backup", "orphan", "SnapshotOrphaned");
    }],

    ["a deletion that is taken back while its mover starts takes nothing", async () => {
      const tenant = await stage.tenant("taken-back");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"]);
      const names = ["one", "two", "three"];
      for (const name of names) {
        await tenant.backup(name, "photos");
        assert.equal((await tenant.ended(name))["status"].phase, "Succeeded");
      }
      for (const name of names) {
        const annotate = (word: string) =>
          tenant.kubectl("annotate", "backup", name, `kopiur.home-operations.com/${word}=true`);
        await annotate("confirm-deletion");
        await tenant.kubectl("delete", "backup", name, "--wait=false");
        await waitUntil(async () => {
          const jobs = await tenant.list("Job");
          return jobs.some(({ metadata }) => metadata.name.startsWith(`${name}-delete-`)) ? true : undefined;
        }, { what: `the mover that deletes the snapshot of ${name}`, limitSeconds: 60 });
        await annotate("skip-snapshot-cleanup");
        await tenant.gone("Backup", name, 90);
      }
      assert.equal((await tenant.snapshots("home")).length, 3);
    }],

    ["files that cannot be read make the run partial, with their count and paths", async () => {
      const tenant = await stage.tenant("partial");
      const folder = await tenant.volume("photos", files);
      await Deno.chmod(`${folder}/a.txt`, 0o600);
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"]);
      await tenant.backup("some", "photos");
      const backup = await tenant.ended("some");
      assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
      assert.equal(backup["status"].stats.unreadable, 1);
      assert.deepEqual(backup["status"].snapshots[0].unreadable, { count: 1, paths: ["a.txt"] });
      const complete = backup["status"].conditions.find((condition: { type: string }) =>
        condition.type === "Complete"
      );
      assert.equal(complete.status, "False");
      await stage.assertMetrics((metrics) =>
        assert.equal(
          valueOf(metrics, "kopiur_backups_total", {
            namespace: "partial",
            name: "photos",
            outcome: "partial",
          }),
          1,
        )
      );
      assert.match((await tenant.event("Backup", "some", "BackupPartial")).note, /a\.txt/);
    }],

    [
      "names kopia cannot keep are counted and named, and a file that is lost makes the run partial",
      async () => {
        const tenant = await stage.tenant("names");
        const folder = await tenant.volume("photos", files);
        // In Latin-1, which only a shell can write here; the first two become one.
        const names = String.raw`'M\374ller' 'M\344ller' 'Gr\374n'`;
        const script = `cd "$1"; for name in ${names}; do echo 1 >"$(printf "$name")"; done`;
        await runToolOk(["sh", "-ec", script, "sh", folder]);
        await tenant.repository("home");
        await tenant.config("photos", "home", ["photos"]);
        await tenant.backup("some", "photos");
        const { status } = await tenant.ended("some");
        assert.equal(status.phase, "Succeeded", JSON.stringify(status));
        const [{ files: saved, names: { renamed, lost, unknown } }] = status.snapshots;
        assert.deepEqual([renamed.count, renamed.paths.toSorted()], [2, ["Gr\ufffdn", "M\ufffdller"]]);
        assert.deepEqual([lost, unknown, saved], [{ count: 1, paths: ["M\ufffdller"] }, undefined, 5]);
        const reported = await tenant.event("Backup", "some", "BackupPartial");
        assert.match(reported.note, /M\ufffdller/);
        for (const [state, count] of [["renamed", 2], ["lost", 1]] as const) {
          const labels = { namespace: "names", name: "photos", state };
          await stage.assertMetrics((metrics) =>
            assert.equal(valueOf(metrics, "kopiur_backup_names_not_kept", labels), count)
          );
        }
      },
    ],

    ["an empty volume is backed up and a Warning says that it is empty", async () => {
      const tenant = await stage.tenant("empty");
      await tenant.volume("nothing");
      await tenant.repository("home");
      await tenant.config("nothing", "home", ["nothing"]);
      await tenant.backup("hollow", "nothing");
      assert.equal((await tenant.ended("hollow"))["status"].phase, "Succeeded");
      assert.equal((await tenant.event("Backup", "hollow", "EmptySnapshot")).type, "Warning");
    }],

    ["what is missing is waited for, said, and noticed when it comes", async () => {
      const tenant = await stage.tenant("waiting");
      await tenant.backup("early", "photos");
      await reason("early", "ConfigNotFound");
      await tenant.config("photos", "home", ["photos"]);
      await reason("early", "RepositoryNotFound");
      await tenant.custom("Repository", "home", {
        backend: { filesystem: { volume: { pvc: { name: "home-store" } } } },
        encryption: { passwordSecretRef: { name: "home-password", key: "other" } },
        create: { enabled: true },
      });
      await reason("early", "RepositoryNotReady");
      const pending = await tenant.until(
        "Repository",
        "home",
        ({ status }) => status?.phase === "Pending",
        20,
      );
      assert.match(JSON.stringify(pending["status"].conditions), /home-password/);
      await tenant.secret("home-password", { KOPIA_PASSWORD: "secret-of-the-test" });
      await tenant.until(
        "Repository",
        "home",
        ({ status }) => /other/.test(JSON.stringify(status?.conditions)),
        20,
      );
      await tenant.volume("home-store");
      await tenant.secret("home-password", {
        KOPIA_PASSWORD: "secret-of-the-test",
        other: "secret-of-the-test",
      });
      await tenant.until("Repository", "home", ({ status }) => status?.phase === "Ready", 60);
      await reason("early", "VolumeNotFound");
      const labels = { namespace: "waiting", reason: "VolumeNotFound" };
      await stage.assertMetrics((metrics) =>
        assert.equal(valueOf(metrics, "kopiur_backups_waiting", labels), 1)
      );
      await tenant.volume("photos", files);
      assert.equal((await tenant.ended("early"))["status"].phase, "Succeeded");

      async function reason(name: string, expected: string): Promise<void> {
        const found = await tenant.until(
          "Backup",
          name,
          ({ status }) =>
            status?.conditions?.some((condition: { type: string; reason: string }) =>
              condition.type === "Ready" && condition.reason === expected
            ),
          30,
        );
        assert.equal(found["status"].phase, "Pending");
      }
    }],

    ["a wrong password is Failed with its class, and a changed Secret wakes the repository", async () => {
      const tenant = await stage.tenant("password");
      await tenant.repository("home");
      await tenant.secret("other-password", { KOPIA_PASSWORD: "wrong" });
      await tenant.custom("Repository", "again", {
        backend: { filesystem: { volume: { pvc: { name: "home-store" } } } },
        encryption: { passwordSecretRef: { name: "other-password" } },
        create: { enabled: true },
      });
      const failed = await tenant.until(
        "Repository",
        "again",
        ({ status }) => status?.phase === "Failed",
        60,
      );
      const bootstrapped = failed["status"].conditions.find((condition: { type: string }) =>
        condition.type === "Bootstrapped"
      );
      assert.equal(bootstrapped.reason, "AuthFailure");
      assert.match((await tenant.event("Repository", "again", "AuthFailure")).note, /password/);
      assert.doesNotMatch(await stage.controllerLog(), /secret-of-the-test/);
      await tenant.secret("other-password", { KOPIA_PASSWORD: "secret-of-the-test" });
      const ready = await tenant.until("Repository", "again", ({ status }) => status?.phase === "Ready", 60);
      assert.equal(ready["status"].uniqueId, (await tenant.get("Repository", "home"))["status"].uniqueId);
    }],

    ["a repository that may not be created is not created", async () => {
      const tenant = await stage.tenant("strict");
      await tenant.volume("store");
      await tenant.secret("password", { KOPIA_PASSWORD: "x" });
      await tenant.custom("Repository", "home", {
        backend: { filesystem: { volume: { pvc: { name: "store" } } } },
        encryption: { passwordSecretRef: { name: "password" } },
      });
      const failed = await tenant.until("Repository", "home", ({ status }) => status?.phase === "Failed", 60);
      assert.match(JSON.stringify(failed["status"].conditions), /NotInitialized/);
      const written = [...Deno.readDirSync(await tenant.folderOf("store"))].map(({ name }) => name);
      // Opening alone leaves kopia's note of how it would spread files over folders.
      assert.deepEqual(written.filter((name) => name !== ".shards"), []);
    }],

    ["a privileged mover needs the namespace's consent, and then reads what nobody else may", async () => {
      const tenant = await stage.tenant("privileged");
      await stage.cluster.kubectl(
        "label",
        "namespace",
        "privileged",
        "pod-security.kubernetes.io/enforce-",
        "--overwrite",
      );
      const folder = await tenant.volume("photos", files);
      await Deno.chmod(`${folder}/a.txt`, 0o600);
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"], { mover: { privilegedMode: true } });
      await tenant.backup("root", "photos");
      await tenant.until(
        "Backup",
        "root",
        ({ status }) => /PrivilegedMoverNotPermitted/.test(JSON.stringify(status?.conditions)),
        30,
      );
      await stage.cluster.kubectl(
        "annotate",
        "namespace",
        "privileged",
        "kopiur.home-operations.com/privileged-movers=true",
      );
      const backup = await tenant.ended("root");
      assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
      assert.equal(backup["status"].stats.unreadable ?? 0, 0);
      await tenant.config("ordinary", "home", ["photos"]);
      await tenant.backup("after-root", "ordinary");
      assert.equal(
        (await tenant.ended("after-root"))["status"].phase,
        "Succeeded",
        "others cannot read what root wrote",
      );
    }],

    ["movers of different users share a repository on a volume", async () => {
      const tenant = await stage.tenant("sharing");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      await tenant.config("one", "home", ["photos"], { mover: { runAsUser: 1000 } });
      await tenant.config("other", "home", ["photos"], { mover: { runAsUser: 2000 } });
      for (const [run, config] of [["first", "one"], ["second", "other"], ["third", "one"]] as const) {
        await tenant.backup(run, config);
        const backup = await tenant.ended(run);
        assert.equal(backup["status"].phase, "Succeeded", JSON.stringify(backup["status"]));
      }
    }],

    [
      "a pod that cannot be scheduled says the scheduler's words, and the start deadline ends the run",
      async () => {
        const tenant = await stage.tenant("crowded");
        await tenant.volume("photos", files);
        await tenant.repository("home");
        await tenant.config("photos", "home", ["photos"], { mover: { nodeSelector: { nowhere: "true" } } });
        await tenant.backup("stuck", "photos", { failurePolicy: { startDeadlineSeconds: 15 } });
        await tenant.until(
          "Backup",
          "stuck",
          ({ status }) => /didn't match Pod's node affinity/.test(JSON.stringify(status)),
          30,
        );
        const failed = await tenant.ended("stuck");
        assert.equal(failed["status"].snapshots[0].failure.class, "StartDeadlineExceeded");
        await waitUntil(async () => {
          const left = (await tenant.list("Pod")).filter(({ metadata }) => metadata.name.startsWith("stuck"));
          return left.length === 0 ? true : undefined;
        }, { what: "the pod of the stuck run to go", limitSeconds: 30 });
        const reported = await tenant.event("BackupConfig", "photos", "BackupFailed");
        assert.equal(reported.type, "Warning");
        const config = await tenant.until(
          "BackupConfig",
          "photos",
          ({ status }) => status?.consecutiveFailures === 1,
          20,
        );
        assert.equal(config["status"].lastBackup.phase, "Failed");
      },
    ],

    ["a spec that its schema accepts and that makes no sense is refused with a sentence", async () => {
      const tenant = await stage.tenant("senseless");
      await tenant.repository("home");
      await tenant.custom("BackupConfig", "clash", {
        repository: { name: "home" },
        sources: [{ pvc: { name: "a" }, sourcePathOverride: "/same" }, {
          pvc: { name: "b" },
          sourcePathOverride: "/same",
        }],
      });
      await tenant.until(
        "BackupConfig",
        "clash",
        ({ status }) =>
          status?.conditions?.some((condition: { type: string; reason: string }) =>
            condition.type === "Stalled" && condition.reason === "InvalidSpec"
          ),
        20,
      );
    }],

    ["a namespace that is deleted goes, and leaves its snapshots in the repository", async () => {
      const tenant = await stage.tenant("leaving");
      await tenant.volume("photos", files);
      await tenant.repository("home");
      await tenant.config("photos", "home", ["photos"]);
      await tenant.backup("last", "photos");
      await tenant.ended("last");
      await stage.cluster.kubectl("delete", "namespace", "leaving", "--timeout=90s");
      await stage.assertMetrics((metrics) =>
        assert.equal(
          valueOf(metrics, "kopiur_orphaned_snapshots_total", { namespace: "leaving" }),
          1,
        )
      );
    }],
  ]);

  await t.step("nothing is written while nothing happens", async () => {
    const before = await versions();
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    assert.deepEqual(await versions(), before);

    async function versions(): Promise<readonly string[]> {
      const { stdout } = await stage.cluster.tryKubectl([
        "get",
        "repositories,backupconfigs,backups",
        "-A",
        "-o",
        'jsonpath={range .items[*]}{.metadata.namespace}/{.kind}/{.metadata.name}={.metadata.resourceVersion}{"\\n"}{end}',
      ]);
      return stdout.trim().split("\n").filter((line) => !line.startsWith("waiting/"));
    }
  });
});
