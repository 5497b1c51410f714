import assert from "node:assert/strict";
import { FIELD_MANAGER, TransientError } from "../../api/mod.ts";
import { FakeTransport, refusalOf } from "../transport/fake_transport.ts";
import { knownResources, RESOURCES } from "../resources.ts";
import { ApiWriter } from "./api_writer.ts";
import { isConflict } from "../errors.ts";
import type { KubeObject } from "../types.ts";

const never = new AbortController().signal;
const key = { namespace: "apps", name: "db" };
const metadata = { ...key, uid: "u1", resourceVersion: "7" };

function backup(status?: Record<string, unknown>): KubeObject {
  const apiVersion = "kopiur.home-operations.com/v1alpha1";
  return { apiVersion, kind: "Backup", metadata, ...(status === undefined ? {} : { status }) };
}

function setUp(answer: () => unknown = () => ({ metadata: { ...metadata, resourceVersion: "8" } })) {
  const transport = new FakeTransport(() => {
    const given = answer();
    if (given instanceof Error) throw given;
    return given;
  });
  const writer = new ApiWriter({ transport, resources: knownResources(), fieldValidation: "Warn" });
  return { transport, writer };
}

const job = { apiVersion: "batch/v1", kind: "Job", metadata: { ...key, labels: { a: "b" } }, spec: {} };

Deno.test("ApiWriter.create() makes what is described, under our name, with one request", async () => {
  const { transport, writer } = setUp();
  const stored = await writer.create(job, never);
  assert.deepEqual(stored.metadata.resourceVersion, "8");
  assert.deepEqual(transport.requests, [{
    verb: "create",
    resource: RESOURCES.job,
    target: { key },
    query: { fieldManager: FIELD_MANAGER, fieldValidation: "Warn" },
    body: job,
    metadataOnly: true,
  }]);
});

Deno.test("ApiWriter.create() answers with what it made before, and takes nobody else's", async () => {
  const exists = refusalOf(409, { reason: "AlreadyExists" });
  const answered = async (found: unknown) => {
    const answers = [exists, found];
    const { writer } = setUp(() => answers.shift());
    return await writer.create(job, never);
  };
  const ours = { metadata: { ...metadata, labels: { a: "b", more: "c" } } };
  assert.equal((await answered(ours)).metadata.uid, "u1");
  await assert.rejects(answered({ metadata }), /Cannot create Job apps\/db: another object has that name/);
  const owned = { ...ours.metadata, ownerReferences: [{ uid: "x", controller: true }] };
  await assert.rejects(answered({ metadata: owned }), /another object has that name/);
  const going = { ...ours.metadata, deletionTimestamp: "2026-01-02T03:04:05Z" };
  await assert.rejects(answered({ metadata: going }), /is being deleted/);
  for (const gone of [refusalOf(404), { kind: "Status" }]) {
    await assert.rejects(answered(gone), (error) => error === exists);
  }
  await assert.rejects(answered(refusalOf(500)), /HTTP 500/);
  const other = refusalOf(409, { reason: "Conflict" });
  const { transport, writer } = setUp(() => other);
  await assert.rejects(writer.create(job, never), (error) => error === other);
  assert.equal(transport.requests.length, 1);
});

Deno.test("ApiWriter.create() refuses what it does not know", async () => {
  const { transport, writer } = setUp();
  for (
    const [apiVersion, kind] of [["apps/v1", "Deployment"], ["batch/v1beta1", "Job"], ["v1", "Job"]] as const
  ) {
    await assert.rejects(
      writer.create({ apiVersion, kind, metadata: key }, never),
      /is not known, expected one of/,
    );
  }
  assert.deepEqual(transport.requests, []);
});

Deno.test("ApiWriter.replaceStatus() sends nothing when nothing differs", async () => {
  const { transport, writer } = setUp();
  const status = { phase: "Pending", conditions: [{ type: "Ready", status: "False" }] };
  const same = { conditions: [{ status: "False", type: "Ready" }], phase: "Pending", sources: undefined };
  assert.equal(await writer.replaceStatus(backup(status), same, never), false);
  assert.equal(await writer.replaceStatus(backup(), {}, never), false);
  assert.deepEqual(transport.requests, []);
});

Deno.test("ApiWriter.replaceStatus() sends the whole status, guarded by uid and resourceVersion", async () => {
  const { transport, writer } = setUp();
  assert.equal(
    await writer.replaceStatus(backup({ phase: "Pending", job: "x" }), { phase: "Running" }, never),
    true,
  );
  const [request] = transport.requests;
  assert.deepEqual([request?.verb, request?.target?.subresource], ["update", "status"]);
  assert.deepEqual(request?.body, {
    apiVersion: "kopiur.home-operations.com/v1alpha1",
    kind: "Backup",
    metadata,
    status: { phase: "Running" },
  });
});

Deno.test("ApiWriter calls it a conflict when an object it has seen is gone or changed", async () => {
  for (const code of [404, 409]) {
    const { writer } = setUp(() => refusalOf(code));
    const isConflict = (error: unknown) => error instanceof TransientError && error.reason === "Conflict";
    await assert.rejects(writer.replaceStatus(backup(), { phase: "Running" }, never), isConflict);
    await assert.rejects(writer.setFinalizer(backup(), "f", "present", never), isConflict);
  }
});

