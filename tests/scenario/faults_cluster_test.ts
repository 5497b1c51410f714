import assert from "node:assert/strict";
import { join } from "node:path";
import { type Manifest, waitUntil } from "../cluster/mod.ts";
import { besideEachOther } from "./beside_each_other.ts";
import { valueOf } from "./metrics_text.ts";
import { findProcesses, isController, isMover, killAll, runningMover, signalAll } from "./processes.ts";
import { Stage } from "./stage.ts";
import { type Behaviour, BEHAVIOUR_FILE, standInImage, writeStandInImage } from "./stand_in_image.ts";
import type { Found, Tenant } from "./tenant.ts";

const files = { "a.txt": "first\n", "deep/er/b.bin": "x".repeat(200_000) };

/** Two controllers, and movers that misbehave where they are told to. */
async function openStage(): Promise<Stage> {
  return await Stage.open({
    sets: [
      "controller.replicaCount=2",
      `image.mover.repository=${standInImage.repository}`,
      `image.mover.tag=${standInImage.tag}`,
    ],
    images: async (folder) => {
      const archive = join(folder, "stand-in.tar");
      await writeStandInImage(archive);
      return [archive];
    },
  });
}

/** A tenant with a filled volume, an open repository and a recipe; resolves with the folder of the volume. */
async function furnish(
  tenant: Tenant,
  mover: Readonly<Record<string, unknown>> = {},
  content: Readonly<Record<string, string>> = files,
): Promise<string> {
  const folder = await tenant.volume("photos", content);
  await tenant.repository("home");
  await tenant.config("photos", "home", ["photos"], { mover });
  return folder;
}

function readyReason({ status }: Found): string | undefined {
  return status?.conditions?.find((condition: { type: string }) => condition.type === "Ready")?.reason;
}

