import assert from "node:assert/strict";
import { FakeTransport, refusalOf } from "../transport/fake_transport.ts";
import { listPages } from "./list_pages.ts";
import { RESOURCES } from "../resources.ts";

const never = new AbortController().signal;

function page(names: readonly string[], next = "") {
  const items = names.map((name) => ({ metadata: { name, namespace: "a", resourceVersion: "1" } }));
  return { metadata: { resourceVersion: "10", ...(next === "" ? {} : { continue: next }) }, items };
}

/** The names that count at the end, and the version. */
async function list(transport: FakeTransport, labelSelector?: string) {
  const names: string[] = [];
  const version = await listPages(
    transport,
    { resource: RESOURCES.pod, namespace: "a", ...(labelSelector === undefined ? {} : { labelSelector }) },
    {
      begin: () => void (names.length = 0),
      page: (objects) => void names.push(...objects.map((each) => each.metadata.name)),
    },
    never,
  );
  return { names, version };
}

Deno.test("listPages() goes on until there is no further page", async () => {
  const pages = [page(["x", "y"], "t1"), page(["z"], "t2"), page([])];
  const transport = new FakeTransport(() => pages.shift());
  assert.deepEqual(await list(transport, "a=b"), { names: ["x", "y", "z"], version: "10" });
  assert.deepEqual(transport.requests.map((each) => each.query), [
    { labelSelector: "a=b", limit: "500" },
    { labelSelector: "a=b", limit: "500", continue: "t1" },
    { labelSelector: "a=b", limit: "500", continue: "t2" },
  ]);
});

Deno.test("listPages() has asked for the next page when it hands one over", async () => {
  const pages = [page(["x"], "t1"), page(["y"], "t2"), page(["z"])];
  const transport = new FakeTransport(() => pages.shift());
  const asked: number[] = [];
  const taker = { begin: () => {}, page: () => void asked.push(transport.requests.length) };
  await listPages(transport, { resource: RESOURCES.pod }, taker, never);
  assert.deepEqual(asked, [2, 3, 3]);
});

Deno.test("listPages() begins anew in one piece when the list expires while it is paged", async () => {
  const answers = [page(["x"], "t1"), refusalOf(410), page(["x", "y"])];
  const transport = new FakeTransport(() => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  assert.deepEqual(await list(transport), { names: ["x", "y"], version: "10" });
  assert.deepEqual(transport.requests.at(-1)?.query, {});
});

Deno.test("listPages() fills in apiVersion and kind, and bears an empty list written as null", async () => {
  const answers = [page(["x"], "t1"), { metadata: { resourceVersion: "11" }, items: null }];
  const kinds: string[] = [];
  const taker = {
    begin: () => {},
    page: (objects: readonly { readonly kind: string }[]) =>
      void kinds.push(...objects.map((each) => each.kind)),
  };
  const version = await listPages(
    new FakeTransport(() => answers.shift()),
    { resource: RESOURCES.pod },
    taker,
    never,
  );
  assert.deepEqual([kinds, version], [["Pod"], "11"]);
});

Deno.test("listPages() refuses an answer that is no list", async () => {
  for (
    const answer of [null, {}, { items: [] }, { metadata: { resourceVersion: 1 }, items: [] }, {
      metadata: { resourceVersion: "1" },
      items: {},
    }]
  ) {
    await assert.rejects(list(new FakeTransport(() => answer)), /Cannot list pods: the answer is no list/);
  }
});
