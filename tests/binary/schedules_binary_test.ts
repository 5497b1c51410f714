import { deepEqual, equal, ok } from "node:assert/strict";
import { GROUP, LABEL, VERSION } from "../../api/mod.ts";
import { type ApiServer, startApiserver, waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { createObject, installKopiur } from "./kopiur_api.ts";
import { type RunningController, startController } from "./running_controller.ts";

const parts = ["etcd", "kube-apiserver", "janitor", "setpriv"] as const;
const schedules = 1000;

interface Backup {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
}

async function backups(server: ApiServer): Promise<readonly Backup[]> {
  const path = `/apis/${GROUP}/${VERSION}/namespaces/apps/backups?resourceVersion=0`;
  return ((await server.request("GET", path)) as { readonly items: readonly Backup[] }).items;
}

async function leads(controller: RunningController): Promise<boolean> {
  const response = await fetch(`${await controller.url()}/metrics`);
  return /^kopiur_leader 1$/m.test(await response.text());
}

/** Resolves when the wall clock shows this second of a minute. */
async function second(wanted: number): Promise<void> {
  await waitUntil(() => new Date().getSeconds() === wanted ? true : undefined, {
    what: `second ${wanted} of a minute`,
    limitSeconds: 61,
    everyMs: 50,
  });
}

partTest({
  name:
    "kopiur controller makes one Backup for each of 1 000 schedules due in the same minute, also when the leader dies in the middle",
  parts,
  fn: async () => {
    await using server = await startApiserver();
    await installKopiur(server, ["kopiur-system", "apps"]);
    const spec = { repository: { name: "none" }, sources: [{ pvc: { name: "data" } }] };
    await createObject(server, "backupconfigs", { kind: "BackupConfig", name: "c", namespace: "apps", spec });
    const controllers = [];
    await using first = await startController(server, { POD_NAME: "controller-0" });
    await using other = await startController(server, { POD_NAME: "controller-1" });
    controllers.push(first, other);
    for (const controller of controllers) await controller.ready();
    await waitUntil(async () => await leads(first) || await leads(other) ? true : undefined, {
      what: "a leader",
      limitSeconds: 30,
    });
    // Far enough from a full minute that all of them are there before it.
    if (new Date().getSeconds() > 20) await second(1);
    const names = Array.from({ length: schedules }, (_, index) => `s-${index}`);
    const waiting = [...names];
    await Promise.all(Array.from({ length: 20 }, async () => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        await createObject(server, "backupschedules", {
          kind: "BackupSchedule",
          name,
          namespace: "apps",
          spec: { configRef: { name: "c" }, schedule: { cron: "* * * * *", concurrencyPolicy: "Forbid" } },
        });
      }
    }));
    ok(new Date().getSeconds() < 58, "the schedules were not made within a minute");
    equal((await backups(server)).length, 0);
    const leader = await leads(first) ? first : other;
    await waitUntil(async () => (await backups(server)).length > 20 ? true : undefined, {
      what: "the first Backups of the slot",
      limitSeconds: 70,
      everyMs: 50,
    });
    leader.send("SIGKILL");
    const died = (await backups(server)).length;
    ok(died < schedules, `the leader was to die in the middle, but ${died} Backups were there`);
    await waitUntil(async () => (await backups(server)).length >= schedules ? true : undefined, {
      what: "a Backup for each schedule",
      limitSeconds: 120,
      everyMs: 500,
    });
    // The slot after it finds the runs of this one, which can never start, and is left out.
    await second(30);
    const made = await backups(server);
    const perSchedule = Map.groupBy(made, ({ metadata }) => metadata.labels?.[LABEL.schedule] ?? "none");
    deepEqual([...perSchedule.keys()].toSorted(), names.toSorted());
    deepEqual([...perSchedule.values()].filter((runs) => runs.length !== 1), []);
    const slots = new Set(made.map(({ metadata }) => /[0-9]{14}$/.exec(metadata.name)?.[0]));
    equal(slots.size, 1, `expected one slot, found ${[...slots].join()}`);
  },
});
