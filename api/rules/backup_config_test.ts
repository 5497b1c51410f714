import assert from "node:assert/strict";
import { type BackupConfigSpec, backupConfigSpec } from "../mod.ts";
import { senselessSources, sourcesOf } from "./backup_config.ts";

function specOf(sources: readonly { pvc: string; path?: string }[]): BackupConfigSpec {
  return backupConfigSpec.parse({
    repository: { name: "repo" },
    sources: sources.map(({ pvc, path }) => ({
      pvc: { name: pvc },
      ...(path === undefined ? {} : { sourcePathOverride: path }),
    })),
  });
}

function namedSources(spec: BackupConfigSpec) {
  return sourcesOf(spec, "apps", () => []);
}

Deno.test("sourcesOf() has the claims a spec names where nobody can say what its selectors mean", () => {
  const spec = backupConfigSpec.parse({
    repository: { name: "repo" },
    sources: [{ pvcSelector: { matchLabels: { app: "db" } } }, { pvc: { name: "data" } }],
  });
  assert.deepEqual(namedSources(spec), [{ source: "data", sourcePath: "/pvc/data" }]);
  assert.deepEqual(
    sourcesOf(spec, "apps", ({ matchLabels }) => [`${matchLabels?.app}-0`, "data"]).map(({ source }) =>
      source
    ),
    ["db-0", "data"],
  );
});

Deno.test("senselessSources() finds two sources under one path, however it is written", () => {
  const senseless = (...sources: Parameters<typeof specOf>[0]) =>
    senselessSources(namedSources(specOf(sources)));
  assert.equal(senseless({ pvc: "a" }, { pvc: "b" }), undefined);
  assert.equal(
    senseless({ pvc: "a", path: "/x/" }, { pvc: "b", path: "/y/../x" }),
    'Cannot back up the sources "a" and "b": both are filed under "/x", expected a sourcePathOverride of its own for each',
  );
  assert.notEqual(senseless({ pvc: "a" }, { pvc: "b", path: "/pvc/a" }), undefined);
});

Deno.test("senselessSources() refuses more sources than a run can have, and says how many there are", () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ source: `pvc-${index}`, sourcePath: `/pvc/${index}` }));
  assert.equal(senselessSources(many(64)), undefined);
  assert.match(
    senselessSources(many(65)) ?? "",
    /^Cannot back up 65 PersistentVolumeClaims in one run, expected at most 64: narrow the selectors/,
  );
});
