import assert from "node:assert/strict";
import { StalledError, TransientError, WaitingError } from "../../api/mod.ts";
import {
  answerOf,
  type Cluster,
  isConflict,
  type KubeObject,
  type Resource,
  RESOURCES,
} from "../../kube/mod.ts";
import { type ApiServer, waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { at, connectTo, serverParts, soon, withServer } from "./stage.ts";

const { configMap, namespace } = RESOURCES;
const widget: Resource = {
  group: "test.kopiur.dev",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  namespaced: true,
};
const apiVersion = "test.kopiur.dev/v1";
const key = { namespace: "default", name: "w" };

/** A kind with a status that has a closed schema, as ours have. */
const widgetDefinition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.test.kopiur.dev" },
  spec: {
    group: "test.kopiur.dev",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets" },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      subresources: { status: {} },
      schema: {
        openAPIV3Schema: {
          type: "object",
          properties: {
            spec: { type: "object", properties: { size: { type: "integer" }, colour: { type: "string" } } },
            status: {
              type: "object",
              properties: {
                phase: { type: "string", enum: ["Pending", "Running"] },
                job: { type: "string" },
                conditions: {
                  type: "array",
                  items: {
                    type: "object",
                    properties: { type: { type: "string" }, status: { type: "string" } },
                  },
                },
              },
            },
          },
        },
      },
    }],
  },
};

interface Stage {
  readonly server: ApiServer;
  readonly cluster: Cluster;
  readonly warnings: () => readonly unknown[];
  /** The widget as it is now. */
  readonly read: () => Promise<KubeObject>;
}

async function withWidgets(
  use: (stage: Stage) => Promise<void>,
  fieldValidation: "Strict" | "Warn" = "Strict",
): Promise<void> {
  await withServer(async (server) => {
    await using connected = await connectTo(server, {
      cluster: { fieldValidation, moreResources: [widget] },
    });
    const { cluster, probe } = connected;
    await cluster.writer.create(widgetDefinition, soon());
    await waitUntil(() => cluster.list(widget, {}, soon()), {
      what: "widgets to be served",
      limitSeconds: 20,
    });
    const read = async () => {
      const object = await cluster.reader.read(widget, key, soon());
      assert.ok(object !== undefined, "the widget is gone");
      return object;
    };
    const warnings = () =>
      probe.lines().filter((line) => line.message === "the API server warns").map((line) =>
        line.fields.warning
      );
    await use({ server, cluster, read, warnings });
  });
}

function aWidget(spec: Record<string, unknown> = { size: 1 }) {
  return {
    apiVersion,
    kind: "Widget",
    metadata: { name: "w", namespace: "default", labels: { a: "b" } },
    spec,
  };
}

partTest({
  name: "Writer.create() makes what is described once, and writes over nothing that is there",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ server, cluster, read }) => {
      const made = await cluster.writer.create(aWidget({ size: 1, colour: "red" }), soon());
      assert.ok(made.metadata.uid !== undefined && made.metadata.resourceVersion !== undefined);
      assert.equal(
        at((await read()).metadata, "managedFields", "0", "manager"),
        "kopiur.home-operations.com/controller",
      );
      await server.request("PATCH", "/apis/test.kopiur.dev/v1/namespaces/default/widgets/w", {
        contentType: "application/merge-patch+json",
        body: { metadata: { annotations: { theirs: "x" } }, spec: { size: 7 } },
      });
      const again = await cluster.writer.create(aWidget({ size: 2 }), soon());
      assert.equal(again.metadata.uid, made.metadata.uid);
      const after = await read();
      assert.deepEqual([after.spec, after.metadata.annotations], [{ size: 7, colour: "red" }, {
        theirs: "x",
      }]);
      const labelled = aWidget();
      const other = { ...labelled, metadata: { ...labelled.metadata, labels: { a: "other" } } };
      await assert.rejects(cluster.writer.create(other, soon()), (error) => {
        assert.ok(error instanceof WaitingError, String(error));
        assert.equal(error.reason, "NameTaken");
        return true;
      });
      const word = { resource: widget, key, uid: made.metadata.uid };
      await cluster.writer.setFinalizer(again, "test.kopiur.dev/held", "present", soon());
      await cluster.writer.remove({ ...word, propagation: "Background" }, soon());
      await assert.rejects(cluster.writer.create(aWidget(), soon()), /is being deleted/);
      await cluster.writer.setFinalizer(await read(), "test.kopiur.dev/held", "absent", soon());
      assert.notEqual((await cluster.writer.create(aWidget(), soon())).metadata.uid, made.metadata.uid);
    }),
});

