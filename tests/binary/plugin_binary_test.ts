import { deepEqual, equal, match } from "node:assert/strict";
import * as z from "zod";
import { ANNOTATION, FINALIZER } from "../../api/mod.ts";
import { type ApiServer, startApiserver } from "../cluster/mod.ts";
import { partTest, type ToolResult } from "../parts/mod.ts";
import { createObject, installKopiur, readObject } from "./kopiur_api.ts";
import { runKopiur } from "./kopiur_binary.ts";

const parts = ["etcd", "kube-apiserver", "janitor", "setpriv"] as const;
const group = "/apis/kopiur.home-operations.com/v1alpha1/namespaces/apps";

function plugin(server: ApiServer, words: string): Promise<ToolResult> {
  return runKopiur(words.split(" "), { env: { KUBECONFIG: server.kubeconfigPath } });
}

const annotated = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});

async function isConfirmed(server: ApiServer, name: string): Promise<boolean> {
  const backup = annotated.parse(await readObject(server, `${group}/backups/${name}`));
  return backup.metadata.annotations[ANNOTATION.confirmDeletion] === "true";
}

partTest({
  name: "kopiur deletions shows what is held, and releases it only with a confirmation",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["apps"]);
    for (const name of ["a", "b"]) await createHeld(server, name);

    const list = await plugin(server, "deletions list -n apps");
    equal(list.code, 0, list.stderr);
    match(list.stdout, /^NAME +CONFIG +.*\na +recipe +.*\nb +recipe /);
    const check = await plugin(server, "status -n apps --check");
    equal(check.code, 1);
    match(check.stderr, /unhealthy: Namespace apps: MassDeletionHeld: 2 deleted Backups with 2 snapshots/);

    const unsure = await plugin(server, "deletions release --all -n apps");
    deepEqual([unsure.code, await isConfirmed(server, "a")], [1, false]);
    match(unsure.stdout, /ka.*\n.*kb/);
    match(unsure.stderr, /Nothing was released: expected --yes/);

    const one = await plugin(server, "deletions release a -n apps --yes");
    equal(one.code, 0, one.stderr);
    deepEqual([await isConfirmed(server, "a"), await isConfirmed(server, "b")], [true, false]);
    const again = await plugin(server, "deletions release a -n apps --yes");
    equal(again.code, 1);
    match(again.stderr, /^error: Cannot release "a": no such deletion is held, expected "b"\n$/);
    equal((await plugin(server, "deletions release")).code, 2);
  },
});

partTest({
  name: "kopiur backup now makes a Backup the API server takes, and follows it",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["apps"]);
    await createObject(server, "backupconfigs", {
      kind: "BackupConfig",
      name: "photos",
      namespace: "apps",
      spec: { repository: { name: "nas" }, sources: [{ pvc: { name: "photos" } }] },
    });
    const made = await plugin(
      server,
      "backup now photos -n apps --tag reason=upgrade --description before --deletion-policy Retain",
    );
    equal(made.code, 0, made.stderr);
    const name = /^backup\.kopiur\.home-operations\.com\/(photos-[0-9]{14})\n$/.exec(made.stdout)?.[1];
    const spec =
      z.object({ spec: z.unknown() }).parse(await readObject(server, `${group}/backups/${name}`)).spec;
    deepEqual(spec, {
      configRef: { name: "photos" },
      tags: { reason: "upgrade" },
      description: "before",
      deletionPolicy: "Retain",
    });

    // No controller runs here, so nothing comes of it.
    const late = await plugin(server, "backup now photos -n apps --wait --timeout 2s");
    equal(late.code, 124, late.stderr);
    match(late.stderr, /no controller has looked at it yet\nerror: Cannot wait longer for apps\/photos-/);
    const missing = await plugin(server, "backup now films -n apps");
    equal(missing.code, 1);
    match(missing.stderr, /namespace "apps" has no BackupConfig of that name, expected "photos"\n$/);
  },
});

partTest({
  name: "kopiur schedule suspends and resumes a BackupSchedule",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["apps"]);
    await createObject(server, "backupschedules", {
      kind: "BackupSchedule",
      name: "nightly",
      namespace: "apps",
      spec: { configRef: { name: "photos" }, schedule: { cron: "0 3 * * *" } },
    });
    const suspended = async () => {
      const read = z.object({ spec: z.object({ schedule: z.object({ suspend: z.boolean() }) }) });
      return read.parse(await readObject(server, `${group}/backupschedules/nightly`)).spec.schedule.suspend;
    };
    equal((await plugin(server, "schedule suspend nightly -n apps")).code, 0);
    equal(await suspended(), true);
    match((await plugin(server, "status -n apps")).stdout, /nightly +photos +0 3 \* \* \* +True/);
    equal((await plugin(server, "schedule resume nightly -n apps")).code, 0);
    equal(await suspended(), false);
  },
});

/** A Backup as the controller leaves one whose deletion it holds. */
async function createHeld(server: ApiServer, name: string): Promise<void> {
  const at = "2026-01-01T00:00:00Z";
  await createObject(server, "backups", {
    kind: "Backup",
    name,
    namespace: "apps",
    spec: { configRef: { name: "recipe" } },
    status: {
      phase: "Deleting",
      snapshots: [{
        source: "data",
        sourcePath: "/pvc/data",
        phase: "Succeeded",
        kopiaSnapshotID: `k${name}`,
      }],
      conditions: [{
        type: "DeletionHeld",
        status: "True",
        reason: "MassDeletionHeld",
        message: "Many Backups are deleted at once",
        lastTransitionTime: at,
      }],
    },
  });
  await server.request("PATCH", `${group}/backups/${name}`, {
    body: { metadata: { finalizers: [FINALIZER] } },
    contentType: "application/merge-patch+json",
  });
  await server.request("DELETE", `${group}/backups/${name}`);
}
