import assert from "node:assert/strict";
import { manifestJson, printJson, runFake, writeFakeKopia } from "./support/fake_kopia.ts";
import { failureOf, makeMoverFolder, password, runCase, runWithoutReading } from "./support/mover_case.ts";

const backup = {
  backup: { mountPath: "/pvc/data", sourcePath: "/pvc/data", runId: "uid-1", tags: {} },
};

Deno.test("runMover() stops a kopia that hangs at the time limit of the work spec", async () => {
  const { end } = await runFake({
    operation: backup,
    timeoutSeconds: 1,
    script: { "snapshot create": "echo waiting >&2; exec sleep 60" },
  });
  assert.equal(end.exitCode, 1);
  assert.equal(failureOf(end).class, "DeadlineExceeded");
  assert.match(failureOf(end).message, /time limit of 1 s/);
  assert.equal(failureOf(end).tail, "waiting");
});

Deno.test("runMover() forwards SIGTERM and says that it was interrupted", async () => {
  const stop = new AbortController();
  const { end, scratch } = await runFake({
    operation: backup,
    signal: stop.signal,
    logFilter: "kopia=debug",
    onLogLine: (line) => line.includes("at work") && stop.abort(),
    script: {
      "snapshot create":
        "trap 'echo checkpoint saved >&2; exit 0' TERM; echo at work >&2; while :; do sleep 0.05; done",
    },
  });
  assert.equal(end.exitCode, 1);
  assert.equal(failureOf(end).class, "Interrupted");
  assert.equal(failureOf(end).tail, "at work\ncheckpoint saved");
  assert.deepEqual(scratch, [], "nothing is left behind");
});

Deno.test("runMover() lets no secret into result and log", async () => {
  const { end } = await runFake({
    operation: backup,
    logFilter: "debug",
    environment: { AWS_SECRET_ACCESS_KEY: "very-secret-key" },
    script: {
      "snapshot create":
        `echo "trying $KOPIA_PASSWORD and $AWS_SECRET_ACCESS_KEY" >&2; echo "no luck with $KOPIA_PASSWORD" >&2; exit 1`,
    },
  });
  const reported = JSON.stringify(end.result) + end.log;
  assert.match(failureOf(end).message, /^no luck with \[redacted\]$/);
  assert.match(end.log, /trying \[redacted\] and \[redacted\]/);
  assert.ok(!reported.includes(password));
  assert.ok(!reported.includes("very-secret-key"));
});

Deno.test("runMover() refuses a work spec it does not understand and starts no kopia", async () => {
  for (const workSpecText of ["", "{}", '{"version":2}']) {
    const { end, calls } = await runFake({ operation: backup, workSpecText });
    assert.equal(end.exitCode, 2);
    assert.equal(failureOf(end).class, "InvalidWorkSpec");
    assert.equal(failureOf(end).nothingSaved, true);
    assert.equal(end.result.operation, undefined);
    assert.deepEqual(calls, []);
  }
});

Deno.test("runMover() names the password that is missing and starts no kopia", async () => {
  const { end, calls } = await runFake({ operation: backup, environment: { KOPIA_PASSWORD: undefined } });
  assert.equal(end.exitCode, 2);
  assert.equal(failureOf(end).class, "AuthFailure");
  assert.match(failureOf(end).message, /"KOPIA_PASSWORD" is not set/);
  assert.equal(failureOf(end).nothingSaved, true);
  assert.deepEqual(calls, []);
});

Deno.test("runMover() says that there is no kopia to be run", async () => {
  await using folder = await makeMoverFolder();
  const end = await runCase({ folder, binary: folder.at("nothing"), operation: backup });
  assert.equal(end.exitCode, 1);
  assert.match(failureOf(end).message, /^Cannot start kopia: /);
});

Deno.test("runMover() fails as retryable when its result cannot be written", async () => {
  await using folder = await makeMoverFolder();
  const binary = await writeFakeKopia(folder, { "snapshot create": printJson(manifestJson()) });
  const resultPath = folder.at("no", "such", "folder");
  const { exitCode, log } = await runWithoutReading({ folder, binary, operation: backup, resultPath });
  assert.equal(exitCode, 1);
  assert.match(log, /the result cannot be written/);
});

Deno.test("runMover() ends as its failure wants when its result cannot be written, and names the variable", async () => {
  await using folder = await makeMoverFolder();
  const resultPath = folder.at("no", "such", "folder");
  const cases = [[{ workSpecText: "{}" }, 2, "InvalidWorkSpec"], [{}, 1, "Unknown"]] as const;
  for (const [given, code, failure] of cases) {
    const it = { folder, binary: folder.at("nothing"), operation: backup, resultPath, ...given };
    const { exitCode, log } = await runWithoutReading(it);
    assert.equal(exitCode, code);
    assert.match(log, new RegExp(failure));
    assert.match(log, /the result cannot be written.*KOPIUR_RESULT_PATH/);
  }
});

Deno.test("runMover() works within the trace its environment names, from the first line to the last", async () => {
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const environment = { TRACEPARENT: `00-${traceId}-b7ad6b7169203331-01` };
  for (const workSpecText of [undefined, "{}"]) {
    const text = workSpecText === undefined ? {} : { workSpecText };
    const { end } = await runFake({ operation: backup, environment, ...text, script: {} });
    const traces = end.log.trim().split("\n").map((line) => JSON.parse(line).trace_id);
    assert.ok(traces.length >= 2, end.log);
    assert.deepEqual(new Set(traces), new Set([traceId]));
  }
  const { end } = await runFake({ operation: backup, environment: { TRACEPARENT: "nonsense" }, script: {} });
  assert.match(end.log, /"trace_id":"[0-9a-f]{32}"/);
});

Deno.test("runMover() counts and times its operation by result, but nothing it could not understand", async () => {
  const failed = await runFake({ operation: backup, script: { "snapshot create": "exit 1" } });
  assert.match(
    failed.end.metrics,
    /^kopiur_mover_operations_total\{operation="Backup",result="failed"\} 1$/m,
  );
  assert.match(
    failed.end.metrics,
    /^kopiur_mover_operation_duration_seconds_count\{operation="Backup",result="failed"\} 1$/m,
  );
  const done = await runFake({ operation: { bootstrap: {} } });
  assert.equal(done.end.exitCode, 0);
  assert.match(
    done.end.metrics,
    /^kopiur_mover_operations_total\{operation="BootstrapRepository",result="succeeded"\} 1$/m,
  );
  const unread = await runFake({ operation: backup, workSpecText: "{}" });
  assert.doesNotMatch(unread.end.metrics, /kopiur_mover_/);
});
