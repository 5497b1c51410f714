import assert from "node:assert/strict";
import { parseCounts, suiteOf } from "./suite.ts";

Deno.test("suiteOf() tells the suite by the ending of the file", () => {
  assert.equal(suiteOf("kube/queue_test.ts"), "unit");
  assert.equal(suiteOf("mover/backup_kopia_test.ts"), "kopia");
  assert.equal(suiteOf("tests/cluster/backup_cluster_test.ts"), "cluster");
  assert.equal(suiteOf("kube/queue.ts"), undefined);
});

Deno.test("parseCounts() reads the last line of deno test, with colours and with ignored tests", () => {
  assert.deepEqual(parseCounts("ok | 7 passed | 0 failed (1s)"), { passed: 7, failed: 0, ignored: 0 });
  assert.deepEqual(parseCounts("\x1b[31mFAILED\x1b[0m | 6 passed (2 steps) | 1 failed | 3 ignored (2s)"), {
    passed: 6,
    failed: 1,
    ignored: 3,
  });
  assert.equal(parseCounts("error: Module not found"), undefined);
});