partTest({
  name: "Writer classes what the API server refuses",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ server, cluster }) => {
      const { writer } = cluster;
      await assert.rejects(writer.create(aWidget({ size: "big" }), soon()), (error) => {
        assert.ok(error instanceof StalledError, String(error));
        assert.deepEqual([error.reason, answerOf(error)?.code], ["InvalidSpec", 422]);
        assert.match(error.message, /^Cannot create Widget default\/w: .*spec\.size/);
        return true;
      });
      await assert.rejects(writer.create(aWidget({ sise: 1 }), soon()), /unknown field|field not declared/);
      const lost = { ...aWidget(), metadata: { name: "w", namespace: "nowhere" } };
      await assert.rejects(writer.create(lost, soon()), (error) =>
        error instanceof TransientError && /"nowhere" not found/.test(error.message));

      await writer.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "ending" } }, soon());
      await server.request("DELETE", "/api/v1/namespaces/ending");
      const late = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace: "ending" } };
      await assert.rejects(writer.create(late, soon()), (error) => {
        assert.ok(error instanceof StalledError, String(error));
        assert.equal(error.reason, "NamespaceTerminating");
        return true;
      });

      const alice = await connectTo(server, { kubeconfig: await server.userKubeconfig("alice") });
      await using _closed = alice;
      await assert.rejects(
        alice.cluster.writer.create({ ...late, metadata: { name: "x", namespace: "default" } }, soon()),
        (error) => {
          assert.ok(error instanceof StalledError);
          assert.equal(error.reason, "Forbidden");
          assert.match(
            error.message,
            /Cannot create ConfigMap default\/x: configmaps is forbidden: User "alice" cannot create/,
          );
          return true;
        },
      );
    }),
});

partTest({
  name:
    "Writer.replaceStatus() replaces the whole status and nothing else, only when it differs, only on what was seen",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ server, cluster, read }) => {
      const { writer } = cluster;
      const seen = await writer.create(aWidget(), soon());
      const ready = { type: "Ready", status: "False" };
      assert.equal(
        await writer.replaceStatus(seen, { phase: "Pending", job: "j", conditions: [ready] }, soon()),
        true,
      );
      const pending = await read();
      assert.deepEqual(pending.status, { phase: "Pending", job: "j", conditions: [ready] });
      assert.equal(
        await writer.replaceStatus(pending, { conditions: [ready], job: "j", phase: "Pending" }, soon()),
        false,
      );
      assert.equal((await read()).metadata.resourceVersion, pending.metadata.resourceVersion);

      // What is not in the new status vanishes, also lists; spec, labels and others' annotations stay.
      await server.request("PATCH", "/apis/test.kopiur.dev/v1/namespaces/default/widgets/w", {
        contentType: "application/merge-patch+json",
        body: { metadata: { annotations: { theirs: "x" }, finalizers: ["test.kopiur.dev/theirs"] } },
      });
      const before = await read();
      assert.equal(await writer.replaceStatus(before, { phase: "Running" }, soon()), true);
      const running = await read();
      assert.deepEqual(running.status, { phase: "Running" });
      const { resourceVersion: _before, managedFields: _fields, ...kept } = Object.assign({
        managedFields: null,
      }, before.metadata);
      const { resourceVersion: _after, managedFields: _fields2, ...now } = Object.assign({
        managedFields: null,
      }, running.metadata);
      assert.deepEqual([now, running.spec], [kept, before.spec]);

      await assert.rejects(writer.replaceStatus(pending, { phase: "Pending" }, soon()), (error) => {
        assert.ok(error instanceof TransientError && isConflict(error));
        assert.equal(error.reason, "Conflict");
        return true;
      });
      assert.deepEqual((await read()).status, { phase: "Running" });
      await assert.rejects(writer.replaceStatus(running, { phase: "Nonsense" }, soon()), (error) =>
        error instanceof StalledError);
      await assert.rejects(
        writer.replaceStatus(running, { phase: "Running", stats: {} }, soon()),
        /unknown field "status\.stats"/,
      );

      await writer.setFinalizer(running, "test.kopiur.dev/theirs", "absent", soon());
      await writer.remove({ resource: widget, key, propagation: "Background" }, soon());
      const again = await writer.create(aWidget(), soon());
      assert.notEqual(again.metadata.uid, running.metadata.uid);
      const mixed = {
        ...running,
        metadata: { ...running.metadata, resourceVersion: again.metadata.resourceVersion ?? "" },
      };
      await assert.rejects(writer.replaceStatus(mixed, { phase: "Pending" }, soon()), isConflict);
    }),
});

