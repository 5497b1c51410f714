import assert from "node:assert/strict";
import { API_VERSION, backupConfigSpec, backupConfigStatus, StalledError } from "../../../api/mod.ts";
import { parseObject } from "./parse_object.ts";

const spec = { repository: { name: "home" }, sources: [{ pvc: { name: "a" } }] };

function parse(parts: Readonly<Record<string, unknown>>): unknown {
  const object = {
    apiVersion: API_VERSION,
    kind: "BackupConfig",
    metadata: { name: "photos", namespace: "n", generation: 3 },
    ...parts,
  };
  return parseObject(object, backupConfigSpec, backupConfigStatus);
}

Deno.test("parseObject() fills in defaults, and takes an object without a status", () => {
  assert.deepEqual(parse({ spec }), {
    key: { namespace: "n", name: "photos" },
    uid: "",
    generation: 3,
    spec: {
      ...spec,
      repository: { kind: "Repository", name: "home" },
      sources: spec.sources.map((source) => ({ ...source, sourcePathStrategy: "PvcName" })),
    },
    status: {},
    isDeleting: false,
  });
});

Deno.test("parseObject() stalls over a half it cannot read, and names the field", () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ spec: { ...spec, sources: [{ pvc: {} }] } }, /BackupConfig "photos": spec\.sources\.0\.pvc\.name/],
    [{ spec, status: { consecutiveFailures: -1 } }, /status\.consecutiveFailures/],
    [{}, /BackupConfig "photos": spec: /],
  ];
  for (const [parts, says] of cases) {
    assert.throws(
      () => parse(parts),
      (error: unknown) => error instanceof StalledError && says.test(error.message),
    );
  }
});
