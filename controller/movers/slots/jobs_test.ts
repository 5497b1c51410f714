import assert from "node:assert/strict";
import { ANNOTATION, COMPONENT_MOVER, LABEL } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { aJob, aPodOf, failedJobStatus, FakeKube, succeededJobStatus } from "../../../tests/support/mod.ts";
import { labelValue } from "../../shared/objects/names.ts";
import { MoverSlots } from "./mover_slots.ts";
import { SLOT_GRACE_SECONDS } from "./types.ts";
import {
  beginSlots,
  bootstrapSlots,
  moverId,
  noteMover,
  noteMoverPod,
  slotRepository,
  workingMovers,
} from "./jobs.ts";

interface Mover {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, unknown>>;
  readonly deletionTimestamp?: string;
}

function aMover(name: string, { labels = {}, annotations = {}, status, ...rest }: Mover = {}): KubeObject {
  const metadata = { labels: { [LABEL.component]: COMPONENT_MOVER, ...labels }, annotations, ...rest };
  return aJob({ name, metadata, ...(status === undefined ? {} : { status }) });
}

Deno.test("workingMovers() are those of Jobs that have not ended, with their repository", () => {
  const long = "r".repeat(100);
  const movers = workingMovers([
    aMover("backup", { annotations: { [ANNOTATION.repository]: long } }),
    aMover("labelled", { labels: { [LABEL.repository]: labelValue(long) } }),
    aMover("opens", { labels: { [LABEL.operation]: "bootstrap" } }),
    aMover("old"),
    aMover("leaves", { deletionTimestamp: "2026-01-02T03:04:00Z" }),
    aMover("done", { status: succeededJobStatus() }),
    aMover("failed", { status: failedJobStatus() }),
    aJob({ name: "no-mover" }),
  ]);
  const repository = slotRepository({ namespace: "apps", name: long });
  assert.deepEqual(movers, [
    { id: moverId("apps", "backup"), namespace: "apps", repository },
    { id: moverId("apps", "labelled"), namespace: "apps", repository },
    { id: moverId("apps", "old"), namespace: "apps", repository: undefined },
    { id: moverId("apps", "leaves"), namespace: "apps", repository: undefined, isTerminating: true },
  ]);
});

Deno.test("workingMovers() of the bootstraps are those that open a repository, and no others", () => {
  const jobs = [aMover("opens", { labels: { [LABEL.operation]: "bootstrap" } }), aMover("saves")];
  assert.deepEqual(workingMovers(jobs, "bootstraps").map(({ id }) => id), [moverId("apps", "opens")]);
});

Deno.test("bootstrapSlots() is a quarter of the movers, at least two, and no limit where there is none", () => {
  assert.deepEqual([0, 1, 4, 8, 9, 20, 100].map(bootstrapSlots), [0, 2, 2, 2, 3, 5, 25]);
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

Deno.test("noteMoverPod() takes a mover out of the count whose pod was told to go and does not, as on a lost node", () => {
  let nowMs = 0;
  const slots = new MoverSlots(5, () => nowMs);
  const kube = new FakeKube();
  const job = kube.put(aMover("m"));
  const running = { phase: "Running" };
  kube.put(aPodOf(job, { status: running, metadata: { deletionTimestamp: "2026-01-02T03:04:00Z" } }));
  const bootstraps = new MoverSlots(5, () => nowMs);
  beginSlots(kube, { movers: slots, bootstraps });
  const after = (seconds: number) => {
    nowMs += seconds * 1000;
    slots.withdraw({ kind: "Backup", key: { namespace: "apps", name: "x" } });
    slots.moverEnded("apps/nobody");
    return slots.used;
  };
  assert.deepEqual([after(SLOT_GRACE_SECONDS - 1), after(1), bootstraps.used], [1, 0, 0]);
  const other = aPodOf(job, { status: running });
  kube.put(other);
  noteMoverPod(other, kube, slots);
  assert.equal(after(SLOT_GRACE_SECONDS), 1, "the Job made another pod of it");
});
