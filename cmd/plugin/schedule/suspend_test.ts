import { deepEqual, equal, rejects } from "node:assert/strict";
import { API_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { anObject } from "../../../tests/support/mod.ts";
import { fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";
import { suspendSchedule } from "./suspend.ts";

function aSchedule(suspend: boolean): KubeObject {
  const schedule = { cron: "0 3 * * *", timezone: "UTC", suspend };
  return anObject(API_VERSION, "BackupSchedule", {
    name: "nightly",
    spec: { configRef: { name: "recipe" }, schedule },
  });
}

Deno.test("suspendSchedule() changes that one field", async () => {
  for (const suspend of [true, false]) {
    const api = new FakePluginApi([aSchedule(!suspend)]);
    const host = fakeHost();
    equal(await suspendSchedule(host, fakeSession(api), { schedule: "nightly", suspend }), 0);
    const key = { namespace: "apps", name: "nightly" };
    deepEqual(api.kube.find(API_VERSION, "BackupSchedule", key)?.spec, aSchedule(suspend).spec);
    const word = suspend ? "suspended" : "resumed";
    equal(host.printed.out, `backupschedule.kopiur.home-operations.com/nightly ${word}\n`);
  }
});

Deno.test("suspendSchedule() leaves alone what is as wanted", async () => {
  const api = new FakePluginApi([aSchedule(true)]);
  const host = fakeHost();
  equal(await suspendSchedule(host, fakeSession(api), { schedule: "nightly", suspend: true }), 0);
  deepEqual([api.writes, host.printed], [[], { out: "", error: "apps/nightly is suspended already\n" }]);
});

Deno.test("suspendSchedule() refuses a schedule that does not exist, and names those that do", async () => {
  const run = suspendSchedule(fakeHost(), fakeSession(new FakePluginApi([aSchedule(true)])), {
    schedule: "nightlie",
    suspend: true,
  });
  await rejects(
    run,
    /Cannot suspend "nightlie": namespace "apps" has no BackupSchedule of that name, expected "nightly"/,
  );
});
