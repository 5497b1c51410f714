import assert from "node:assert/strict";
import { runProgram } from "./run_program.ts";

// In this suite because only all permissions let Deno read /proc of another process.

const limitSeconds = 20;

Deno.test("runProgram() finds the peak of the program itself, not that of its children", async () => {
  const fill = "x=$(head -c 60000000 /dev/zero | tr '\\0' a); sleep 0.2";
  const own = ["/bin/sh", "-c", fill];
  const child = ["/bin/sh", "-c", '/bin/sh -c "$1"; true', "sh", fill];
  const env = { PATH: "/usr/bin:/bin" };
  const signal = AbortSignal.timeout(limitSeconds * 1000);
  const inItself = await runProgram({ argv: own, env, limitSeconds }, signal);
  const inChild = await runProgram({ argv: child, env, limitSeconds }, signal);
  assert.ok(inItself.peakBytes > 60e6, `${inItself.peakBytes}`);
  assert.ok(inChild.peakBytes > 0 && inChild.peakBytes < 20e6, `${inChild.peakBytes}`);
  assert.ok(inItself.seconds >= 0.2);
});

Deno.test("runProgram() says what a failed program said, and when one took too long", async () => {
  const signal = AbortSignal.timeout(limitSeconds * 1000);
  const failing = { argv: ["/bin/sh", "-c", "echo broken >&2; exit 3"], env: {}, limitSeconds };
  await assert.rejects(
    runProgram(failing, signal),
    /Cannot run "\/bin\/sh": it exited 3, expected 0: broken/,
  );
  const slow = { argv: ["/bin/sleep", "30"], env: {}, limitSeconds: 0.2 };
  await assert.rejects(runProgram(slow, signal), /it ran longer than 0\.2 s/);
});