Deno.test("faults of node, kopia, mover, storage and cluster", async (t) => {
  await using stage = await openStage();

  async function misbehaving(
    behaviour: Behaviour,
  ): Promise<{ readonly tenant: Tenant; readonly folder: string }> {
    const tenant = await stage.tenant(behaviour);
    const folder = await furnish(tenant);
    await Deno.writeTextFile(join(await tenant.folderOf("home-store"), BEHAVIOUR_FILE), behaviour);
    // A stand-in may change its mind.
    await Deno.chmod(join(await tenant.folderOf("home-store"), BEHAVIOUR_FILE), 0o666);
    await tenant.backup("run", "photos", { failurePolicy: { backoffLimit: 0 } });
    return { tenant, folder };
  }

  async function assertFailed(tenant: Tenant, name: string, failureClass: string): Promise<Found> {
    const failed = await tenant.ended(name, 120);
    assert.equal(failed["status"].phase, "Failed", JSON.stringify(failed["status"]));
    assert.equal(failed["status"].snapshots[0].failure.class, failureClass, JSON.stringify(failed["status"]));
    assert.equal(readyReason(failed), failureClass);
    assert.equal((await tenant.event("Backup", name, "BackupFailed")).type, "Warning");
    const labels = { namespace: tenant.namespace, name: "photos", outcome: "failure" };
    await stage.assertMetrics((metrics) => assert.equal(valueOf(metrics, "kopiur_backups_total", labels), 1));
    return failed;
  }

  await besideEachOther(t, 5, [
    [
      "a node without room is told in the scheduler's words, and the run begins when there is room",
      async () => {
        const tenant = await stage.tenant("room");
        const path = "jsonpath={.items[0].status.allocatable.memory}";
        const kibibytes = parseInt(await stage.cluster.kubectl("get", "nodes", "-o", path));
        await tenant.apply(sleeper(stage.busybox, "glutton", `${Math.floor(kibibytes * 0.8)}Ki`));
        const folder = await furnish(tenant, {
          resources: { requests: { memory: `${Math.floor(kibibytes * 0.4)}Ki` } },
        });
        await tenant.backup("run", "photos");
        const waiting = await tenant.until(
          "Backup",
          "run",
          ({ status }) => /Insufficient memory/.test(status?.message ?? ""),
          30,
        );
        assert.equal(readyReason(waiting), "Unschedulable");
        assert.match((await tenant.event("Backup", "run", "Unschedulable")).note, /Insufficient memory/);
        const labels = { namespace: "room", reason: "Unschedulable" };
        await stage.assertMetrics((metrics) =>
          assert.equal(valueOf(metrics, "kopiur_backups_waiting", labels), 1)
        );
        await tenant.kubectl("delete", "pod", "glutton", "--grace-period=0", "--force");
        await tenant.assertOneSnapshot("home", "run", folder);
        await stage.assertMetrics((metrics) =>
          assert.equal(valueOf(metrics, "kopiur_backups_waiting", labels) ?? 0, 0)
        );
      },
    ],

    [
      "a mover without enough memory is OutOfMemory; one that cannot even start meets its deadline",
      async () => {
        const tenant = await stage.tenant("memory");
        await furnish(tenant, { resources: { limits: { memory: "40Mi" } } });
        await tenant.backup("run", "photos", { failurePolicy: { backoffLimit: 0 } });
        await assertFailed(tenant, "run", "OutOfMemory");
        assert.deepEqual(await tenant.snapshots("home"), []);
        // Too little for a sandbox: the kubelet tries for ever.
        await tenant.config("tiny", "home", ["photos"], {
          mover: { resources: { limits: { memory: "1Mi" } } },
        });
        await tenant.backup("tiny", "tiny", { failurePolicy: { startDeadlineSeconds: 10 } });
        const { status } = await tenant.ended("tiny");
        assert.equal(status.snapshots[0].failure.class, "StartDeadlineExceeded", JSON.stringify(status));
      },
    ],

    ["kopia's answer is no JSON and there is no snapshot: UnexpectedOutput", async () => {
      const { tenant } = await misbehaving("garbage");
      await assertFailed(tenant, "run", "UnexpectedOutput");
      assert.match((await tenant.event("Backup", "run", "BackupFailed")).note, /cannot be understood/);
      assert.deepEqual(await tenant.snapshots("home"), []);
    }],

    ["kopia's answer breaks off and the snapshot is there: found, not made twice", async () => {
      const { tenant, folder } = await misbehaving("breaks-off");
      await tenant.assertOneSnapshot("home", "run", folder);
    }],

    [
      "a result that is always cut short ends Failed after three tries, with one snapshot that is not forgotten",
      async () => {
        const { tenant } = await misbehaving("truncates");
        const failed = await assertFailed(tenant, "run", "ResultMissing");
        assert.equal(failed["status"].snapshots[0].job.attempts, 3);
        assert.equal((await tenant.snapshotsOf("home", failed)).length, 1);
        await tenant.kubectl("delete", "backup", "run", "--wait=false");
        await tenant.gone("Backup", "run", 60);
        assert.deepEqual(await tenant.snapshots("home"), []);
      },
    ],

    ["a result that is cut short once is asked for again", async () => {
      const { tenant, folder } = await misbehaving("truncates-once");
      await tenant.assertOneSnapshot("home", "run", folder);
      assert.equal((await tenant.get("Backup", "run"))["status"].snapshots[0].job.attempts, 2);
    }],

    [
      "a repository whose volume was taken away is waited for, and is not made again on an empty one",
      async () => {
        const tenant = await stage.tenant("unplugged");
        await furnish(tenant);
        const before = (await tenant.get("Repository", "home"))["status"].uniqueId;
        await tenant.kubectl("delete", "pvc", "home-store");
        await tenant.backup("run", "photos", { failurePolicy: { backoffLimit: 0 } });
        await tenant.until("Backup", "run", (found) => readyReason(found) !== undefined, 20);
        const blocked = await tenant.get("Backup", "run");
        assert.equal(blocked["status"].phase, "Pending");
        assert.ok(["VolumeNotFound", "RepositoryNotReady"].includes(readyReason(blocked) ?? ""));
        assert.match(blocked["status"].message, /home-store/);
        assert.deepEqual(await tenant.list("Job"), []);
        const empty = await tenant.volume("home-store");
        const failed = await tenant.until(
          "Repository",
          "home",
          ({ status }) => status?.phase === "Failed",
          90,
        );
        assert.equal(readyReason(failed), "NotInitialized");
        assert.equal(failed["status"].uniqueId, before);
        const written = [...Deno.readDirSync(empty)].map(({ name }) => name);
        assert.equal(written.includes("kopia.repository.f"), false, written.join(" "));
        const backup = await tenant.get("Backup", "run");
        assert.notEqual(backup["status"].phase, "Succeeded");
      },
    ],

    [
      "a Backup deleted while its repository is not ready waits for it, says so, and then deletes its snapshot",
      async () => {
        const tenant = await stage.tenant("notready");
        await furnish(tenant);
        await tenant.backup("run", "photos");
        assert.equal((await tenant.ended("run"))["status"].phase, "Succeeded");
        await tenant.secret("wrong-password", { KOPIA_PASSWORD: "wrong" });
        await usePassword(tenant, "wrong-password");
        await tenant.until("Repository", "home", ({ status }) => status?.phase === "Failed", 60);
        await tenant.kubectl("delete", "backup", "run", "--wait=false");
        const waiting = await tenant.until(
          "Backup",
          "run",
          (found) => found["status"].phase === "Deleting" && readyReason(found) === "RepositoryNotReady",
          20,
        );
        assert.match(waiting["status"].message, /skip-snapshot-cleanup/);
        assert.equal((await tenant.snapshots("home")).length, 1);
        await usePassword(tenant, "home-password");
        await tenant.gone("Backup", "run", 60);
        assert.deepEqual(await tenant.snapshots("home"), []);
      },
    ],

    ["a repository replaced under the same name: nothing is deleted in either", async () => {
      const tenant = await stage.tenant("replaced");
      const folder = await furnish(tenant);
      await tenant.backup("run", "photos");
      assert.equal((await tenant.ended("run"))["status"].phase, "Succeeded");
      await tenant.repository("other");
      await tenant.kubectl("delete", "repository", "home", "other");
      await tenant.custom("Repository", "home", {
        backend: { filesystem: { volume: { pvc: { name: "other-store" } } } },
        encryption: { passwordSecretRef: { name: "other-password" } },
        deletionBreaker: { window: "10s", keepLast: false },
      });
      await tenant.until("Repository", "home", ({ status }) => status?.phase === "Ready", 60);
      await tenant.backup("new", "photos");
      await tenant.assertOneSnapshot("other", "new", folder);
      await tenant.kubectl("delete", "backup", "run", "--wait=false");
      const stalled = await tenant.until(
        "Backup",
        "run",
        (found) => readyReason(found) === "RepositoryReplaced",
        20,
      );
      assert.match(JSON.stringify(stalled["status"].conditions), /"Stalled"/);
      assert.equal((await tenant.event("Backup", "run", "RepositoryReplaced")).type, "Warning");
      for (const repository of ["home", "other"]) {
        assert.equal((await tenant.snapshots(repository)).length, 1, repository);
      }
    }],
  ]);

  const tenant = await stage.tenant("cluster");
  const folder = await furnish(tenant, {}, manyFiles());
  const cluster = stage.controlGroup;

  await t.step(
    "the leader freezes in the middle of a run: the other takes over, the thawed one yields",
    async () => {
      const { pod } = await stage.leader();
      await tenant.backup("failover", "photos");
      await runningMover(cluster);
      const frozen = findProcesses(cluster, isController).filter(({ controlGroup }) =>
        controlGroup.includes(pod.uid)
      );
      assert.equal(signalAll(frozen, "SIGSTOP"), 1);
      await tenant.assertOneSnapshot("home", "failover", folder);
      const after = await stage.leader();
      assert.notEqual(after.pod.uid, pod.uid);
      const labels = { namespace: "cluster", name: "photos", outcome: "success" };
      await stage.assertMetrics((metrics) =>
        assert.equal(valueOf(metrics, "kopiur_backups_total", labels), 1)
      );
      signalAll(frozen, "SIGCONT");
      const thawed = frozen[0]?.pid;
      await waitUntil(
        () => findProcesses(cluster, isController).some(({ pid }) => pid === thawed) ? undefined : true,
        { what: "the thawed controller to end", limitSeconds: 30 },
      );
      assert.equal((await stage.leader()).pod.uid, after.pod.uid);
      assert.equal((await tenant.snapshots("home")).length, 1);
    },
  );

  await t.step("the API server is killed while a run goes on, and comes back", async () => {
    await tenant.backup("api", "photos");
    await runningMover(cluster);
    await stage.cluster.signal("kube-apiserver");
    await stage.cluster.apiServerReady();
    await waitUntil(() => tenant.assertOneSnapshot("home", "api", folder).then(() => true), {
      what: "the run",
      limitSeconds: 60,
      everyMs: 1000,
    });
    await waitUntil(() => stage.leader(), { what: "a leader", limitSeconds: 30, everyMs: 500 });
  });

  await t.step(
    "the node's kubelet and the mover die at once: the mover runs again, one snapshot",
    async () => {
      await tenant.backup("node", "photos");
      await runningMover(cluster);
      await stage.cluster.signal("kubelet");
      killAll(findProcesses(cluster, isMover));
      await tenant.assertOneSnapshot("home", "node", folder);
    },
  );
});

async function usePassword(tenant: Tenant, secret: string): Promise<void> {
  const patch = { spec: { encryption: { passwordSecretRef: { name: secret } } } };
  await tenant.kubectl("patch", "repository", "home", "--type=merge", `--patch=${JSON.stringify(patch)}`);
}

/** Enough files that a snapshot takes a second or two. */
function manyFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`d${index % 50}/f${index}`, `${index}`.repeat(300)]),
  );
}

/** A pod that does nothing but hold memory. */
function sleeper(image: string, name: string, memory: string): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: "RuntimeDefault" } },
      containers: [{
        name: "main",
        image,
        command: ["/bin/sh", "-c", "sleep 3600"],
        resources: { requests: { memory } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      }],
    },
  };
}
