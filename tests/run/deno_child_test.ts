import assert from "node:assert/strict";
import { DenoChildren } from "./deno_child.ts";

const quiet = { cwd: new URL("./", import.meta.url), live: false } as const;
const hangs = "console.log('begun'); setTimeout(() => {}, 600_000);";

Deno.test("DenoChildren.run() answers with the code and everything that was said", async () => {
  const args = ["eval", "console.log('out'); console.error('err'); Deno.exit(3);"];
  const { code, output } = await new DenoChildren().run({ ...quiet, args, limitSeconds: 60 });
  assert.deepEqual([code, output.split("\n").toSorted()], [3, ["", "err", "out"]]);
});

Deno.test("DenoChildren.run() ends what goes on beyond its limit, and says so", async () => {
  const { code, output } = await new DenoChildren().run({ ...quiet, args: ["eval", hangs], limitSeconds: 1 });
  assert.notEqual(code, 0);
  assert.match(output, /killed: it ran longer than 1 s/);
});

Deno.test("DenoChildren.run() waits for nobody that a Deno has left running", async () => {
  const leaves =
    "new Deno.Command('sleep', { args: ['60'] }).spawn(); console.log('begun'); setTimeout(() => {}, 600_000);";
  const ended = new DenoChildren().run({ ...quiet, args: ["eval", leaves], limitSeconds: 2 });
  const late = new Promise<undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), 40_000);
    Deno.unrefTimer(timer);
    void ended.finally(() => (clearTimeout(timer), resolve(undefined)));
  });
  const end = await Promise.race([ended, late]);
  assert.match(end?.output ?? "it is waited for", /begun[^]*killed: it ran longer than 2 s/);
});

Deno.test("DenoChildren.stop() ends what runs, and answers with what it had said", async () => {
  const children = new DenoChildren();
  const ended = children.run({ ...quiet, args: ["eval", hangs], limitSeconds: 60 });
  while (!children.said().includes("begun\n")) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(children.stop(), ["begun\n"]);
  assert.notEqual((await ended).code, 0);
});
