import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { API_VERSION } from "../../../api/mod.ts";
import { aBackup, aBackupConfig, FakeClock, refusal } from "../../../tests/support/mod.ts";
import { backupNow } from "./now.ts";
import { type Before, fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";

const ask = {
  config: "recipe",
  tags: {},
  description: undefined,
  deletionPolicy: undefined,
  wait: undefined,
} as const;
const firstName = "recipe-20260102030405";

function statusOf(api: FakePluginApi, status: Readonly<Record<string, unknown>>): void {
  const key = { namespace: "apps", name: firstName };
  const made = api.kube.find(API_VERSION, "Backup", key);
  if (made !== undefined) api.kube.put({ ...made, status });
}

Deno.test("backupNow() makes the Backup and prints its name and nothing else", async () => {
  const api = new FakePluginApi([aBackupConfig()]);
  const host = fakeHost();
  equal(await backupNow(host, fakeSession(api), ask, new FakeClock()), 0);
  deepEqual(api.writes, [`create Backup apps/${firstName}`]);
  deepEqual(host.printed, { out: `backup.kopiur.home-operations.com/${firstName}\n`, error: "" });
});

Deno.test("backupNow() takes another name when one was made in the same second", async () => {
  const api = new FakePluginApi([aBackupConfig(), aBackup({ name: firstName })]);
  equal(await backupNow(fakeHost(), fakeSession(api), ask, new FakeClock()), 0);
  deepEqual(api.writes, [`create Backup apps/${firstName}-2`]);
});

Deno.test("backupNow() refuses a BackupConfig that does not exist, and names those that do", async () => {
  const request = { ...ask, config: "recipee" };
  const found = new FakePluginApi([aBackupConfig()]);
  await rejects(
    backupNow(fakeHost(), fakeSession(found), request, new FakeClock()),
    /Cannot back up "recipee": namespace "apps" has no BackupConfig of that name, expected "recipe"/,
  );
  await rejects(
    backupNow(fakeHost(), fakeSession(new FakePluginApi()), ask, new FakeClock()),
    /expected a BackupConfig to be there, but there is none: is it another namespace\?/,
  );
  deepEqual(found.writes, []);
});

Deno.test("backupNow() needs no right to see BackupConfigs, and does not take a missing one for a hidden one", async () => {
  const forbid = (verbs: readonly string[]): Before => (verb, { kind }) => {
    if (kind === "BackupConfig" && verbs.includes(verb)) throw refusal(403, "forbidden");
  };
  const hidden = new FakePluginApi([], forbid(["read", "list"]));
  equal(await backupNow(fakeHost(), fakeSession(hidden), ask, new FakeClock()), 0);
  const missing = new FakePluginApi([], forbid(["list"]));
  await rejects(
    backupNow(fakeHost(), fakeSession(missing), ask, new FakeClock()),
    /no BackupConfig of that name, expected one that is there/,
  );
});

Deno.test("backupNow() --wait answers 0, 1 or 124 by how the run ends", async () => {
  const cases = [
    ["Succeeded", [], 0, /^recipe-20260102030405: Succeeded: m\n$/],
    [
      "Succeeded",
      [{
        type: "Complete",
        status: "False",
        reason: "BackupPartial",
        message: "",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      }],
      1,
      /Succeeded: m/,
    ],
    ["Failed", [], 1, /Failed: m/],
    [
      "Running",
      [],
      124,
      /Running: m\nerror: Cannot wait longer for apps\/recipe-\S+: it did not end within 60s/,
    ],
  ] as const;
  for (const [phase, conditions, code, words] of cases) {
    const clock = new FakeClock();
    const host = fakeHost();
    const api: FakePluginApi = new FakePluginApi([aBackupConfig()], (verb, { kind }) => {
      if (verb === "read" && kind === "Backup") statusOf(api, { phase, message: "m", conditions });
    });
    const run = backupNow(host, fakeSession(api), { ...ask, wait: { timeoutMs: 60_000 } }, clock);
    await clock.advance(61_000);
    equal(await run, code, phase);
    match(host.printed.error, words);
  }
});
