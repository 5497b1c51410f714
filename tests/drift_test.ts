import assert from "node:assert/strict";
import { staleFiles } from "../deploy/generate.ts";

Deno.test("every generated file is what deno task gen would write", async () => {
  assert.deepEqual(await staleFiles(new URL("../", import.meta.url)), []);
});
