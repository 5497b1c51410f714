import assert from "node:assert/strict";
import { RESOURCES } from "../../kube/mod.ts";
import { waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { connectTo, serverParts, soon, withServer } from "./stage.ts";

const { configMap } = RESOURCES;
const count = 10_000;
const inParallel = 20;

partTest({
  name: `Informer lists, indexes and follows ${count} objects`,
  parts: serverParts,
  fn: () =>
    withServer(async (server) => {
      await using connected = await connectTo(server);
      const { cluster } = connected;
      const figures: Record<string, number> = {};
      await measure(figures, "create seconds", async () => {
        let next = 0;
        await Promise.all(Array.from({ length: inParallel }, async () => {
          for (let at = next++; at < count; at = next++) await cluster.transport.send(creation(at), soon());
        }));
      });
      const changes: string[] = [];
      const informer = cluster.createInformer({
        resource: configMap,
        labelSelector: "config",
        indexes: { config: (object) => [object.metadata.labels?.config ?? ""] },
        onChange: ({ new: object }) => void changes.push(object?.metadata.name ?? ""),
      });
      const stop = new AbortController();
      const beforeBytes = Deno.memoryUsage().rss;
      await measure(figures, "list seconds", async () => {
        informer.start(stop.signal);
        await informer.whenSynced(soon(120));
      });
      figures["more resident MB"] = (Deno.memoryUsage().rss - beforeBytes) / 1e6;
      assert.deepEqual([informer.store.size, changes.length], [count, count]);
      await measure(figures, "index lookup seconds", () => {
        const found = cluster.reader.list(configMap, {
          namespace: "default",
          index: { name: "config", value: "c7" },
        });
        assert.equal(found.length, count / 100);
        return Promise.resolve();
      });
      const moved = { metadata: { labels: { config: "moved" } } };
      const target = { key: { namespace: "default", name: "o1" } };
      await measure(figures, "change seen seconds", async () => {
        await cluster.transport.send({ verb: "patch", resource: configMap, target, body: moved }, soon());
        await waitUntil(
          () => cluster.reader.list(configMap, { index: { name: "config", value: "moved" } })[0],
          {
            what: "the change",
            limitSeconds: 10,
            everyMs: 1,
          },
        );
      });
      console.log(Object.entries(figures).map(([name, value]) => `${name}: ${value.toFixed(4)}`).join(", "));
      stop.abort();
      await informer.ended;
    }),
});

function creation(at: number) {
  const labels = { config: `c${at % 100}`, "app.kubernetes.io/managed-by": "kopiur" };
  const data = { text: "x".repeat(800) };
  return {
    verb: "create",
    resource: configMap,
    target: { namespace: "default" },
    body: { metadata: { name: `o${at}`, labels }, data },
  } as const;
}

async function measure(
  figures: Record<string, number>,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  const startMs = performance.now();
  await work();
  figures[name] = (performance.now() - startMs) / 1000;
}
