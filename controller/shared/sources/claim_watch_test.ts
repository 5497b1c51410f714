import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/types.ts";
import { aBackupConfig, aClaim, FakeKube } from "../../../tests/support/mod.ts";
import { claimsOfConfig, configsOfClaim } from "./claim_watch.ts";

const config = aBackupConfig();
const kind = {
  resource: {
    group: "kopiur.home-operations.com",
    version: "v1alpha1",
    kind: "BackupConfig",
    plural: "backupconfigs",
    namespaced: true,
  },
  indexes: { byClaim: claimsOfConfig },
};
const db = { pvcSelector: { matchLabels: { app: "db" } } };

function concernedBy(claim: KubeObject): readonly string[] {
  const kube = new FakeKube().declare(kind);
  kube.put(
    config,
    aBackupConfig({ name: "selecting", spec: { sources: [db] } }),
    aBackupConfig({ name: "both", spec: { sources: [{ pvc: { name: "data" } }, db] } }),
    aBackupConfig({ name: "all", spec: { sources: [{ pvcSelector: {} }] } }),
    aBackupConfig({ name: "abroad", namespace: "else", spec: { sources: [db] } }),
    aBackupConfig({ name: "broken", spec: { sources: [{ pvcSelector: "db" }, 7] } }),
    aBackupConfig({ name: "empty", spec: { sources: "none" } }),
  );
  return [...new Set(configsOfClaim(claim, kube, "byClaim").map(({ metadata }) => metadata.name))].toSorted();
}

Deno.test("configsOfClaim() finds the recipes that name a claim or whose selector matches it", () => {
  assert.deepEqual(concernedBy(aClaim()), ["all", "both", "recipe"]);
  assert.deepEqual(concernedBy(aClaim({ name: "other", metadata: { labels: { app: "db" } } })), [
    "all",
    "both",
    "selecting",
  ]);
  assert.deepEqual(concernedBy(aClaim({ name: "other", metadata: { labels: { app: "web" } } })), ["all"]);
  assert.deepEqual(concernedBy(aClaim({ namespace: "else", metadata: { labels: { app: "db" } } })), [
    "abroad",
  ]);
});

Deno.test("claimsOfConfig() survives a spec of any form", () => {
  for (const spec of [{}, { sources: 7 }, { sources: [null, {}, { pvc: "x" }] }]) {
    assert.deepEqual(claimsOfConfig({ ...config, spec }), []);
  }
});
