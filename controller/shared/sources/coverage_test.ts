import assert from "node:assert/strict";
import { ANNOTATION, LABEL, MANAGED_BY } from "../../../api/mod.ts";
import { aBackupConfig, aClaim, aNamespace, anObject, aRepository } from "../../../tests/support/mod.ts";
import { type CoverageObjects, coverageOf } from "./coverage.ts";

const optOut = { annotations: { [ANNOTATION.noBackup]: "true" } };
const gone = { deletionTimestamp: "2026-01-01T00:00:00Z" };

function coverage(parts: Partial<CoverageObjects>): readonly string[] {
  const objects = { claims: [aClaim()], configs: [], repositories: [], namespaces: [aNamespace()], ...parts };
  return coverageOf(objects).map(({ namespace, claims, unprotected }) =>
    `${namespace}: ${unprotected.join(" ")} of ${claims}`
  );
}

function selecting(pvcSelector: unknown) {
  return aBackupConfig({ spec: { sources: [{ pvcSelector }] } });
}

const labelled = aClaim({ metadata: { labels: { tier: "gold" } } });
const states: Readonly<Record<string, { parts: Partial<CoverageObjects>; finds: string }>> = {
  "no recipe": { parts: {}, finds: "apps: data of 1" },
  "a recipe that names it": { parts: { configs: [aBackupConfig()] }, finds: "apps:  of 1" },
  "a recipe that names another": {
    parts: { configs: [aBackupConfig({ spec: { sources: [{ pvc: { name: "other" } }] } })] },
    finds: "apps: data of 1",
  },
  "a recipe of another namespace": {
    parts: { configs: [aBackupConfig({ namespace: "else" })] },
    finds: "apps: data of 1",
  },
  "a recipe that is being deleted": {
    parts: { configs: [aBackupConfig({ metadata: gone })] },
    finds: "apps: data of 1",
  },
  "a selector that matches": {
    parts: { claims: [labelled], configs: [selecting({ matchLabels: { tier: "gold" } })] },
    finds: "apps:  of 1",
  },
  "a selector that matches all": { parts: { configs: [selecting({})] }, finds: "apps:  of 1" },
  "a selector that does not match": {
    parts: { claims: [labelled], configs: [selecting({ matchLabels: { tier: "iron" } })] },
    finds: "apps: data of 1",
  },
  "a selector nobody can read": {
    parts: { configs: [selecting({ matchLabels: "all" })] },
    finds: "apps: data of 1",
  },
  "a recipe nobody can read": {
    parts: { configs: [aBackupConfig({ spec: { sources: "all" } })] },
    finds: "apps: data of 1",
  },
  "the word that none is wanted": { parts: { claims: [aClaim({ metadata: optOut })] }, finds: "apps:  of 1" },
  "another word": {
    parts: { claims: [aClaim({ metadata: { annotations: { [ANNOTATION.noBackup]: "false" } } })] },
    finds: "apps: data of 1",
  },
  "the word for the whole namespace": {
    parts: { namespaces: [aNamespace({ metadata: optOut })] },
    finds: "apps:  of 1",
  },
  "the word for another namespace": {
    parts: { namespaces: [aNamespace({ name: "else", metadata: optOut })] },
    finds: "apps: data of 1",
  },
  "its own deletion": { parts: { claims: [aClaim({ metadata: gone })] }, finds: "apps:  of 1" },
  "a repository on it": {
    parts: { claims: [aClaim({ name: "repo-data" })], repositories: [aRepository()] },
    finds: "apps:  of 1",
  },
  "a repository on one of that name elsewhere": {
    parts: { claims: [aClaim({ name: "repo-data" })], repositories: [aRepository({ namespace: "else" })] },
    finds: "apps: repo-data of 1",
  },
  "kopiur as its maker": {
    parts: { claims: [aClaim({ metadata: { labels: { [LABEL.managedBy]: MANAGED_BY } } })] },
    finds: "apps:  of 1",
  },
  "a pod it dies with": {
    parts: {
      claims: [aClaim({
        metadata: {
          ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "ci", uid: "u", controller: true }],
        },
      })],
    },
    finds: "apps:  of 1",
  },
};
for (const [what, { parts, finds }] of Object.entries(states)) {
  Deno.test(`coverageOf() judges a claim with ${what}`, () => {
    assert.deepEqual(coverage(parts), [finds]);
  });
}

Deno.test("coverageOf() speaks of every namespace with claims, and of no other", () => {
  const claims = [aClaim({ name: "b" }), aClaim({ name: "a" }), aClaim({ namespace: "all", name: "data" })];
  const configs = [aBackupConfig({ namespace: "all" }), aBackupConfig({ namespace: "none" })];
  assert.deepEqual(coverage({ claims, configs }), ["all:  of 1", "apps: a b of 2"]);
  assert.deepEqual(coverage({ claims: [] }), []);
});

Deno.test("coverageOf() is content with claims of which only the metadata is known", () => {
  const bare = anObject("v1", "PersistentVolumeClaim", { name: "data" });
  assert.deepEqual(coverage({ claims: [bare], namespaces: [] }), ["apps: data of 1"]);
});

Deno.test("coverageOf() counts a raw block device as unprotected, for no recipe can cover it", () => {
  const raw = (name: string, metadata = {}) => aClaim({ name, spec: { volumeMode: "Block" }, metadata });
  const optsOut = { annotations: { [ANNOTATION.noBackup]: "true" } };
  const configs = [aBackupConfig({ spec: { sources: [{ pvc: { name: "raw" } }, { pvcSelector: {} }] } })];
  const claims = [aClaim(), raw("raw"), raw("selected"), raw("excused", optsOut)];
  const [found] = coverageOf({ claims, configs, repositories: [], namespaces: [] });
  assert.deepEqual(found?.unprotected, ["raw", "selected"]);
});
