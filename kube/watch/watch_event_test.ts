import assert from "node:assert/strict";
import fc from "fast-check";
import { RESOURCES } from "../resources.ts";
import { parseWatchEvent } from "./watch_event.ts";

function parse(event: unknown) {
  return parseWatchEvent(JSON.stringify(event), RESOURCES.secret);
}

Deno.test("parseWatchEvent() reads changes and leaves out what is not kept", () => {
  const metadata = { name: "s", namespace: "a", resourceVersion: "7" };
  const received = {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: {
      ...metadata,
      managedFields: [{ manager: "x" }],
      annotations: { "kubectl.kubernetes.io/last-applied-configuration": '{"data":"c2VjcmV0"}', team: "t" },
    },
  };
  const object = { kind: "Secret", apiVersion: "v1", metadata: { ...metadata, annotations: { team: "t" } } };
  assert.deepEqual(parse({ type: "ADDED", object: received }), { kind: "changed", object });
  assert.deepEqual(parse({ type: "MODIFIED", object: received }), { kind: "changed", object });
  assert.deepEqual(parse({ type: "DELETED", object: received }), { kind: "deleted", object });
});

Deno.test("parseWatchEvent() reads bookmarks and errors", () => {
  const bookmark = { type: "BOOKMARK", object: { kind: "Secret", metadata: { resourceVersion: "9" } } };
  assert.deepEqual(parse(bookmark), { kind: "bookmark", resourceVersion: "9" });
  const status = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
  assert.deepEqual(parse({ type: "ERROR", object: status }), {
    kind: "error",
    status: { code: 410, reason: "Expired", message: "too old", causes: [] },
  });
});

Deno.test("parseWatchEvent() answers undefined for what is no event, and never throws", () => {
  const noEvents = [null, [], 7, {}, { type: "ADDED" }, { type: "ADDED", object: { metadata: {} } }, {
    type: "NEW",
    object: {},
  }];
  for (
    const each of [...noEvents, { type: "BOOKMARK", object: null }, {
      type: "ADDED",
      object: { metadata: { name: "x" } },
    }]
  ) {
    assert.equal(parse(each), undefined, JSON.stringify(each));
  }
  assert.equal(parseWatchEvent('{"type":"ADD', RESOURCES.pod), undefined);
  fc.assert(fc.property(fc.json(), (text) => {
    const event = parseWatchEvent(`{"type":"ADDED","object":${text}}`, RESOURCES.pod);
    assert.ok(event === undefined || event.kind === "changed");
  }));
});
