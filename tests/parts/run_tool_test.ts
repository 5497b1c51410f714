import { deepEqual, equal, rejects } from "node:assert/strict";
import { runTool, runToolOk } from "./run_tool.ts";

Deno.test("runTool() answers with code and output, and passes standard input on", async () => {
  deepEqual(await runTool(["cat"], { stdin: "hello" }), { code: 0, stdout: "hello", stderr: "" });
  equal((await runTool(["false"])).code, 1);
});

Deno.test("runTool() survives a tool that does not read its input", async () => {
  equal((await runTool(["true"], { stdin: "x".repeat(1_000_000) })).code, 0);
});

Deno.test("runTool() kills a tool that runs longer than its limit", async () => {
  await rejects(runTool(["sleep", "60"], { limitSeconds: 0.05 }), {
    message: 'Cannot finish "sleep 60": it ran longer than 0.05 s and was killed',
  });
});

Deno.test("runToolOk() gives the last words of a tool that fails, and names one that is missing", async () => {
  await rejects(
    runToolOk(["ls", "/no/such/folder"]),
    /exit code 2, expected 0; it said: .*\/no\/such\/folder/,
  );
  await rejects(runToolOk(["no-such-tool"]), /Cannot run "no-such-tool": it is not on this machine/);
});
