import assert from "node:assert/strict";
import { ANNOTATION, backupKind } from "../../../api/mod.ts";
import { isConflict, keyOf, type KubeObject, resourceOf } from "../../../kube/mod.ts";
import { aBackup, aKind, aPlan, FakeKube } from "../../../tests/support/mod.ts";
import { applyPlan, OutdatedPlan, type PlanApplied } from "./apply_plan.ts";
import type { Plan } from "../plan.ts";

const { signal } = new AbortController();
const resource = resourceOf(backupKind);

/** What a plan names when it means the object as it was seen. */
function asSeen({ metadata }: KubeObject) {
  const { uid = "", resourceVersion = "" } = metadata;
  return { resource, key: keyOf({ metadata }), uid, resourceVersion };
}

function marked(run: KubeObject, word: string) {
  return { ...asSeen(run), annotations: { word } };
}

function removed(run: KubeObject) {
  return { ...asSeen(run), propagation: "Background" } as const;
}

function applied(kube: FakeKube, plan: Partial<Plan>): Promise<PlanApplied> {
  const own = kube.put(aBackup({ name: "own" }));
  return carriedOut(kube, own, plan);
}

function carriedOut(kube: FakeKube, own: KubeObject, plan: Partial<Plan>): Promise<PlanApplied> {
  const subject = { kind: aKind(), key: keyOf(own) };
  return applyPlan(subject, aPlan(plan), own, { reader: kube, writer: kube }, signal);
}

/** Somebody else's change of an object. */
function touched(kube: FakeKube, { metadata }: KubeObject): void {
  const current = kube.get(resource, keyOf({ metadata }));
  if (current === undefined) throw new TypeError("Cannot touch what is gone");
  kube.put({ ...current, metadata: { ...current.metadata, labels: { touched: "yes" } } });
}

Deno.test("applyPlan() removes what it annotated itself, though that changed it", async () => {
  const kube = new FakeKube();
  const run = kube.put(aBackup());
  const { applied: { error } } = await applied(kube, {
    annotate: [marked(run, "going"), marked(run, "gone")],
    remove: [removed(run)],
  });
  assert.equal(error, undefined);
  assert.equal(kube.get(resource, keyOf(run)), undefined);
});

Deno.test("applyPlan() neither annotates nor removes what changed since it was seen", async () => {
  for (const plan of ["annotate", "remove"] as const) {
    const kube = new FakeKube();
    const run = kube.put(aBackup());
    touched(kube, run);
    const { applied: { error } } = await applied(kube, {
      annotate: plan === "annotate" ? [marked(run, "going")] : [],
      remove: [removed(run)],
    });
    assert.ok(isConflict(error), plan);
    const left = kube.get(resource, keyOf(run));
    assert.deepEqual([left?.metadata.annotations, left?.metadata.deletionTimestamp], [undefined, undefined]);
  }
});

Deno.test("applyPlan() does nothing of a plan once its own object has changed, when it removes something unseen", async () => {
  const kube = new FakeKube();
  const own = kube.put(aBackup({ name: "own" }));
  const run = kube.put(aBackup());
  touched(kube, own);
  const { uid = "" } = run.metadata;
  const unseen = { resource, key: keyOf(run), uid, propagation: "Foreground" } as const;
  const plan = { annotate: [marked(run, "going")], remove: [unseen], finalizer: "present" } as const;
  const { applied: { error } } = await carriedOut(kube, own, plan);
  assert.ok(error instanceof OutdatedPlan, String(error));
  kube.delete(own);
  assert.ok((await carriedOut(kube, own, plan)).applied.error instanceof OutdatedPlan, "it is gone");
  assert.deepEqual(kube.writes, []);
});

Deno.test("applyPlan() removes beside an annotation that is none of kopiur's, however often it is touched", async () => {
  for (
    const [name, isCarriedOut] of [["example.org/seen-at", true], [
      ANNOTATION.confirmDeletion,
      false,
    ]] as const
  ) {
    const kube = new FakeKube();
    const own = kube.put(aBackup({ name: "own" }));
    const run = kube.put(aBackup());
    kube.put({ ...own, metadata: { ...own.metadata, annotations: { [name]: "true" } } });
    const { uid = "" } = run.metadata;
    const unseen = { resource, key: keyOf(run), uid, propagation: "Background" } as const;
    const { applied: { error } } = await carriedOut(kube, own, { remove: [unseen] });
    assert.equal(error instanceof OutdatedPlan, !isCarriedOut);
    assert.equal(kube.get(resource, keyOf(run)) === undefined, isCarriedOut);
  }
});

Deno.test("applyPlan() does not remove what somebody changed after its annotation", async () => {
  const kube = new FakeKube();
  const run = kube.put(aBackup());
  const stop = kube.subscribe(({ new: now }) => {
    if (now?.metadata.annotations?.word === undefined) return;
    stop();
    touched(kube, run);
  });
  const { applied: { error } } = await applied(kube, {
    annotate: [marked(run, "going")],
    remove: [removed(run)],
  });
  assert.ok(isConflict(error));
  assert.equal(kube.get(resource, keyOf(run))?.metadata.labels?.touched, "yes");
});

Deno.test("applyPlan() takes the version of an annotation for its own object alone", async () => {
  const kube = new FakeKube();
  const [run, other] = [kube.put(aBackup()), kube.put(aBackup({ name: "other" }))];
  touched(kube, other);
  const { applied: { error } } = await applied(kube, {
    annotate: [marked(run, "going")],
    remove: [{ ...removed(other), resourceVersion: asSeen(run).resourceVersion }],
  });
  assert.ok(isConflict(error));
  assert.notEqual(kube.get(resource, keyOf(other)), undefined);
});

Deno.test("applyPlan() leaves another incarnation and what is gone alone, whatever version was seen", async () => {
  const kube = new FakeKube();
  const run = kube.put(aBackup());
  const older = { ...run, metadata: { ...run.metadata, uid: "older" } };
  const gone = { ...run, metadata: { ...run.metadata, name: "gone" } };
  for (const [each, left] of [[older, run], [gone, undefined]] as const) {
    const { applied: { error } } = await applied(kube, {
      annotate: [marked(each, "going")],
      remove: [removed(each)],
    });
    assert.equal(error, undefined);
    assert.equal(
      kube.get(resource, keyOf(each))?.metadata.resourceVersion,
      left?.metadata.resourceVersion,
    );
  }
});
