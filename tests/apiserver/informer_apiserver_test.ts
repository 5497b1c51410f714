import assert from "node:assert/strict";
import type { Change, Informer, InformerOptions, Resource } from "../../kube/mod.ts";
import { RESOURCES } from "../../kube/mod.ts";
import { type ApiServer, waitUntil } from "../cluster/mod.ts";
import { partTest } from "../parts/mod.ts";
import { CuttableRelay } from "./cuttable_relay.ts";
import { at, connectTo, serverParts, soon, withServer } from "./stage.ts";

const { configMap, secret } = RESOURCES;
const quick = { backoff: { baseSeconds: 0.1, capSeconds: 1, jitter: 0.5 } };

/** Makes or changes a ConfigMap behind the informer's back. */
async function put(
  server: ApiServer,
  name: string,
  value: string,
  labels: Record<string, string> = {},
): Promise<void> {
  await server.request(
    "PATCH",
    `/api/v1/namespaces/default/configmaps/${name}?fieldManager=test&force=true`,
    {
      contentType: "application/apply-patch+yaml",
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, labels }, data: { value } },
    },
  );
}

async function remove(server: ApiServer, name: string): Promise<void> {
  await server.request("DELETE", `/api/v1/namespaces/default/configmaps/${name}`);
}

function valueOf(informer: Informer, name: string): unknown {
  const object = informer.store.get({ namespace: "default", name });
  return object === undefined ? undefined : at(object, "data", "value");
}

/** Waits until the informer has a value, and answers how long that took in milliseconds. */
async function whenSeen(
  informer: Informer,
  name: string,
  value: string | undefined,
  limitSeconds = 20,
): Promise<number> {
  const startMs = performance.now();
  await waitUntil(() => valueOf(informer, name) === value || undefined, {
    what: `ConfigMap "${name}" to be "${value}"`,
    limitSeconds,
    everyMs: 5,
  });
  return performance.now() - startMs;
}

interface Followed {
  readonly server: ApiServer;
  readonly relay: CuttableRelay;
  readonly informer: Informer;
  readonly changes: readonly string[];
  readonly reasons: () => Promise<readonly string[]>;
}

/** An informer over the ConfigMaps of the default namespace, through a relay that can be cut. */
async function withInformer(
  options: Partial<InformerOptions>,
  use: (followed: Followed) => Promise<void>,
): Promise<void> {
  await withServer(async (server) => {
    await put(server, "first", "1");
    using relay = new CuttableRelay(server.address, 6443);
    await using connected = await connectTo(server, { connection: { server: relay.url } });
    const stop = new AbortController();
    const changes: string[] = [];
    const informer = connected.cluster.createInformer({
      resource: configMap,
      namespace: "default",
      limits: quick,
      onChange: (change) => void changes.push(describe(change)),
      ...options,
    });
    informer.start(stop.signal);
    await informer.whenSynced(soon());
    const reasons = async () => {
      const lines = await connected.probe.series("kopiur_watch_restarts_total");
      return lines.map((line) => /reason="([^"]*)"/.exec(line)?.[1] ?? "");
    };
    try {
      await use({ server, relay, informer, changes, reasons });
    } finally {
      stop.abort();
      await informer.ended;
    }
  });
}

function describe({ old, new: next }: Change): string {
  return `${old === undefined ? "+" : next === undefined ? "-" : "~"}${(next ?? old)?.metadata.name}`;
}

partTest({
  name: "Informer follows creations, changes and deletions within a moment",
  parts: serverParts,
  fn: () =>
    withInformer({ labelSelector: "team=a" }, async ({ server, informer, changes }) => {
      assert.equal(informer.store.size, 0, "the selector is kept by the list");
      await put(server, "x", "1", { team: "a" });
      await put(server, "y", "1", { team: "b" });
      await whenSeen(informer, "x", "1");
      await put(server, "x", "2", { team: "a" });
      await whenSeen(informer, "x", "2");
      await put(server, "x", "3", { team: "b" });
      await whenSeen(informer, "x", undefined);
      await put(server, "x", "4", { team: "a" });
      await whenSeen(informer, "x", "4");
      const object = informer.store.get({ namespace: "default", name: "x" });
      assert.deepEqual([object?.apiVersion, object?.kind, at(object, "metadata", "managedFields")], [
        "v1",
        "ConfigMap",
        undefined,
      ]);
      await remove(server, "x");
      await whenSeen(informer, "x", undefined);
      assert.deepEqual(changes, ["+x", "~x", "-x", "+x", "-x"]);
    }),
});

