import assert from "node:assert/strict";
import { FakeClock, settle, startTelemetryProbe } from "../../tests/support/mod.ts";
import { EventRecorder } from "./event_recorder.ts";
import { FakeTransport, refusalOf } from "../transport/fake_transport.ts";
import type { ApiRequest } from "../transport/transport.ts";
import type { EventRecord, KubeObject } from "../types.ts";

const backup: KubeObject = {
  apiVersion: "kopiur.home-operations.com/v1alpha1",
  kind: "Backup",
  metadata: { namespace: "apps", name: "db", uid: "u1", resourceVersion: "7", labels: { big: "label" } },
};

function failed(note = "it failed", more: Partial<EventRecord> = {}): EventRecord {
  return { regarding: backup, type: "Warning", reason: "BackupFailed", action: "Backup", note, ...more };
}

function setUp(answer: (request: ApiRequest, signal: AbortSignal) => unknown = () => ({})) {
  const clock = new FakeClock();
  const probe = startTelemetryProbe(clock);
  const transport = new FakeTransport((request, signal) => answer(request, signal));
  const redact = (text: string) => text.replaceAll("hunter2", "[redacted]");
  const log = probe.telemetry.log;
  const recorder = new EventRecorder({
    transport,
    clock,
    random: () => 0.5,
    log,
    redact,
    instance: "kopiur-0",
  });
  return { clock, probe, transport, recorder };
}

Deno.test("EventRecorder.send() makes an Event of events.k8s.io/v1", async () => {
  const { transport, recorder } = setUp();
  recorder.send(failed("password hunter2 is wrong"));
  await settle();
  const [request] = transport.requests;
  assert.deepEqual([request?.verb, request?.target], ["create", { namespace: "apps" }]);
  const name = /"name":"(db\.[0-9a-f]+)"/.exec(JSON.stringify(request?.body))?.[1];
  assert.deepEqual(request?.body, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name, namespace: "apps" },
    eventTime: "2026-01-02T03:04:05.000000Z",
    reportingController: "kopiur-controller",
    reportingInstance: "kopiur-0",
    action: "Backup",
    reason: "BackupFailed",
    regarding: { apiVersion: backup.apiVersion, kind: "Backup", name: "db", namespace: "apps", uid: "u1" },
    note: "password [redacted] is wrong",
    type: "Warning",
  });
});

Deno.test("EventRecorder.send() tells what comes in any moment in which the Event before it ends", async () => {
  for (let moment = 0; moment < 30; moment++) {
    const answered = Promise.withResolvers<unknown>();
    const { transport, recorder } = setUp(() => answered.promise);
    recorder.send(failed());
    answered.resolve({});
    for (let passed = 0; passed < moment; passed++) await Promise.resolve();
    recorder.send(failed("something else"));
    await settle();
    assert.equal(transport.requests.length, 2, `the second came ${moment} microtasks after the answer`);
  }
});

Deno.test("EventRecorder.send() makes one Event with a count of what is the same within 6 minutes", async () => {
  const { clock, transport, recorder } = setUp();
  for (let turn = 0; turn < 3; turn++) {
    recorder.send(failed(`it failed after ${turn} s`));
    await clock.advance(60_000);
  }
  assert.deepEqual(transport.requests.map((each) => each.verb), ["create", "patch", "patch"]);
  assert.deepEqual(transport.requests.at(-1)?.body, {
    series: { count: 3, lastObservedTime: "2026-01-02T03:06:05.000000Z" },
  });
  await clock.advance(6 * 60_000);
  recorder.send(failed());
  recorder.send(failed("something else"));
  recorder.send(failed("it failed", { reason: "Locked" }));
  recorder.send(
    failed("it failed", { regarding: { ...backup, metadata: { ...backup.metadata, uid: "u2" } } }),
  );
  await settle();
  assert.deepEqual(transport.requests.slice(3).map((each) => each.verb), [
    "create",
    "create",
    "create",
    "create",
  ]);
});

Deno.test("EventRecorder.send() writes no control character of a file name into a note", async () => {
  const { transport, recorder } = setUp();
  recorder.send(failed("a\u001b[2J\u001b[31mFAKE\nNormal \u202eBackupSucceeded\u200b"));
  await settle();
  assert.deepEqual(transport.requests.map(({ body }) => (body as { note: string }).note), [
    "a\\u001b[2J\\u001b[31mFAKE\\nNormal \\u202eBackupSucceeded\\u200b",
  ]);
});

Deno.test("EventRecorder.send() tells of each object by its own name, though the names differ in numbers only", async () => {
  const { transport, recorder } = setUp();
  const names = [1, 2, 3, 4, 5].map((slot) => `nightly-2901234${slot}`);
  for (const name of names) recorder.send(failed(`Made Backup "${name}" for the slot 03:00`));
  await settle();
  const notes = transport.requests.map(({ body }) =>
    /"note":"Made Backup \\"([^\\]+)/.exec(JSON.stringify(body))?.[1]
  );
  assert.deepEqual(notes, names);
});

