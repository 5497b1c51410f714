import { deepEqual, equal, match } from "node:assert/strict";
import type { Host } from "./host.ts";
import { main } from "./main.ts";

/** The exit code of a command line, and what it wrote to standard error. */
async function run(args: readonly string[], env: Host["env"]): Promise<{ code: number; error: string }> {
  let error = "";
  const stream = { isTerminal: false, write: () => {} };
  const stdin = { isTerminal: false, readLine: () => Promise.resolve(undefined) };
  const stderr = { isTerminal: false, write: (text: string) => void (error += text) };
  const code = await main({ args, calledAs: "kopiur", env, stdin, stdout: stream, stderr });
  return { code, error };
}

const cases = [
  [
    "a wrong setting",
    { KOPIUR_MOVER_IMAGE: "two words" },
    /^Cannot use KOPIUR_MOVER_IMAGE: it is "two words"/,
  ],
  [
    "strict mode",
    { KOPIUR_MOVER_IMAGE: "kopiur:1", KOPIUR_OTEL_STRICT: "yes please" },
    /^Cannot use KOPIUR_OTEL_STRICT: it is "yes please"/,
  ],
] as const;

for (const [what, env, want] of cases) {
  Deno.test(`main() says what keeps a role from starting in the format of its log: ${what}`, async () => {
    const text = await run(["controller"], env);
    equal(text.code, 2);
    match(text.error.replace(/^error: /, ""), want);
    for (const RUST_LOG of ["info", "off"]) {
      const { code, error } = await run(["controller"], { ...env, RUST_LOG, KOPIUR_LOG_FORMAT: " JSON " });
      equal(code, 2);
      equal(error.split("\n").length, 2, "one line");
      const { level, target, fields } = JSON.parse(error);
      deepEqual([level, target, fields.message], ["ERROR", "kopiur", "the controller failed"]);
      match(fields.error, want);
    }
  });
}

Deno.test("main() answers a wrong command line in words, whatever the format of the log", async () => {
  const { code, error } = await run(["contoller"], { KOPIUR_LOG_FORMAT: "json" });
  equal(code, 2);
  match(error, /^error: unknown command 'contoller'/);
});
