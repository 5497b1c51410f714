import assert from "node:assert/strict";
import { ANNOTATION, COMPONENT_MOVER, LABEL } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { aJob, failedJobStatus, FakeKube, succeededJobStatus } from "../../tests/support/mod.ts";
import { labelValue } from "./label_value.ts";
import { MoverSlots } from "./mover_slots.ts";
import { moverId, noteMover, slotRepository, workingMovers } from "./slot_jobs.ts";

interface Mover {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

function aMover(name: string, { labels = {}, annotations = {}, status }: Mover = {}): KubeObject {
  const metadata = { labels: { [LABEL.component]: COMPONENT_MOVER, ...labels }, annotations };
  return aJob({ name, metadata, ...(status === undefined ? {} : { status }) });
}

Deno.test("workingMovers() are those of Jobs that have not ended, with their repository", () => {
  const long = "r".repeat(100);
  const movers = workingMovers([
    aMover("backup", { annotations: { [ANNOTATION.repository]: long } }),
    aMover("bootstrap", { labels: { [LABEL.repository]: labelValue(long) } }),
    aMover("old"),
    aMover("done", { status: succeededJobStatus() }),
    aMover("failed", { status: failedJobStatus() }),
    aJob({ name: "no-mover" }),
  ]);
  const repository = slotRepository({ namespace: "apps", name: long });
  assert.deepEqual(movers, [
    { id: moverId("apps", "backup"), namespace: "apps", repository },
    { id: moverId("apps", "bootstrap"), namespace: "apps", repository },
    { id: moverId("apps", "old"), namespace: "apps", repository: undefined },
  ]);
});

Deno.test("noteMover() follows a Job from its first sight to its end, by what the cache holds", () => {
  const slots = new MoverSlots(5, () => 0);
  slots.begin([]);
  const kube = new FakeKube();
  const used = (change: () => void) => {
    change();
    noteMover(aMover("m"), kube, slots);
    return slots.used;
  };
  assert.equal(used(() => {}), 0);
  assert.equal(used(() => void kube.put(aMover("m"))), 1);
  assert.equal(used(() => void kube.put(aMover("m", { status: { active: 1 } }))), 1);
  assert.equal(used(() => void kube.put(aMover("m", { status: succeededJobStatus() }))), 0);
  assert.equal(used(() => void kube.put(aMover("m"))), 1);
  assert.equal(used(() => kube.delete(aMover("m"))), 0);
});
