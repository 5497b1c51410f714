import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { checkDenort, type Denort } from "./denort.ts";
import { sha256Hex } from "./sha256.ts";
import { TARGETS } from "./target.ts";

Deno.test("checkDenort() uses a kept denort only while it is the pinned one", async () => {
  const [real] = TARGETS;
  ok(real !== undefined);
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "denort");
    const bytes = new TextEncoder().encode("the runtime");
    await Deno.writeFile(path, bytes);
    const target = { ...real, wheel: { ...real.wheel, denortSha256: await sha256Hex(bytes) } };
    const kept: Denort = { kind: "file", path, from: "cache" };
    deepEqual(await checkDenort(target, kept), kept);
    await Deno.writeTextFile(path, "something else");
    equal((await checkDenort(target, kept)).kind, "deno");
    const named: Denort = { ...kept, from: "DENORT_BIN" };
    deepEqual(await checkDenort(target, named), named);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
