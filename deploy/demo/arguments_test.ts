import assert from "node:assert/strict";
import { parseDemoArguments } from "./arguments.ts";

const embedded = { namespace: "kopiur-demo", cluster: "demo" };

Deno.test("parseDemoArguments() starts the embedded cluster when nothing is said", () => {
  assert.deepEqual(parseDemoArguments([]), { kind: "up", options: embedded });
  assert.deepEqual(parseDemoArguments(["down"]), { kind: "down", options: embedded });
  const other = ["--", "down", "--cluster", "other", "--namespace=mine"];
  assert.deepEqual(parseDemoArguments(other), {
    kind: "down",
    options: { namespace: "mine", cluster: "other" },
  });
});

Deno.test("parseDemoArguments() takes a context with an image, and refuses one without the other", () => {
  assert.deepEqual(parseDemoArguments(["--context", "home", "--image=r/k:1"]), {
    kind: "up",
    options: { ...embedded, context: "home" },
    image: "r/k:1",
  });
  assert.equal(parseDemoArguments(["--context", "home"]).kind, "wrong");
  assert.equal(parseDemoArguments(["--image", "r/k:1"]).kind, "wrong");
  assert.equal(parseDemoArguments(["down", "--context", "home"]).kind, "down");
});

Deno.test("parseDemoArguments() refuses what it does not know, what contradicts itself, and a flag without a value", () => {
  for (
    const args of [["--contxt", "home"], ["--namespace"], ["--cluster="], ["--context=a", "--cluster=b"]]
  ) {
    assert.equal(parseDemoArguments(args).kind, "wrong", args.join(" "));
  }
});
