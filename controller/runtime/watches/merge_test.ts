import assert from "node:assert/strict";
import { resourceId, RESOURCES } from "../../../kube/mod.ts";
import { aKind } from "../../../tests/support/mod.ts";
import { mergeWatches } from "./merge.ts";

const { job, secret } = RESOURCES;
const byOwner = () => ["owner"];
const byNode = () => ["node"];

Deno.test("mergeWatches() keeps one cache per resource and routes it to every kind that maps it", () => {
  const backup = aKind({
    name: "Backup",
    watches: [{ resource: job, keys: () => [] }, { resource: secret }],
  });
  const other = aKind({ name: "Other", watches: [{ resource: job, keys: () => [] }] });
  const { watches } = mergeWatches([backup, other]);
  const routes = watches.map(({ resource, routes }) =>
    `${resourceId(resource)}: ${routes.map(({ kind, via }) => `${kind.name} ${typeof via}`).join(", ")}`
  );
  assert.deepEqual(routes, [
    "backups.kopiur.home-operations.com: Backup string, Other string",
    "jobs.batch: Backup function, Other function",
    "secrets: ",
  ]);
});

Deno.test("mergeWatches() keeps an index two kinds share once, and others apart under their kind", () => {
  const first = aKind({ name: "A", watches: [{ resource: job, indexes: { byOwner, place: byNode } }] });
  const second = aKind({
    name: "B",
    watches: [{ resource: job, indexes: { owner: byOwner, place: () => ["zone"] } }],
  });
  const { watches, namesOf } = mergeWatches([first, second]);
  const jobs = watches.find(({ resource }) => resource === job) ?? assert.fail("no watch of jobs");
  assert.deepEqual(Object.keys(jobs.indexes), ["A.byOwner", "A.place", "B.place"]);
  const names = namesOf.get(second)?.get("jobs.batch") ?? assert.fail("B has no names");
  assert.deepEqual([...names], [["owner", "A.byOwner"], ["place", "B.place"]]);
});

Deno.test("mergeWatches() hands label selector and metadata-only on", () => {
  const labelSelector = "app.kubernetes.io/managed-by=kopiur";
  const kind = aKind({
    watches: [{ resource: job, labelSelector }, { resource: secret, metadataOnly: true }],
  });
  const [, jobs, secrets] = mergeWatches([kind]).watches;
  assert.deepEqual([jobs?.labelSelector, jobs?.metadataOnly], [labelSelector, undefined]);
  assert.deepEqual([secrets?.labelSelector, secrets?.metadataOnly], [undefined, true]);
});

Deno.test("mergeWatches() refuses two ways to watch one resource and names both kinds", () => {
  const whole = aKind({ name: "A", watches: [{ resource: secret }] });
  const metadata = aKind({ name: "B", watches: [{ resource: secret, metadataOnly: true }] });
  assert.throws(
    () => mergeWatches([whole, metadata]),
    /Cannot merge the watches of "secrets": A wants all objects and B wants all metadata/,
  );
  const labelled = aKind({ name: "B", watches: [{ resource: secret, labelSelector: "a=b" }] });
  assert.throws(() => mergeWatches([whole, labelled]), /B wants objects with labels "a=b"/);
});

Deno.test("mergeWatches() refuses one index name of a kind for two functions", () => {
  const watches = [{ resource: job, indexes: { place: byNode } }, {
    resource: job,
    indexes: { place: byOwner },
  }];
  assert.throws(() => mergeWatches([aKind({ watches })]), /index "Backup.place" is declared twice/);
});
