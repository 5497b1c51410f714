import assert from "node:assert/strict";
import { type BackupSpec, LABEL } from "../../../api/mod.ts";
import { aBackup } from "../../../tests/support/mod.ts";
import { originOf } from "./object.ts";

const run: BackupSpec = { configRef: { name: "recipe" } };
const found: BackupSpec = {
  discovered: {
    repository: { kind: "Repository", name: "repo", uniqueId: "1" },
    snapshot: {
      id: "k1",
      identity: { username: "u", hostname: "h" },
      sourcePath: "/d",
      startTime: "2026-01-01T00:00:00Z",
      endTime: "2026-01-01T00:00:00Z",
    },
  },
};

const cases: readonly (readonly [spec: BackupSpec, labels: Record<string, string>, origin: string])[] = [
  [run, {}, "manual"],
  [run, { [LABEL.schedule]: "nightly" }, "scheduled"],
  [run, { [LABEL.origin]: "scheduled" }, "scheduled"],
  [run, { [LABEL.origin]: "manual", [LABEL.schedule]: "nightly" }, "manual"],
  [run, { [LABEL.origin]: "discovered" }, "manual"],
  [run, { [LABEL.origin]: "anything" }, "manual"],
  [found, {}, "discovered"],
  [found, { [LABEL.origin]: "manual" }, "discovered"],
];
for (const [spec, labels, origin] of cases) {
  const kind = spec.discovered === undefined ? "run" : "discovered snapshot";
  Deno.test(`originOf() calls a ${kind} labelled "${Object.values(labels).join(" ")}" ${origin}`, () => {
    assert.equal(originOf(aBackup({ metadata: { labels } }), spec), origin);
  });
}