partTest({
  name: "Writer stores what the schema knows and logs the rest when it is told to warn",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ cluster, read, warnings }) => {
      const made = await cluster.writer.create(aWidget(), soon());
      await cluster.writer.replaceStatus(made, { phase: "Running", stats: { files: 1 } }, soon());
      assert.deepEqual((await read()).status, { phase: "Running" });
      assert.deepEqual(warnings(), ['unknown field "status.stats"']);
    }, "Warn"),
});

partTest({
  name: "Writer.setFinalizer() holds an object until it is dropped, and changes only what was seen",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ cluster, read }) => {
      const { writer } = cluster;
      const [ours, theirs] = ["test.kopiur.dev/ours", "test.kopiur.dev/theirs"];
      const seen = await writer.create(aWidget(), soon());
      const one = await writer.setFinalizer(seen, theirs, "present", soon());
      await assert.rejects(writer.setFinalizer(seen, ours, "present", soon()), isConflict);
      const both = await writer.setFinalizer(one, ours, "present", soon());
      assert.deepEqual(both.metadata.finalizers, [theirs, ours]);
      const removal = {
        resource: widget,
        key,
        uid: both.metadata.uid ?? "",
        propagation: "Background",
      } as const;
      await writer.remove(removal, soon());
      const deleting = await read();
      assert.ok(deleting.metadata.deletionTimestamp !== undefined);
      const left = await writer.setFinalizer(deleting, ours, "absent", soon());
      assert.deepEqual(left.metadata.finalizers, [theirs]);
      await writer.setFinalizer(left, theirs, "absent", soon());
      assert.equal(await cluster.reader.read(widget, key, soon()), undefined);
      await assert.rejects(writer.setFinalizer(left, theirs, "absent", soon()), (error) =>
        error instanceof TransientError && error.reason === "Conflict");
    }),
});

partTest({
  name: "Writer.annotate() adds to what is there, on one incarnation only",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ cluster, read }) => {
      const { writer } = cluster;
      const made = await writer.create(aWidget(), soon());
      const word = { resource: widget, key, uid: made.metadata.uid ?? "" };
      await writer.annotate({ ...word, annotations: { "test.kopiur.dev/word": "x" } }, soon());
      assert.equal((await read()).metadata.annotations?.["test.kopiur.dev/word"], "x");
      const other = "00000000-0000-0000-0000-000000000000";
      await writer.annotate({ ...word, uid: other, annotations: { "test.kopiur.dev/word": "y" } }, soon());
      assert.equal((await read()).metadata.annotations?.["test.kopiur.dev/word"], "x");
      await writer.annotate({ ...word, annotations: { "test.kopiur.dev/word": null } }, soon());
      assert.equal((await read()).metadata.annotations?.["test.kopiur.dev/word"], undefined);
      assert.deepEqual((await read()).spec, aWidget().spec);
      await writer.remove({ resource: widget, key, propagation: "Background" }, soon());
      await writer.annotate({ ...word, annotations: { "test.kopiur.dev/word": "z" } }, soon());
      assert.equal(await cluster.reader.read(widget, key, soon()), undefined);
    }),
});

