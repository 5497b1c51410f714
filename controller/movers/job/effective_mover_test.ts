import assert from "node:assert/strict";
import { effectiveMover } from "./effective_mover.ts";

Deno.test("effectiveMover() is empty when nobody says anything", () => {
  assert.deepEqual(effectiveMover(undefined, undefined), {});
});

Deno.test("effectiveMover() takes each field from the config, else from the repository", () => {
  const repository = { runAsUser: 1000, fsGroup: 1000, privilegedMode: true };
  assert.deepEqual(effectiveMover(repository, { runAsUser: 568, privilegedMode: false }), {
    runAsUser: 568,
    fsGroup: 1000,
    privilegedMode: false,
  });
});

Deno.test("effectiveMover() merges the cache field by field and resources as a whole", () => {
  const repository = {
    cache: { capacity: "1Gi", contentCacheSizeMb: 100 },
    resources: { limits: { memory: "1Gi" } },
  };
  const config = { cache: { contentCacheSizeMb: 50 }, resources: { requests: { memory: "2Gi" } } };
  assert.deepEqual(effectiveMover(repository, config), {
    cache: { capacity: "1Gi", contentCacheSizeMb: 50 },
    resources: { requests: { memory: "2Gi" } },
  });
});
