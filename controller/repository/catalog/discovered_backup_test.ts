import assert from "node:assert/strict";
import { aRepository } from "../../../tests/support/mod.ts";
import { anEntry, UNIQUE_ID } from "./stage_test.ts";
import { discoveredBackupFor } from "./discovered_backup.ts";
import { parseRepository } from "../repository_object.ts";

const repository = parseRepository(aRepository({ status: { uniqueId: UNIQUE_ID } }));

function descriptionOf(description: string | undefined): unknown {
  const entry = anEntry(1, description === undefined ? {} : { description });
  const spec = discoveredBackupFor(repository, entry)?.["spec"] as {
    readonly discovered: { readonly snapshot: { readonly description?: string } };
  };
  return "description" in spec.discovered.snapshot ? spec.discovered.snapshot.description : "absent";
}

Deno.test("discoveredBackupFor() hands on what the maker of a snapshot said of it, and nothing where he said nothing", () => {
  assert.equal(descriptionOf("before the upgrade"), "before the upgrade");
  assert.equal(descriptionOf(""), "absent");
  assert.equal(descriptionOf(undefined), "absent");
  assert.equal(descriptionOf("x".repeat(600)), "x".repeat(512));
  assert.equal(descriptionOf(`${"x".repeat(511)}😀`), `${"x".repeat(511)}\uFFFD`);
});
