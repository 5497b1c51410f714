import assert from "node:assert/strict";
import { aRepository } from "../../tests/support/mod.ts";
import { CatalogStage, entries, UNIQUE_ID } from "./catalog/stage_test.ts";
import { storedRepository } from "./stage_test.ts";
import { duplicatesOf } from "./duplicates.ts";

Deno.test("two Repositories that open the same repository are told of each other, and go on working", async () => {
  const stage = new CatalogStage();
  assert.ok(await stage.lists(entries(0, 1)));
  assert.equal(stage.condition("UniqueRepository"), undefined);
  const twin = stage.kube.put(
    aRepository({ name: "twin", status: { uniqueId: UNIQUE_ID } }),
  );
  stage.kube.put(aRepository({ name: "another", status: { uniqueId: "another" } }));
  assert.ok(stage.wakes(twin));
  await stage.pass();
  await stage.pass();
  const reported =
    'False RepositoryShared: Another Repository shows the same unique id: "twin"; either it opens the ' +
    "same repository, and what one of them deletes or maintains is gone for the other, or it opens a copy";
  assert.equal(stage.condition("UniqueRepository"), reported);
  assert.equal(stage.status.phase, "Ready");
  assert.match(stage.condition("Ready") ?? "", /^True/);
  const events = stage.kube.events.filter(({ reason }) => reason === "RepositoryShared");
  assert.deepEqual(events.map(({ type, note }) => `${type} ${note.includes('"twin"')}`), [
    "Warning true",
  ]);
  stage.kube.delete(twin);
  await stage.pass();
  assert.equal(stage.condition("UniqueRepository"), undefined);
});

Deno.test("duplicatesOf() names the others in order, but none that is being deleted, and nobody's before a first bootstrap", () => {
  const stage = new CatalogStage();
  const status = { uniqueId: UNIQUE_ID };
  const metadata = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["x"] };
  stage.kube.put(
    aRepository({ name: "b", namespace: "other", status }),
    aRepository({ name: "a", namespace: "other", status }),
    aRepository({ name: "c", namespace: "other", status, metadata }),
  );
  assert.deepEqual(duplicatesOf(storedRepository(stage.kube), stage.kube), []);
  const opened = stage.kube.put({ ...storedRepository(stage.kube), status });
  const names = duplicatesOf(opened, stage.kube).map(({ namespace, name }) => `${namespace}/${name}`);
  assert.deepEqual(names, ["other/a", "other/b"]);
});
