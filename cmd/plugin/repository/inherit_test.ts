import { deepEqual, doesNotMatch, equal, match, rejects } from "node:assert/strict";
import { ANNOTATION, API_VERSION } from "../../../api/mod.ts";
import { anEndedBackup } from "../../../tests/support/backup_stage.ts";
import { aBackup, aReadyRepository } from "../../../tests/support/mod.ts";
import { fakeHost, FakePluginApi, fakeSession } from "../fake_api.ts";
import { inheritRepository } from "./inherit.ts";

const asked = { repository: "repo", inherit: true, yes: true };

/** A Backup that stands for a snapshot nobody here made. */
function aFound(username: string, startTime: string) {
  const snapshot = {
    id: "f00d",
    identity: { username, hostname: "apps" },
    sourcePath: "/pvc/data",
    startTime,
    endTime: startTime,
  };
  const repository = { kind: "Repository", name: "repo", uniqueId: "0123abcd" };
  return aBackup({
    name: "repo-disc-f00d",
    spec: { configRef: undefined, discovered: { repository, snapshot } },
  });
}

/** Two that were put back and one of this cluster's own, on a Repository made on 1 January. */
function anApi(...more: ReturnType<typeof aFound>[]): FakePluginApi {
  return new FakePluginApi([
    aReadyRepository(),
    anEndedBackup("with-status", { metadata: { annotations: { [ANNOTATION.ranAs]: "another" } } }),
    anEndedBackup("without", { status: { adopted: { run: "another", at: "2026-01-02T03:04:05Z" } } }),
    anEndedBackup("own"),
    ...more,
  ]);
}

function wordOf(api: FakePluginApi): string | undefined {
  const found = api.kube.find(API_VERSION, "Repository", { namespace: "apps", name: "repo" });
  return found?.metadata.annotations?.[ANNOTATION.heir];
}

Deno.test("inheritRepository() says the Repository's uid, after what it concerns, and takes it back", async () => {
  const api = anApi();
  const host = fakeHost();
  equal(await inheritRepository(host, fakeSession(api), asked), 0);
  equal(wordOf(api), "uid-repository-repo");
  match(host.printed.error, /^2 Backups with 2 snapshots were put back on it\nFrom then on /);
  doesNotMatch(host.printed.error, /WARNING/);
  equal(host.printed.out, "repository.kopiur.home-operations.com/repo inherits\n");
  equal(await inheritRepository(fakeHost(), fakeSession(api), { ...asked, inherit: false }), 0);
  equal(wordOf(api), undefined);
});

Deno.test("inheritRepository() shows what another cluster wrote since, under the same identity", async () => {
  const cases: readonly [string, string, RegExp | undefined][] = [
    [
      "recipe",
      "2026-01-01T00:06:00Z",
      /WARNING: another cluster .* snapshot f00d of recipe@apps:\/pvc\/data at 2026/,
    ],
    ["recipe", "2026-01-01T00:04:00Z", undefined],
    ["laptop", "2026-01-01T00:06:00Z", undefined],
  ];
  for (const [username, startTime, says] of cases) {
    const host = fakeHost();
    equal(await inheritRepository(host, fakeSession(anApi(aFound(username, startTime))), asked), 0);
    if (says === undefined) doesNotMatch(host.printed.error, /WARNING/, `${username} ${startTime}`);
    else match(host.printed.error, says);
  }
});

Deno.test("inheritRepository() does nothing that nobody confirmed, and leaves alone what is as wanted", async () => {
  for (const typed of ["no", undefined]) {
    const api = anApi();
    const host = fakeHost(typed);
    equal(await inheritRepository(host, fakeSession(api), { ...asked, yes: false }), 1);
    deepEqual(api.writes, []);
    match(host.printed.error, /Nothing was changed: expected /);
  }
  const api = anApi();
  equal(await inheritRepository(fakeHost("yes"), fakeSession(api), { ...asked, yes: false }), 0);
  const host = fakeHost();
  equal(await inheritRepository(host, fakeSession(api), asked), 0);
  deepEqual([api.writes.length, host.printed], [1, { out: "", error: "apps/repo is the heir already\n" }]);
});

Deno.test("inheritRepository() refuses a name that is not there, and a Repository that is another one by then", async () => {
  await rejects(
    inheritRepository(fakeHost(), fakeSession(anApi()), { ...asked, repository: "home" }),
    /Cannot inherit "home": namespace "apps" has no Repository of that name, expected "repo"/,
  );
  const api = anApi();
  const changing = new FakePluginApi(
    api.kube.list({
      group: "kopiur.home-operations.com",
      version: "v1alpha1",
      kind: "Repository",
      plural: "repositories",
      namespaced: true,
    }),
    (verb) => {
      if (verb === "patch") changing.kube.put(aReadyRepository({ metadata: { uid: "another" } }));
    },
  );
  await rejects(inheritRepository(fakeHost(), fakeSession(changing), asked));
  equal(wordOf(changing), undefined);
});
