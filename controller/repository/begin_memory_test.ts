import assert from "node:assert/strict";
import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { aRepository, type FakeKube } from "../../tests/support/mod.ts";
import { deletionMemory, deletionMemoryText } from "../shared/mod.ts";
import { aNamespaceInMemory, KEY, NOW, planIn, storedRepository } from "./stage_test.ts";

const NOW_SECOND = NOW.getTime() / 1000;

function remembering(text: string): KubeObject {
  return aRepository({ metadata: { annotations: { [ANNOTATION.deletionMemory]: text } } });
}

/** Applies only what is said to objects, as the engine does. */
async function annotated(kube: FakeKube): Promise<KubeObject> {
  const { annotate = [] } = await planIn(kube);
  for (const each of annotate) await kube.annotate(each, new AbortController().signal);
  return storedRepository(kube);
}

Deno.test("beginMemory() has a Repository remember deletions from its first pass on, and says so once", async () => {
  const kube = aNamespaceInMemory(aRepository());
  assert.deepEqual(deletionMemory(await annotated(kube)), { sinceSecond: NOW_SECOND, past: [] });
  assert.deepEqual((await planIn(kube)).annotate, []);
});

for (
  const [what, text] of [
    ["spoilt", "{"],
    ["that of another Repository", deletionMemoryText("another", { sinceSecond: 0, past: [] })],
  ] as const
) {
  Deno.test(`beginMemory() begins anew, from now on, where a memory is ${what}`, async () => {
    const kube = aNamespaceInMemory(remembering(text));
    assert.deepEqual(deletionMemory(await annotated(kube)), { sinceSecond: NOW_SECOND, past: [] });
  });
}

Deno.test("beginMemory() never goes over a memory that was not seen", async () => {
  const kube = aNamespaceInMemory(aRepository());
  const { annotate: [word] = [] } = await planIn(kube);
  const known = deletionMemoryText(storedRepository(kube).metadata.uid ?? "", {
    sinceSecond: 1,
    past: [{ id: "a", recipe: "b", atSecond: 2, count: 1 }],
  });
  kube.put(remembering(known));
  await assert.rejects(kube.annotate(word ?? assert.fail(), new AbortController().signal));
  assert.equal(storedRepository(kube).metadata.annotations?.[ANNOTATION.deletionMemory], known);
  assert.deepEqual((await planIn(kube)).annotate, [], KEY.name);
});

Deno.test("beginMemory() sets right what a clock that was ahead wrote, and then leaves it", async () => {
  const kube = aNamespaceInMemory(aRepository());
  const { uid = "" } = storedRepository(kube).metadata;
  const fresh = { id: "a", recipe: "r", atSecond: NOW_SECOND - 5, count: 1 };
  const ahead = { id: "b", recipe: "r", atSecond: NOW_SECOND + 31_536_000, count: 1 };
  kube.put(remembering(deletionMemoryText(uid, { sinceSecond: NOW_SECOND + 999, past: [fresh, ahead] })));
  const past = [fresh, { ...ahead, atSecond: NOW_SECOND }];
  assert.deepEqual(deletionMemory(await annotated(kube)), { sinceSecond: NOW_SECOND, past });
  assert.deepEqual((await planIn(kube)).annotate, []);
});

Deno.test("beginMemory() leaves a Repository alone that is being deleted", async () => {
  const metadata = { finalizers: ["theirs"], deletionTimestamp: "2026-01-02T03:04:05Z" };
  assert.deepEqual((await planIn(aNamespaceInMemory(aRepository({ metadata })))).annotate, []);
});
