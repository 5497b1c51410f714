import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { aBackup, aClaim, aCondition, aNamespace, refusal } from "../../../tests/support/mod.ts";
import { type Before, fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";
import { runStatus } from "./status.ts";

const now = new Date("2026-01-01T12:00:00Z");
const json = { format: "json", check: false } as const;

function forbid(...kinds: readonly string[]): Before {
  return (_verb, { kind }) => {
    if (kinds.includes(kind)) throw refusal(403, `${kind} is forbidden`);
  };
}

Deno.test("runStatus() names what may not be listed and shows the rest", async () => {
  const cases: readonly [string, string, boolean][] = [
    ["Repository", "repositories", false],
    ["BackupConfig", "configs", false],
    ["BackupSchedule", "schedules", false],
    ["Backup", "backups", false],
    ["PersistentVolumeClaim", "claims", true],
    ["Namespace", "namespaces", true],
  ];
  for (const [kind, name, healthy] of cases) {
    const host = fakeHost();
    const api = new FakePluginApi([aNamespace(), aClaim()], forbid(kind));
    equal(await runStatus(host, fakeSession(api), json, now), 0, kind);
    const document = JSON.parse(host.printed.out);
    deepEqual([document.forbidden, document.healthy], [[name], healthy]);
  }
});

Deno.test("runStatus() reads the one namespace it looks at, and lists them when it looks at all", async () => {
  for (const [namespace, verb] of [["apps", "read"], ["", "list"]] as const) {
    const asked: string[] = [];
    const api = new FakePluginApi([aNamespace()], (verb, { kind }) => {
      if (kind === "Namespace") asked.push(verb);
    });
    await runStatus(fakeHost(), fakeSession(api, namespace), json, now);
    deepEqual(asked, [verb]);
  }
});

Deno.test("runStatus() --check tells what is unhealthy, and of coverage only that it was not seen", async () => {
  const check = { format: "table", check: true } as const;
  const calm = fakeHost();
  equal(await runStatus(calm, fakeSession(new FakePluginApi([], forbid("Namespace"))), check, now), 0);
  equal(calm.printed.error, "not seen: the namespaces may not be listed\n");

  const held = aBackup({
    metadata: { deletionTimestamp: "2026-01-01T11:00:00Z" },
    status: { phase: "Deleting", conditions: [aCondition("DeletionHeld", "True", "MassDeletionHeld")] },
  });
  const host = fakeHost();
  equal(
    await runStatus(
      host,
      fakeSession(new FakePluginApi([aNamespace(), held], forbid("Repository"))),
      check,
      now,
    ),
    1,
  );
  match(
    host.printed.error,
    /^unhealthy: Namespace apps: MassDeletionHeld: 1 deleted Backup .*\nunhealthy: the repositories may not be listed\n$/,
  );
});

Deno.test("runStatus() fails when no kind of kopiur may be listed, and says so, with --check and without", async () => {
  const kinds = ["Repository", "BackupConfig", "BackupSchedule", "Backup"];
  for (const check of [false, true]) {
    for (const [namespace, where] of [["apps", 'in namespace "apps"'], ["", "in all namespaces"]] as const) {
      const host = fakeHost();
      const api = new FakePluginApi([aNamespace(), aClaim()], forbid(...kinds));
      const code = await runStatus(host, fakeSession(api, namespace), { format: "table", check }, now);
      deepEqual([
        code,
        host.printed.error.endsWith(`no kind of kopiur ${where}, expected the right to list at least one\n`),
      ], [1, true]);
      match(host.printed.out, /\(forbidden\)/);
    }
    const one = fakeHost();
    const api = new FakePluginApi([aNamespace()], forbid(...kinds.slice(1)));
    equal(await runStatus(one, fakeSession(api), { format: "table", check }, now), check ? 1 : 0);
  }
});

Deno.test("runStatus() of a namespace that does not exist fails, and says so, with --check and without", async () => {
  for (const check of [true, false]) {
    const host = fakeHost();
    const session = fakeSession(new FakePluginApi([aNamespace()]), "nosuch");
    equal(await runStatus(host, session, { format: "table", check }, now), 1);
    match(host.printed.error, /^error: Cannot see the status: there is no namespace "nosuch", expected one/);
  }
});

Deno.test("runStatus() without the kinds says what to install", async () => {
  const api = new FakePluginApi([], (_verb, { kind }) => {
    if (kind === "BackupSchedule") throw refusal(404, "the server could not find the requested resource");
  });
  await rejects(
    runStatus(fakeHost(), fakeSession(api), json, now),
    /Cannot read the status: the cluster knows no backupschedules\..* expected kopiur's CRDs to be installed/,
  );
});
