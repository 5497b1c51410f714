import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { backupSpec, objectName } from "../../../api/mod.ts";
import { manualBackup, manualBackupName } from "./manual_backup.ts";

const now = new Date("2026-01-02T03:04:05.678Z");
const plain = { config: "photos", tags: {}, description: undefined, deletionPolicy: undefined } as const;

Deno.test("manualBackup() says who made it and no more than was asked", () => {
  deepEqual(manualBackup(plain, "apps", now, 1), {
    apiVersion: "kopiur.home-operations.com/v1alpha1",
    kind: "Backup",
    metadata: {
      name: "photos-20260102030405",
      namespace: "apps",
      labels: {
        "kopiur.home-operations.com/origin": "manual",
        "kopiur.home-operations.com/config": "photos",
      },
      finalizers: ["kopiur.home-operations.com/snapshot-cleanup"],
    },
    spec: { configRef: { name: "photos" } },
  });
});

Deno.test("manualBackup() carries tags, description and policy, as the schema takes them", () => {
  const request = {
    ...plain,
    tags: { reason: "upgrade" },
    description: "before",
    deletionPolicy: "Retain",
  } as const;
  const { spec } = manualBackup(request, "apps", now, 1);
  deepEqual(backupSpec.parse(spec), {
    configRef: { name: "photos" },
    tags: { reason: "upgrade" },
    description: "before",
    deletionPolicy: "Retain",
  });
});

Deno.test("manualBackupName() is a name of at most 63 characters, another one for each config and attempt", () => {
  const config = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?$/);
  fc.assert(fc.property(config, config, fc.integer({ min: 1, max: 10 }), (one, other, attempt) => {
    const name = manualBackupName(one, now, attempt);
    equal(objectName.safeParse(name).success && name.length <= 63, true, name);
    if (one !== other) equal(name === manualBackupName(other, now, attempt), false);
    equal(name === manualBackupName(one, now, attempt + 1), false);
  }));
  match(manualBackupName("a".repeat(200), now, 2), /^a+-[0-9a-f]{8}-20260102030405-2$/);
});
