import assert from "node:assert/strict";
import { parseDemoArguments } from "./arguments.ts";

Deno.test("parseDemoArguments() starts the embedded cluster when nothing is said", () => {
  assert.deepEqual(parseDemoArguments([]), { kind: "up", namespace: "kopiur-demo" });
  assert.deepEqual(parseDemoArguments(["down"]), { kind: "down", namespace: "kopiur-demo" });
});

Deno.test("parseDemoArguments() takes a context with an image, and refuses one without", () => {
  assert.deepEqual(parseDemoArguments(["--context", "home", "--image=r/k:1"]), {
    kind: "up",
    namespace: "kopiur-demo",
    context: "home",
    image: "r/k:1",
  });
  assert.equal(parseDemoArguments(["--context", "home"]).kind, "wrong");
});

Deno.test("parseDemoArguments() refuses what it does not know and a flag without a value", () => {
  assert.equal(parseDemoArguments(["--contxt", "home"]).kind, "wrong");
  assert.equal(parseDemoArguments(["--namespace"]).kind, "wrong");
});