partTest({
  name:
    "Writer.annotate() and remove() refuse what changed since it was seen, and answer what they made of it",
  parts: serverParts,
  fn: () =>
    withWidgets(async ({ server, cluster, read }) => {
      const { writer } = cluster;
      const { metadata: { uid = "", resourceVersion = "" } } = await writer.create(aWidget(), soon());
      const seen = { resource: widget, key, uid, resourceVersion };
      const after = await writer.annotate({ ...seen, annotations: { "test.kopiur.dev/word": "x" } }, soon());
      assert.equal(after, (await read()).metadata.resourceVersion);
      assert.notEqual(after, resourceVersion);
      // Also where the annotation would change nothing: it was decided on something else.
      const same = { "test.kopiur.dev/word": "x" };
      await assert.rejects(writer.annotate({ ...seen, annotations: same }, soon()), isConflict);
      const marked = { ...seen, resourceVersion: after ?? "" };
      assert.equal(await writer.annotate({ ...marked, annotations: same }, soon()), after);
      await server.request("PATCH", "/apis/test.kopiur.dev/v1/namespaces/default/widgets/w", {
        contentType: "application/merge-patch+json",
        body: { metadata: { annotations: { "test.kopiur.dev/pin": "true" } } },
      });
      for (const version of [seen, marked]) {
        await assert.rejects(writer.remove({ ...version, propagation: "Background" }, soon()), isConflict);
      }
      assert.equal((await read()).metadata.deletionTimestamp, undefined);
      const other = { ...marked, uid: "00000000-0000-0000-0000-000000000000" };
      await writer.remove({ ...other, propagation: "Background" }, soon());
      assert.equal(await writer.annotate({ ...other, annotations: same }, soon()), undefined);
      const { metadata } = await read();
      const fresh = { ...seen, resourceVersion: metadata.resourceVersion ?? "" };
      await writer.remove({ ...fresh, propagation: "Background" }, soon());
      assert.equal(await cluster.reader.read(widget, key, soon()), undefined);
      await writer.remove({ ...fresh, propagation: "Background" }, soon());
      assert.equal(await writer.annotate({ ...fresh, annotations: same }, soon()), undefined);
    }),
});

partTest({
  name: "Writer.remove() removes one incarnation, and is content when it is gone",
  parts: serverParts,
  fn: () =>
    withServer(async (server) => {
      await using connected = await connectTo(server);
      const { writer, reader } = connected.cluster;
      const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { ...key } };
      const made = await writer.create(object, soon());
      const removal = { resource: configMap, key, propagation: "Foreground" } as const;
      await writer.remove({ ...removal, uid: "00000000-0000-0000-0000-000000000000" }, soon());
      assert.ok(
        await reader.read(configMap, key, soon()) !== undefined,
        "another incarnation is not touched",
      );
      await writer.remove({ ...removal, uid: made.metadata.uid ?? "", propagation: "Background" }, soon());
      assert.equal(await reader.read(configMap, key, soon()), undefined);
      await writer.remove(removal, soon());
      await assert.rejects(
        writer.create({ ...object, kind: "Gadget" }, soon()),
        /Cannot write Gadget of "v1": it is not known/,
      );
      assert.equal((await connected.cluster.list(namespace, {}, soon())).length >= 3, true);
      assert.match(await connected.cluster.serverVersion(soon()), /^v1\.36\./);
    }),
});
