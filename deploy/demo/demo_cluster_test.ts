import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  busyboxImageName,
  type Cluster,
  clusterFolder,
  clusterMissing,
  findCluster,
  waitUntil,
} from "../../tests/cluster/mod.ts";
import { clusterPartNames } from "../../tests/cluster/cluster_spec.ts";
import { leftoversOf, traceCluster } from "../../tests/cluster/life/leftovers.ts";
import { exists, partPath, partTest, runTool } from "../../tests/parts/mod.ts";
import type { Place } from "./place.ts";
import { proveWithKopia } from "./prove.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const namespace = "kopiur-demo";
// Two checkouts may run their tests side by side.
const name = `demo-${crypto.randomUUID().slice(0, 8)}`;
const parts = [...clusterPartNames, "helm", "kopia", "busybox"] as const;

/** Runs `deno task demo` as a user does. */
async function demo(...args: readonly string[]) {
  const command = [Deno.execPath(), "task", "demo", ...args, "--cluster", name];
  return await runTool(command, { cwd: root, limitSeconds: 300 });
}

async function found(): Promise<Cluster> {
  const cluster = await findCluster(name);
  assert.ok(cluster !== undefined, "the demo's cluster is not running");
  // It was never this process's to hold; kubectl is all that is needed.
  await cluster.keep();
  return cluster;
}

partTest({
  name: "the demo shows a Succeeded Backup that kopia confirms, twice, and leaves nothing",
  parts,
  machineMissing: clusterMissing,
  fn: async (t) => {
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => await (await findCluster(name))?.stop());

    await t.step(
      "its last screen names the snapshot that the Backup's status and kopia's list name",
      async () => {
        const { code, stdout, stderr } = await demo();
        assert.equal(code, 0, stderr);
        const id = await confirmedId(stdout);
        assert.match(stdout, new RegExp(`manifest:${id} files:200 `));
        assert.match(stdout, /all 200 files are byte-identical to the volume's/);
        assert.match(stdout, /^ {2}kopiur_backups_total\{[^}]*outcome="success"\} 1$/m);
        assert.doesNotMatch(stdout, /_bucket/);
      },
    );

    await t.step("its proof fails when a file is another one, and when the snapshot is unknown", async () => {
      const cluster = await found();
      const place: Place = {
        target: {
          kubectl: await partPath("kubectl"),
          helm: await partPath("helm"),
          kubeconfig: cluster.kubeconfigPath,
          signal: new AbortController().signal,
        },
        image: "kopiur.local/kopiur:0.1.0",
        busybox: busyboxImageName,
      };
      const unknown = { id: "0".repeat(32), files: 200 };
      await assert.rejects(proveWithKopia(place, namespace, unknown), /no snapshot|not found/i);
      const claim = { id: await newestId(cluster), files: 200 };
      await Deno.writeTextFile(join(await photosFolder(cluster), "album-1", "photo-1.jpg"), "another photo");
      await assert.rejects(proveWithKopia(place, namespace, claim), /photo-1\.jpg/);
    });

    await t.step("another run in the running cluster makes another snapshot", async () => {
      const { code, stdout, stderr } = await demo();
      assert.equal(code, 0, stderr);
      await confirmedId(stdout);
      assert.equal(stdout.match(/manifest:[0-9a-f]{32} files:200 /g)?.length, 2);
    });

    await t.step("it neither uses nor removes a namespace, or a kopiur, that is not its own", async () => {
      const cluster = await found();
      const context = (await cluster.kubectl("config", "current-context")).trim();
      const at = ["--context", context, "--namespace", "default"];
      const env = { KUBECONFIG: cluster.kubeconfigPath };
      const removed = await runTool([Deno.execPath(), "task", "demo", "down", ...at], { cwd: root, env });
      assert.equal(removed.code, 1);
      assert.match(removed.stderr, /Cannot delete the namespace "default": the demo did not make it/);
      await cluster.kubectl("label", "namespace", "kopiur-system", "kopiur.home-operations.com/demo-");
      const image = ["--image", "kopiur.local/kopiur:0.1.0"];
      const used = await runTool([Deno.execPath(), "task", "demo", ...at, ...image], { cwd: root, env });
      assert.equal(used.code, 1);
      assert.match(
        used.stderr,
        /Cannot run the demo in this cluster: kopiur is installed in it/,
      );
      assert.match(await cluster.kubectl("get", "namespace", "default"), /Active/);
    });

    await t.step("down leaves no process, mount, interface, control group or folder", async () => {
      const trace = await traceCluster(await found());
      assert.equal((await demo("down")).code, 0);
      assert.deepEqual(await leftoversOf(trace), []);
      const again = await demo("down");
      assert.equal(again.code, 0);
      assert.match(again.stderr, /The demo is not running/);
    });
  },
});

partTest({
  name: "the demo, interrupted before its cluster is up, leaves nothing and says so",
  parts,
  machineMissing: clusterMissing,
  fn: async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", "deploy/demo/demo.ts", "--cluster", "demo-cut"],
      cwd: root,
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const folder = clusterFolder("demo-cut");
    await waitUntil(() => exists(join(folder, "pki")) ? true : undefined, {
      what: "the start of the demo's cluster",
      limitSeconds: 60,
    });
    child.kill("SIGINT");
    const { code, stderr } = await child.output();
    assert.equal(code, 130);
    assert.match(new TextDecoder().decode(stderr), /Interrupted\nNothing of it is left\n$/);
    assert.equal(exists(folder), false);
  },
});

/** The id on the last screen, after a look at the status of the Backup it names. */
async function confirmedId(screen: string): Promise<string> {
  const [, backup = "", id = ""] = /^Backup (\S+) Succeeded with snapshot ([0-9a-f]{32})\.$/m.exec(screen) ??
    [];
  assert.notEqual(id, "", screen);
  const path = "jsonpath={.status.phase} {.status.snapshots[*].kopiaSnapshotID}";
  const status = await (await found()).kubectl("get", "backup", backup, "-n", namespace, "-o", path);
  assert.equal(status, `Succeeded ${id}`);
  return id;
}

async function newestId(cluster: Cluster): Promise<string> {
  const path = "jsonpath={.items[0].status.snapshots[0].kopiaSnapshotID}";
  return await cluster.kubectl("get", "backups", "-n", namespace, "-o", path);
}

async function photosFolder(cluster: Cluster): Promise<string> {
  const claim = ["get", "pvc", "photos", "-n", namespace, "-o", "jsonpath={.spec.volumeName}"] as const;
  const volume = await cluster.kubectl(...claim);
  return await cluster.kubectl("get", "pv", volume, "-o", "jsonpath={.spec.hostPath.path}");
}
