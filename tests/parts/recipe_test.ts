import { equal, match, notEqual } from "node:assert/strict";
import { join } from "node:path";
import { setFolder, setKey } from "./go_build.ts";
import { goPartNames, goSetOf, goSets } from "./recipe.ts";

Deno.test("every set pins its modules: go.mod names the recipe's version, go.sum has its checksum", () => {
  for (const set of goSets.filter((candidate) => candidate.version !== "1")) {
    const goMod = Deno.readTextFileSync(join(setFolder(set), "go.mod"));
    match(goMod, new RegExp(` v${set.version.replaceAll(".", "\\.")}( // indirect)?$`, "m"), set.name);
    match(Deno.readTextFileSync(join(setFolder(set), "go.sum")), /^\S+ v\S+ h1:\S+=$/m, set.name);
  }
});

Deno.test("every Go part belongs to exactly one set", () => {
  equal(new Set(goPartNames).size, goPartNames.length);
  for (const name of goPartNames) notEqual(goSetOf(name), undefined);
});

Deno.test("setKey() stays while nothing changes, and changes with the recipe", () => {
  const [set] = goSets;
  if (set === undefined) throw new Error("Expected at least one set");
  equal(setKey(set), setKey({ ...set }));
  notEqual(setKey(set), setKey({ ...set, variables: { "main.version": "2" } }));
});
