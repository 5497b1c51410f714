import assert from "node:assert/strict";
import { backupConfigKind, backupKind, repositoryKind } from "../../../api/mod.ts";
import { teamNamespaces, teamRecipes, teamRepositories, teamRuns } from "./team.ts";

const counts = { namespaces: 3, recipes: 7, runs: 40 };

Deno.test("teamRuns() makes as many runs as asked for, each of a recipe that exists, under a name of its own", () => {
  const recipes = new Set(
    [...teamRecipes(counts)].map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  const runs = [...teamRuns(counts)];
  assert.equal(recipes.size, counts.recipes);
  assert.equal(runs.length, counts.runs);
  assert.equal(
    new Set(runs.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).size,
    counts.runs,
  );
  for (const { metadata, status } of runs) {
    assert.ok(recipes.has(`${metadata.namespace}/${status.resolved?.config}`));
  }
});

Deno.test("teamRuns() are what the schemas allow and terminal, with failures among them", () => {
  const runs = [...teamRuns(counts)];
  for (const run of runs) {
    backupKind.spec.parse(run["spec"]);
    backupKind.status.parse(run.status);
  }
  const phases = runs.map(({ status }) => status.phase);
  assert.equal(phases.filter((phase) => phase === "Failed").length, 4);
  assert.equal(phases.filter((phase) => phase === "Succeeded").length, 36);
});

Deno.test("teamRecipes() and teamRepositories() fit the schemas and one another", () => {
  const namespaces = teamNamespaces(counts);
  const repositories = teamRepositories(counts);
  assert.deepEqual(repositories.map(({ metadata }) => metadata.namespace), namespaces);
  for (const { spec } of repositories) repositoryKind.spec.parse(spec);
  for (const { spec, metadata } of teamRecipes(counts)) {
    backupConfigKind.spec.parse(spec);
    assert.ok(namespaces.includes(metadata.namespace ?? ""));
  }
});
