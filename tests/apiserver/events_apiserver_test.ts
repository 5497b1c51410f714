import assert from "node:assert/strict";
import { type KubeObject, RESOURCES } from "../../kube/mod.ts";
import { waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { at, connectTo, serverParts, soon, withServer } from "./stage.ts";

const { event } = RESOURCES;

partTest({
  name:
    "EventSink tells Events the API server takes: with a series, a long note and about a cluster-scoped object",
  parts: serverParts,
  fn: () =>
    withServer(async (server) => {
      await using connected = await connectTo(server);
      const { cluster, probe } = connected;
      const regarding = await cluster.writer.create(
        { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "db", namespace: "default" } },
        soon(),
      );
      const reported = { regarding, type: "Warning", reason: "BackupFailed", action: "Backup" } as const;
      const events = (namespace: string) => cluster.list(event, { namespace }, soon());

      cluster.events.send({ ...reported, note: `password=hunter2 ${"🦕".repeat(1000)}` });
      const [first] = await waitUntil(async () => some(await events("default")), {
        what: "the Event",
        limitSeconds: 10,
      });
      assert.equal(at(first, "reportingController"), "kopiur-controller");
      assert.equal(at(first, "reportingInstance"), "kopiur-test");
      assert.equal(at(first, "regarding", "uid"), regarding.metadata.uid);
      assert.match(String(at(first, "eventTime")), /\.\d{6}Z$/);
      const note = String(at(first, "note"));
      assert.match(note, /^password=\[redacted\] 🦕.*🦕…$/);
      assert.ok(new TextEncoder().encode(note).length <= 1024);

      for (let turn = 0; turn < 3; turn++) {
        cluster.events.send({ ...reported, note: `it failed after ${turn} s` });
      }
      await waitUntil(async () => {
        const counts = (await events("default")).map((each) =>
          each.series === undefined ? 1 : at(each, "series", "count")
        );
        return counts.sort().join() === "1,3" || undefined;
      }, { what: "a series of three", limitSeconds: 10 });

      const made = await events("default");
      for (const { metadata } of made) {
        await server.request("DELETE", `/apis/events.k8s.io/v1/namespaces/default/events/${metadata.name}`);
      }
      const space: KubeObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } };
      cluster.events.send({ ...reported, note: "it failed after 9 s" });
      cluster.events.send({
        ...reported,
        regarding: space,
        type: "Normal",
        reason: "Ready",
        note: "cluster-scoped",
      });
      const two = await waitUntil(async () => {
        const found = await events("default");
        return found.length === 2 ? found : undefined;
      }, { what: "the series told anew and the other Event", limitSeconds: 10 });
      assert.deepEqual(
        two.map((each) => each.series === undefined ? 1 : at(each, "series", "count")).sort(),
        [1, 4],
      );
      assert.deepEqual(
        probe.lines().filter((line) => line.level === "WARN" || line.level === "ERROR"),
        [],
      );
    }),
});

partTest({
  name: "EventSink bears being forbidden: a log line and nothing else",
  parts: serverParts,
  fn: () =>
    withServer(async (server) => {
      await using connected = await connectTo(server, { kubeconfig: await server.userKubeconfig("alice") });
      const regarding: KubeObject = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "db", namespace: "default" },
      };
      connected.cluster.events.send({
        regarding,
        type: "Normal",
        reason: "Ready",
        action: "Reconcile",
        note: "x",
      });
      const line = await waitUntil(() => connected.probe.lines().find((each) => each.level === "WARN"), {
        what: "a line",
        limitSeconds: 10,
      });
      assert.equal(line.message, "an Event could not be told");
      assert.match(String(line.fields.error), /User "alice" cannot create resource "events"/);
    }),
});

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
