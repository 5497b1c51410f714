import assert from "node:assert/strict";
import { backupConfigSpec, repositorySpec } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  configIdentity,
  configSources,
  hasSelector,
  noVolumeMatchesText,
  type SourcePlace,
} from "./config_sources.ts";

const nowhere: SourcePlace = { namespace: "apps", claims: [], repositorySpec: undefined };

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
  assert.deepEqual(configSources(specOf([{ pvc: "data" }, { pvc: "logs", path: "/var//log/./" }]), nowhere), [
    { source: "data", sourcePath: "/pvc/data" },
    { source: "logs", sourcePath: "/var/log" },
  ]);
});

Deno.test("configSources() keeps the root as it is", () => {
  assert.deepEqual(configSources(specOf([{ pvc: "data", path: "/" }]), nowhere), [{
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

Deno.test("configIdentity() keeps an identity as it is given, so that another client's history goes on", () => {
  const given = { username: "Admin User", hostname: "BÜRO-PC" };
  assert.deepEqual(
    configIdentity({ namespace: "apps", name: "recipe" }, specOf([{ pvc: "data" }], given)),
    given,
  );
});

/** A claim of the namespace; `app=db` unless it says otherwise. */
function aClaim(name: string, metadata: Partial<KubeObject["metadata"]> = {}): KubeObject {
  const labels = { app: "db" };
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { namespace: "apps", labels, ...metadata, name },
  };
}

function sourcesOf(sources: readonly object[], ...claims: readonly KubeObject[]) {
  const spec = backupConfigSpec.parse({ repository: { name: "repo" }, sources });
  const filesystem = { path: "/repository", volume: { pvc: { name: "repo-data" } } };
  const repository = { backend: { filesystem }, encryption: { passwordSecretRef: { name: "s" } } };
  const place = { namespace: "apps", claims, repositorySpec: repositorySpec.parse(repository) };
  return configSources(spec, place).map(({ source, sourcePath }) => `${source} ${sourcePath}`);
}

const db = { pvcSelector: { matchLabels: { app: "db" } } };

Deno.test("configSources() takes the claims a selector matches, by name, each under a path of its own", () => {
  const claims = [
    aClaim("b"),
    aClaim("web", { labels: { app: "web" } }),
    aClaim("a"),
    aClaim("bare", { labels: {} }),
  ];
  assert.deepEqual(sourcesOf([db], ...claims), ["a /pvc/a", "b /pvc/b"]);
  assert.deepEqual(sourcesOf([{ ...db, sourcePathStrategy: "PvcNamespacedName" }], ...claims), [
    "a /pvc/apps/a",
    "b /pvc/apps/b",
  ]);
  assert.deepEqual(sourcesOf([{ pvcSelector: {} }], ...claims).length, 4, "an empty selector matches all");
  assert.deepEqual(sourcesOf([{ pvcSelector: { matchLabels: { app: "none" } } }], ...claims), []);
});

Deno.test("configSources() leaves out of a selector what is going, opts out or holds the repository", () => {
  const claims = [
    aClaim("kept", { annotations: { "kopiur.home-operations.com/no-backup": "false" } }),
    aClaim("going", { deletionTimestamp: "2026-01-01T00:00:00Z" }),
    aClaim("unwanted", { annotations: { "kopiur.home-operations.com/no-backup": "true" } }),
    aClaim("repo-data"),
  ];
  assert.deepEqual(sourcesOf([db], ...claims), ["kept /pvc/kept"]);
});

Deno.test("configSources() counts a claim once: named wins, else the first selector", () => {
  const named = { pvc: { name: "a" }, sourcePathOverride: "/named" };
  const second = { pvcSelector: {}, sourcePathStrategy: "PvcNamespacedName" };
  const claims = [aClaim("a"), aClaim("b"), aClaim("c", { labels: {} })];
  assert.deepEqual(sourcesOf([db, named, second], ...claims), ["b /pvc/b", "a /named", "c /pvc/apps/c"]);
});

Deno.test("configSources() names a claim whatever becomes of it: that it is missing is said elsewhere", () => {
  assert.deepEqual(sourcesOf([{ pvc: { name: "gone" }, sourcePathStrategy: "PvcNamespacedName" }]), [
    "gone /pvc/apps/gone",
  ]);
});

Deno.test("backupConfigSpec takes exactly one of a name and a selector, and an override only with a name", () => {
  const refused: readonly object[] = [
    {},
    { pvc: { name: "a" }, ...db },
    { ...db, sourcePathOverride: "/x" },
    { pvcSelector: { matchExpressions: [{ key: "a", operator: "Near" }] } },
    { pvcSelector: { matchLabels: { "not a key": "x" } } },
    { ...db, sourcePathStrategy: "Random" },
  ];
  for (const source of refused) {
    const spec = { repository: { name: "repo" }, sources: [source] };
    assert.equal(backupConfigSpec.safeParse(spec).success, false, JSON.stringify(source));
  }
});

Deno.test("hasSelector() is true only where claims may join", () => {
  assert.equal(hasSelector(specOf([{ pvc: "data" }])), false);
  assert.equal(hasSelector(backupConfigSpec.parse({ repository: { name: "r" }, sources: [db] })), true);
});

Deno.test("noVolumeMatchesText() says where it looked", () => {
  assert.match(noVolumeMatchesText("apps"), /^No PersistentVolumeClaim in namespace "apps" matches/);
});

Deno.test("hasSelector() is true as soon as one of several sources selects claims", () => {
  const mixed = backupConfigSpec.parse({
    repository: { name: "repo" },
    sources: [{ pvc: { name: "data" } }, { pvcSelector: { matchLabels: { app: "db" } } }],
  });
  assert.equal(hasSelector(mixed), true);
  assert.equal(hasSelector(specOf([{ pvc: "data" }])), false);
  const claims = [aClaim("db"), { ...aClaim("raw"), spec: { volumeMode: "Block" } }];
  const sources = configSources(mixed, { ...nowhere, claims });
  assert.deepEqual(sources.map(({ source }) => source), ["data", "db"]);
});
