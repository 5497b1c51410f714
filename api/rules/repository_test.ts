import assert from "node:assert/strict";
import { repositorySpec } from "../mod.ts";
import { refreshSeconds, senselessRepository } from "./repository.ts";

const credentials = { encryption: { passwordSecretRef: { name: "kopia" } } };
const filesystem = { path: "/repository", volume: { pvc: { name: "repo-data" } } };
const s3 = { bucket: "backups", endpoint: "s3.example.com", auth: { secretRef: { name: "s3" } } };

/** Specs as the schema lets them pass. */
const cases: Readonly<Record<string, { readonly spec: object; readonly why: RegExp | undefined }>> = {
  "one backend": { spec: { backend: { filesystem } }, why: undefined },
  "no backend": {
    spec: { backend: {} },
    why: /^Cannot use the repository: 0 backends are set, expected exactly one$/,
  },
  "two backends": { spec: { backend: { filesystem, s3 } }, why: /: 2 backends are set/ },
  "half a minute between refreshes": {
    spec: { backend: { filesystem }, catalog: { refreshInterval: "30s" } },
    why: undefined,
  },
  "a refresh without pause": {
    spec: { backend: { filesystem }, catalog: { refreshInterval: "29s" } },
    why: /^Cannot use the repository: catalog.refreshInterval is "29s", expected at least 30s$/,
  },
  "a repository over a folder of the mover": {
    spec: { backend: { filesystem: { ...filesystem, path: "/etc/kopia" } } },
    why: /movers need "\/etc" for themselves/,
  },
};
for (const [name, { spec, why }] of Object.entries(cases)) {
  Deno.test(`senselessRepository() on ${name}`, () => {
    const found = senselessRepository(repositorySpec.parse({ ...credentials, ...spec }));
    if (why === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", why);
  });
}

Deno.test("refreshSeconds() is what the spec says, else the default", () => {
  const of = (catalog?: object) =>
    refreshSeconds(repositorySpec.parse({ ...credentials, backend: { filesystem }, catalog }));
  assert.deepEqual([of(), of({}), of({ refreshInterval: "90s" })], [3600, 3600, 90]);
});
