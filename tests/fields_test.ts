import assert from "node:assert/strict";
import { z } from "zod";
import { ALL_KINDS, backupKind, backupStatus, repositoryKind, repositorySpec } from "../api/mod.ts";
import { fieldsOf, type Mentions, mentionsIn, unreadFields, unwrittenFields } from "./fields.ts";

const root = new URL("../", import.meta.url);

/** What is handed on as it is: Kubernetes reads it in a pod, or it is the copy of a spec that was checked there. */
const WHOLE = [
  "mover.resources",
  "mover.tolerations",
  "mover.nodeSelector",
  "resolved.mover",
  "resolved.policy",
] as const;

/** Who takes what is handed on whole to a function that works for others as well. */
const TAKERS: Readonly<Record<string, string>> = {
  "spec.sources": "api/rules/backup_config.ts",
  "spec.sources.pvcSelector": "controller/shared/objects/label_selector.ts",
  "spec.sources.pvcSelector.matchExpressions": "controller/shared/objects/label_selector.ts",
};

/** Objects that are put together away from the place where they go into a status. */
const MAKERS: Readonly<Record<string, string>> = {
  "status.snapshots": "controller/backup/run/source_entry.ts",
  "status.conditions": "api/conditions.ts",
  "status.snapshots.job": "controller/movers/task/memory.ts",
  "status.deletion.job": "controller/movers/task/memory.ts",
  "status.bootstrap.job": "controller/movers/task/memory.ts",
  "status.progress": "controller/movers/progress/status.ts",
  "status.stats": "controller/backup/run/result.ts",
  "status.lastBackup": "controller/backup_config/history.ts",
  "status.lastSuccessfulBackup": "controller/backup_config/history.ts",
  "status.retention": "controller/backup_config/retention/plan.ts",
  "status.retention.pending": "controller/backup_config/retention/choice.ts",
  "status.retention.newest": "controller/backup_config/retention/active.ts",
};

async function productionSource(...folders: readonly string[]): Promise<readonly Mentions[]> {
  const found: Mentions[] = [];
  for (const folder of folders) {
    for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, root))) {
      const path = `${folder}/${name}`;
      if (isDirectory) found.push(...await productionSource(path));
      else if (name.endsWith(".ts") && !name.endsWith("_test.ts")) {
        found.push(mentionsIn(path, await Deno.readTextFile(new URL(path, root))));
      }
    }
  }
  return found;
}

/** What reads specs: the leaves of api say what makes no sense in one. */
const READING = ["controller", "mover", "api/cron", "api/rules"] as const;

/** Conditions are merged in api, for every kind. */
async function writingSource(): Promise<readonly Mentions[]> {
  const conditions = "api/conditions.ts";
  const text = await Deno.readTextFile(new URL(conditions, root));
  return [...await productionSource("controller"), mentionsIn(conditions, text)];
}

for (const kind of ALL_KINDS) {
  Deno.test(`every spec field of a ${kind.kind} is read by the controller or its movers`, async () => {
    const fields = fieldsOf(kind, "spec", WHOLE);
    assert.ok(fields.length > 5);
    assert.deepEqual(
      unreadFields(fields, await productionSource(...READING), TAKERS),
      [],
    );
  });

  Deno.test(`every status field of a ${kind.kind} is written by the controller`, async () => {
    const fields = fieldsOf(kind, "status", WHOLE);
    assert.ok(fields.length > 5);
    assert.deepEqual(unwrittenFields(fields, await writingSource(), MAKERS), []);
  });
}

Deno.test("unreadFields() finds a new spec field without a reader, also one that is called like others", async () => {
  const catalog = z.object({ refreshInterval: z.string(), name: z.string() });
  const spec = repositorySpec.extend({ catalog, paused: z.boolean() });
  const fields = fieldsOf({ ...repositoryKind, spec }, "spec", WHOLE);
  assert.deepEqual(unreadFields(fields, await productionSource(...READING)), [
    "spec.catalog.name",
    "spec.paused",
  ]);
});

Deno.test("unwrittenFields() finds a new status field without a writer", async () => {
  const timing = z.object({ startTime: z.string(), waitedSeconds: z.number() });
  const status = backupStatus.extend({ timing, slot: z.string() });
  const fields = fieldsOf({ ...backupKind, status }, "status", WHOLE);
  assert.deepEqual(unwrittenFields(fields, await writingSource(), MAKERS), [
    "status.timing.waitedSeconds",
    "status.slot",
  ]);
});

Deno.test("mentionsIn() sees what is read, whatever the form", () => {
  const forms = [
    "const x = spec.a.b;",
    "const x = spec.a?.b;",
    "const { a: { b } } = spec;",
    "const { b = 1 } = spec.a ?? {};",
    "const short = spec.a; const x = short.b;",
    "spec.a.filter(({ c }) => c).map(({ b }) => b);",
    "function f({ a: { b } }: Spec) { return b; }",
    'const x = textAt(object, "spec", "a", "b");',
  ];
  for (const form of forms) assert.ok(mentionsIn("a.ts", form).readPairs.has("a.b"), form);
  for (const form of ["const x = { a: { b: 1 } };", "spec.a = b;", "const { a, b } = spec;"]) {
    assert.ok(!mentionsIn("a.ts", form).readPairs.has("a.b"), form);
  }
});

Deno.test("mentionsIn() sees what is written, and does not take reading for writing", () => {
  const { written, writtenPairs } = mentionsIn("a.ts", "const x = { a: { b: 1, c }, ...(d ? {} : { e }) };");
  assert.deepEqual([...written].toSorted(), ["a", "b", "c", "e"]);
  assert.deepEqual([...writtenPairs], ["a.b", "a.c"]);
  assert.deepEqual([...mentionsIn("a.ts", "const { a: { b } } = x;").written], []);
});