Deno.test("ApiWriter refuses to change an object that was never stored", async () => {
  const { writer } = setUp();
  const object = { ...backup(), metadata: key };
  await assert.rejects(
    writer.replaceStatus(object, { phase: "x" }, never),
    /it has no uid or resourceVersion/,
  );
});

Deno.test("ApiWriter.setFinalizer() adds and drops one and leaves the others", async () => {
  const { transport, writer } = setUp();
  const object = { ...backup(), metadata: { ...metadata, finalizers: ["other", "ours"] } };
  assert.equal(await writer.setFinalizer(object, "ours", "present", never), object);
  assert.equal(await writer.setFinalizer(object, "missing", "absent", never), object);
  await writer.setFinalizer(object, "ours", "absent", never);
  await writer.setFinalizer(object, "new", "present", never);
  assert.deepEqual(transport.requests.map((each) => each.body), [
    { metadata: { finalizers: ["other"], uid: "u1", resourceVersion: "7" } },
    { metadata: { finalizers: ["other", "ours", "new"], uid: "u1", resourceVersion: "7" } },
  ]);
});

Deno.test("ApiWriter.annotate() touches only that incarnation, and leaves one that is gone alone", async () => {
  const wanted = { resource: RESOURCES.job, key, uid: "u1", annotations: { word: "x", old: null } };
  const annotate = async (...answers: unknown[]) => {
    const { transport, writer } = setUp(() => answers.shift());
    await writer.annotate(wanted, never);
    return transport.requests;
  };
  const [request] = await annotate({ apiVersion: "batch/v1", kind: "Job", metadata });
  assert.equal(request?.verb, "patch");
  assert.deepEqual(request?.body, { metadata: { uid: "u1", annotations: { word: "x", old: null } } });
  assert.equal(request?.metadataOnly, true);
  await annotate(refusalOf(404));
  await annotate(refusalOf(409), { metadata: { ...metadata, uid: "u2" } });
  await annotate(refusalOf(422), { metadata: { ...metadata, uid: "u2" } });
  await assert.rejects(annotate(refusalOf(409), { metadata }), TransientError);
  await assert.rejects(annotate(refusalOf(403)), /HTTP 403/);
});

Deno.test("ApiWriter.annotate() says the version it saw, and answers the one there is then", async () => {
  const wanted = {
    resource: RESOURCES.job,
    key,
    uid: "u1",
    resourceVersion: "7",
    annotations: { word: "x" },
  };
  const annotate = async (...answers: unknown[]) => {
    const { transport, writer } = setUp(() => answers.shift());
    return { version: await writer.annotate(wanted, never), requests: transport.requests };
  };
  const { version, requests } = await annotate({ metadata: { ...metadata, resourceVersion: "8" } });
  assert.equal(version, "8");
  assert.deepEqual(requests[0]?.body, {
    metadata: { uid: "u1", resourceVersion: "7", annotations: { word: "x" } },
  });
  assert.equal((await annotate(refusalOf(404))).version, undefined);
  const another = { metadata: { ...metadata, uid: "u2" } };
  assert.equal((await annotate(refusalOf(409), another)).version, undefined);
  await assert.rejects(annotate(refusalOf(409), { metadata }), isConflict);
});

Deno.test("ApiWriter.remove() removes only the version it saw", async () => {
  const removal = { resource: RESOURCES.job, key, propagation: "Background", resourceVersion: "7" } as const;
  const remove = async (uid: string | undefined, ...answers: unknown[]) => {
    const { transport, writer } = setUp(() => answers.shift());
    await writer.remove({ ...removal, ...(uid === undefined ? {} : { uid }) }, never);
    return transport.requests.map(({ body }) => Reflect.get(Object(body), "preconditions"));
  };
  assert.deepEqual(await remove("u1", {}), [{ uid: "u1", resourceVersion: "7" }]);
  const { transport, writer } = setUp();
  const blank = { ...removal, uid: "u1", resourceVersion: "" };
  await assert.rejects(writer.remove(blank, never), /its resourceVersion is empty/);
  await assert.rejects(writer.annotate({ ...blank, annotations: {} }, never), /its resourceVersion is empty/);
  assert.deepEqual(transport.requests, []);
  assert.deepEqual(await remove(undefined, {}), [{ resourceVersion: "7" }]);
  await remove("u1", refusalOf(409), { metadata: { ...metadata, uid: "u2" } });
  await assert.rejects(remove("u1", refusalOf(409), { metadata }), isConflict);
  await assert.rejects(remove(undefined, refusalOf(409)), isConflict);
});

Deno.test("ApiWriter.remove() counts an object that is gone or another incarnation as removed", async () => {
  const removal = { resource: RESOURCES.job, key, uid: "u1", propagation: "Background" } as const;
  const remove = async (...answers: unknown[]) => {
    const { transport, writer } = setUp(() => answers.shift());
    await writer.remove(removal, never);
    return transport.requests;
  };
  const [request] = await remove({});
  assert.deepEqual(request?.body, {
    apiVersion: "v1",
    kind: "DeleteOptions",
    propagationPolicy: "Background",
    preconditions: { uid: "u1" },
  });
  await remove(refusalOf(404));
  await remove(refusalOf(409), { metadata: { ...metadata, uid: "u2" } });
  await remove(refusalOf(409), refusalOf(404));
  await assert.rejects(remove(refusalOf(409), { metadata }), TransientError);
  await assert.rejects(remove(refusalOf(409), refusalOf(500)), /HTTP 500/);
  await assert.rejects(remove(refusalOf(403)), /HTTP 403/);
});
