import assert from "node:assert/strict";
import fc from "fast-check";
import { backupConfigSpec } from "../../api/mod.ts";
import { configIdentity, configSources, senselessSources } from "./config_sources.ts";

function specOf(sources: readonly { pvc: string; path?: string }[], identity?: object) {
  return backupConfigSpec.parse({
    repository: { name: "repo" },
    sources: sources.map(({ pvc, path }) => ({
      pvc: { name: pvc },
      ...(path === undefined ? {} : { sourcePathOverride: path }),
    })),
    ...(identity === undefined ? {} : { identity }),
  });
}

Deno.test("configSources() files a claim under /pvc/<name> unless the spec says otherwise", () => {
  assert.deepEqual(configSources(specOf([{ pvc: "data" }, { pvc: "logs", path: "/var//log/./" }])), [
    { source: "data", sourcePath: "/pvc/data" },
    { source: "logs", sourcePath: "/var/log" },
  ]);
});

Deno.test("configSources() keeps the root as it is", () => {
  assert.deepEqual(configSources(specOf([{ pvc: "data", path: "/" }])), [{
    source: "data",
    sourcePath: "/",
  }]);
});

Deno.test("configIdentity() is config@namespace, each half replaceable", () => {
  const key = { namespace: "apps", name: "recipe" };
  assert.deepEqual(configIdentity(key, specOf([{ pvc: "data" }])), { username: "recipe", hostname: "apps" });
  assert.deepEqual(configIdentity(key, specOf([{ pvc: "data" }], { username: "me" })), {
    username: "me",
    hostname: "apps",
  });
});

Deno.test("configIdentity() never yields what would break user@host:path", () => {
  fc.assert(fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, namespace) => {
    const identity = configIdentity({ name, namespace }, specOf([{ pvc: "data" }]));
    assert.match(identity.username, /^[a-z0-9._-]+$/);
    assert.match(identity.hostname, /^[a-z0-9._-]+$/);
  }));
});

Deno.test("senselessSources() finds two sources under one path, however it is written", () => {
  assert.equal(senselessSources(specOf([{ pvc: "a" }, { pvc: "b" }])), undefined);
  assert.equal(
    senselessSources(specOf([{ pvc: "a", path: "/x/" }, { pvc: "b", path: "/y/../x" }])),
    'Cannot back up the sources "a" and "b": both are filed under "/x", expected a sourcePathOverride of its own for each',
  );
  assert.notEqual(senselessSources(specOf([{ pvc: "a" }, { pvc: "b", path: "/pvc/a" }])), undefined);
});