Deno.test("EventRecorder.send() tells Events that come together as one", async () => {
  const { transport, recorder } = setUp();
  for (let turn = 0; turn < 4; turn++) recorder.send(failed());
  await settle();
  assert.deepEqual(transport.requests.map((each) => each.verb), ["create", "patch"]);
  assert.match(JSON.stringify(transport.requests[1]?.body), /"count":4/);
});

Deno.test("EventRecorder tells a series anew when the server has forgotten its Event", async () => {
  const { transport, recorder } = setUp((request) => {
    if (request.verb === "patch") throw refusalOf(404);
    return {};
  });
  recorder.send(failed());
  await settle();
  recorder.send(failed());
  await settle();
  assert.deepEqual(transport.requests.map((each) => each.verb), ["create", "patch", "create"]);
  assert.match(JSON.stringify(transport.requests[2]?.body), /"series":\{"count":2/);
});

Deno.test("EventRecorder puts Events about cluster-scoped objects into default", async () => {
  const { transport, recorder } = setUp();
  recorder.send(
    failed("x", { regarding: { apiVersion: "v1", kind: "Namespace", metadata: { name: "apps" } } }),
  );
  await settle();
  assert.deepEqual(transport.requests[0]?.target, { namespace: "default" });
});

Deno.test("EventRecorder names an Event within 253 characters", async () => {
  const { transport, recorder } = setUp();
  const name = `${"a".repeat(228)}.${"-".repeat(10)}b`;
  recorder.send(failed("x", { regarding: { ...backup, metadata: { namespace: "apps", name, uid: "u9" } } }));
  await settle();
  const made = /"name":"([^"]+)","namespace"/.exec(JSON.stringify(transport.requests[0]?.body))?.[1] ?? "";
  assert.ok(made.length <= 253, String(made.length));
  assert.match(made, /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
});

Deno.test("EventRecorder sends at most 25 requests at once for one object, and the count all the same", async () => {
  const { clock, transport, recorder } = setUp();
  for (let turn = 0; turn < 100; turn++) {
    recorder.send(failed());
    await settle();
  }
  recorder.send(failed("x", { regarding: { ...backup, metadata: { ...backup.metadata, uid: "u2" } } }));
  await settle();
  assert.equal(transport.requests.length, 26);
  await clock.advance(1000);
  await recorder.close(1000);
  assert.match(JSON.stringify(transport.requests.at(-1)?.body), /"count":100/);
});

Deno.test("EventRecorder tells a Warning about an object at once, however many Normal Events it had", async () => {
  const { transport, recorder } = setUp();
  for (let at = 0; at < 30; at++) {
    recorder.send(failed(`Made Backup "db-${at}"`, { type: "Normal", reason: "BackupCreated" }));
    await settle();
  }
  recorder.send(failed());
  await settle();
  assert.match(JSON.stringify(transport.requests.at(-1)?.body), /it failed/);
});

Deno.test("EventRecorder.send() never throws: what cannot be told is logged", async () => {
  const { probe, recorder } = setUp(() => {
    throw refusalOf(403, { message: "events is forbidden" });
  });
  recorder.send(failed());
  // Not what the types promise, but what a fault elsewhere may hand over.
  recorder.send(JSON.parse('{"regarding":null,"reason":"X"}'));
  await settle();
  const warnings = probe.lines().filter((line) => line.message === "an Event could not be told");
  assert.equal(warnings.length, 2);
  assert.match(JSON.stringify(warnings), /events is forbidden/);
});

Deno.test("EventRecorder drops what is too much while the server does not answer, and says so", async () => {
  const { probe, transport, recorder } = setUp((_request, signal) => untilAborted(signal));
  for (let turn = 0; turn < 1200; turn++) {
    recorder.send(
      failed("x", { regarding: { ...backup, metadata: { ...backup.metadata, uid: `u${turn}` } } }),
    );
  }
  await settle();
  assert.equal(transport.requests.length, 1);
  const [warning] = probe.lines().filter((line) => line.message === "too many Events wait to be told");
  assert.deepEqual(warning?.fields, { waiting: 1000, dropped: 1 });
});

Deno.test("EventRecorder.close() sends what waits, within its limit", async () => {
  const quick = setUp();
  for (const name of ["a", "b", "c"]) quick.recorder.send(failed(name));
  await quick.recorder.close(1000);
  assert.equal(quick.transport.requests.length, 3);
  quick.recorder.send(failed("after the end"));
  await settle();
  assert.equal(quick.transport.requests.length, 3);
  assert.equal(quick.clock.pending, 0);

  const stuck = setUp((_request, signal) => untilAborted(signal));
  for (const name of ["a", "b", "c"]) stuck.recorder.send(failed(name));
  const closed = stuck.recorder.close(1000);
  await stuck.clock.advance(1000);
  await closed;
  assert.match(JSON.stringify(stuck.probe.lines().at(-1)), /dropped at the end.*"events":3/);
});

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
