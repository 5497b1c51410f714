import assert from "node:assert/strict";
import { parseProcessorSeconds, parseProcessStatus } from "./process_memory.ts";

const status = "Name:\tkopiur\nState:\tS (sleeping)\nVmPeak:\t 1000 kB\nVmHWM:\t   90112 kB\n" +
  "VmRSS:\t   80000 kB\nRssAnon:\t   30000 kB\nRssFile:\t   50000 kB\nThreads:\t9\n";

Deno.test("parseProcessStatus() reads resident, peak and anonymous memory as bytes", () => {
  assert.deepEqual(parseProcessStatus(status), {
    residentBytes: 80000 * 1024,
    peakBytes: 90112 * 1024,
    anonymousBytes: 30000 * 1024,
  });
});

Deno.test("parseProcessStatus() finds nothing in the status of an ended process or in half a one", () => {
  assert.equal(parseProcessStatus("Name:\tkopiur\nState:\tZ (zombie)\nThreads:\t1\n"), undefined);
  assert.equal(parseProcessStatus(status.slice(0, 80)), undefined);
  assert.equal(parseProcessStatus(""), undefined);
});

Deno.test("parseProcessorSeconds() adds user and system time, whatever the name of the program is", () => {
  const after = "S 1 1 1 0 -1 4194560 100 0 0 0 150 25 9 9 20 0 1 0 100 0 0";
  assert.equal(parseProcessorSeconds(`42 (a) b (c)) ${after}`), 1.75);
  assert.equal(parseProcessorSeconds("42 (cut off"), undefined);
});
