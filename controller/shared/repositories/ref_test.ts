import assert from "node:assert/strict";
import { keyOf, keyText, type KubeObject, type Reader } from "../../../kube/types.ts";
import { aBackup, aBackupConfig, aRepository } from "../../../tests/support/mod.ts";
import {
  liveRepository,
  REPOSITORY,
  repositoryKeyText,
  repositoryOfBackup,
  repositoryOfConfig,
  repositoryOfRun,
  resolveRepository,
} from "./ref.ts";

/** Answers for Repositories by their keys, cached and live alike. */
function readerOf(...repositories: readonly KubeObject[]): Reader {
  const byKey = new Map(repositories.map((each) => [keyText(keyOf(each)), each]));
  const get: Reader["get"] = (resource, key) => {
    assert.equal(resource, REPOSITORY);
    return byKey.get(keyText(key));
  };
  return {
    get,
    list: () => assert.fail(),
    count: () => assert.fail(),
    read: (resource, key) => Promise.resolve(get(resource, key)),
    readLog: () => assert.fail(),
    serverNow: () => undefined,
  };
}

const ref = { kind: "Repository", name: "repo" } as const;

Deno.test("resolveRepository() finds the Repository of the namespace that refers to it", async () => {
  const reader = readerOf(aRepository(), aRepository({ namespace: "other" }));
  for (const namespace of ["apps", "other"]) {
    const found = resolveRepository(ref, namespace, reader);
    assert.deepEqual(found.kind === "found" ? found.value.key : found, { namespace, name: "repo" });
    const live = await liveRepository(ref, namespace, reader, new AbortController().signal);
    assert.equal(live?.metadata.namespace, namespace);
  }
  assert.deepEqual(resolveRepository(ref, "elsewhere", reader), { kind: "missing" });
  assert.deepEqual(resolveRepository(undefined, "apps", reader), { kind: "missing" });
});

Deno.test("repositoryKeyText() of who refers to a Repository is the text of its own key", () => {
  const text = keyText(keyOf(aRepository()));
  const run = aBackup({ status: { resolved: { repository: { ...ref, uniqueId: "0123abcd" } } } });
  const found = aBackup({ spec: { configRef: undefined, discovered: { repository: ref } } });
  const refs = [repositoryOfConfig(aBackupConfig()), repositoryOfRun(run), repositoryOfBackup(found)];
  assert.deepEqual(refs.map((each) => each && repositoryKeyText(each, "apps")), [text, text, text]);
  assert.deepEqual([repositoryOfRun(found), repositoryOfBackup(aBackup())], [undefined, undefined]);
});

Deno.test("a reference means a Repository unless it says so, and none of a kind that is not known", () => {
  const of = (repository: unknown) => repositoryOfConfig(aBackupConfig({ spec: { repository } }));
  assert.deepEqual(of({ name: "repo" }), ref);
  for (const odd of [{ kind: "Bucket", name: "repo" }, { kind: "Repository" }, { name: 7 }, "repo", null]) {
    assert.equal(of(odd), undefined);
  }
});