partTest({
  name: "Informer goes on where it was when connections are killed mid-watch, and misses nothing",
  parts: serverParts,
  fn: () =>
    withInformer({}, async ({ server, relay, informer, changes, reasons }) => {
      for (let turn = 0; turn < 5; turn++) {
        relay.cutOnce();
        await put(server, "first", `cut-${turn}`);
        await whenSeen(informer, "first", `cut-${turn}`);
      }
      relay.cut();
      await put(server, "second", "1");
      await put(server, "first", "2");
      await remove(server, "first");
      await waitUntil(() => informer.lastError(), { what: "the informer to notice", limitSeconds: 10 });
      assert.equal(valueOf(informer, "first"), "cut-4", "what was known is kept");
      relay.mend();
      await whenSeen(informer, "second", "1");
      await whenSeen(informer, "first", undefined);
      await waitUntil(() => informer.lastError() === undefined || undefined, {
        what: "contact",
        limitSeconds: 5,
      });
      // Every change was told, none twice: the watch went on from its version and nothing was listed again.
      assert.deepEqual(changes, [
        "+first",
        "~first",
        "~first",
        "~first",
        "~first",
        "~first",
        "+second",
        "~first",
        "-first",
      ]);
      assert.deepEqual((await reasons()).filter((reason) => reason !== "network" && reason !== "ended"), []);
    }),
});

partTest({
  name: "Informer follows an API server that is restarted, and one that crashed, mid-watch",
  parts: serverParts,
  fn: () =>
    withInformer({}, async ({ server, informer }) => {
      await server.restart();
      await put(server, "first", "after the restart");
      await whenSeen(informer, "first", "after the restart", 30);
      await server.kill();
      await waitUntil(() => informer.lastError(), { what: "the informer to notice", limitSeconds: 10 });
      assert.ok(informer.synced(), "what was known is still there");
      await server.start();
      await put(server, "first", "after the crash");
      await whenSeen(informer, "first", "after the crash", 30);
    }),
});

partTest({
  name: "Informer lists again after 410 Gone, and tells what it missed",
  parts: serverParts,
  fn: () =>
    withInformer({}, async ({ server, relay, informer, changes, reasons }) => {
      await put(server, "gone", "1");
      await whenSeen(informer, "gone", "1");
      relay.cut();
      await remove(server, "gone");
      await put(server, "new", "1");
      for (let turn = 0; turn < 20; turn++) await put(server, "first", `busy-${turn}`);
      await server.compact();
      // The cache of the server would still know the way from memory.
      await server.restart();
      relay.mend();
      await whenSeen(informer, "first", "busy-19");
      await whenSeen(informer, "gone", undefined);
      await whenSeen(informer, "new", "1");
      assert.ok((await reasons()).includes("expired"), (await reasons()).join());
      assert.deepEqual([...changes].sort(), ["+first", "+gone", "+new", "-gone", "~first"]);
    }),
});

partTest({
  name: "Informer notices an API server that hangs, and goes on when it is back",
  parts: serverParts,
  fn: () =>
    withInformer({ limits: { ...quick, silentSeconds: 2 } }, async ({ server, informer, reasons }) => {
      server.signal("SIGSTOP");
      try {
        await waitUntil(async () => (await reasons()).includes("silent") || undefined, {
          what: "silence",
          limitSeconds: 15,
        });
        assert.ok(informer.stalenessSeconds() >= 2);
        assert.match(String(informer.lastError()), /nothing was heard for 2 s/);
      } finally {
        server.signal("SIGCONT");
      }
      await put(server, "first", "awake");
      await whenSeen(informer, "first", "awake", 60);
      assert.ok(informer.stalenessSeconds() < 2);
    }),
});

partTest({
  name: "Informer keeps only metadata of Secrets, and never what kubectl wrote into an annotation",
  parts: serverParts,
  fn: () =>
    withInformer(
      { resource: secret satisfies Resource, metadataOnly: true },
      async ({ server, informer }) => {
        const annotations = {
          "kubectl.kubernetes.io/last-applied-configuration": '{"stringData":{"p":"hunter2"}}',
        };
        const body = {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "s", annotations },
          stringData: { p: "hunter2" },
        };
        await server.request("POST", "/api/v1/namespaces/default/secrets", { body });
        const key = { namespace: "default", name: "s" };
        const found = await waitUntil(() => informer.store.get(key), {
          what: "the Secret",
          limitSeconds: 10,
        });
        assert.deepEqual(Object.keys(found).sort(), ["apiVersion", "kind", "metadata"]);
        assert.equal(found.kind, "Secret");
        assert.doesNotMatch(JSON.stringify(found), /hunter2|aHVudGVyMg/);
      },
    ),
});
