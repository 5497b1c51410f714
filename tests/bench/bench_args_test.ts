import assert from "node:assert/strict";
import { benchUsage, parseBenchArgs } from "./bench_args.ts";

const all = [{ name: "sizes", about: "how large" }, { name: "mover", about: "how fast" }];

Deno.test("parseBenchArgs() chooses everything, the named ones, and keeps the order of the list", () => {
  assert.deepEqual(parseBenchArgs([], all), { kind: "run", runs: 5, chosen: all });
  assert.deepEqual(parseBenchArgs(["--", "mover"], all), { kind: "run", runs: 5, chosen: [all[1]] });
  assert.deepEqual(parseBenchArgs(["mover", "--runs", "3", "sizes"], all), {
    kind: "run",
    runs: 3,
    chosen: all,
  });
});

Deno.test("parseBenchArgs() refuses by name what it does not know", () => {
  const cases: Readonly<Record<string, { readonly args: readonly string[]; readonly says: RegExp }>> = {
    "a measurement": { args: ["movers"], says: /Cannot measure "movers": expected "sizes", "mover"/ },
    "a flag": { args: ["--fast"], says: /Cannot measure "--fast"/ },
    "no number": { args: ["--runs"], says: /Cannot use --runs: it is ""/ },
    "half a run": { args: ["--runs", "1.5"], says: /it is "1\.5", expected a whole number from 1 to 100/ },
    "no run": { args: ["--runs", "0"], says: /it is "0"/ },
    "too many runs": { args: ["--runs", "1e9"], says: /it is "1e9"/ },
  };
  for (const [name, { args, says }] of Object.entries(cases)) {
    const request = parseBenchArgs(args, all);
    assert.equal(request.kind, "misuse", name);
    assert.match("message" in request ? request.message : "", says, name);
  }
});

Deno.test("parseBenchArgs() answers --help wherever it stands, and the text names every measurement", () => {
  assert.deepEqual(parseBenchArgs(["mover", "--help"], all), { kind: "help" });
  assert.match(benchUsage(all), / {2}sizes {6}how large\n {2}mover {6}how fast/);
});
