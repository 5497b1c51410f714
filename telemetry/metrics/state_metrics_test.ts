import assert from "node:assert/strict";
import { metricEntry } from "./catalog/mod.ts";
import { type Sample, StateProducer } from "./state_metrics.ts";

const ready: Sample = {
  name: "kopiur_resource_ready",
  labels: { kind: "Backup", namespace: "media", name: "photos-1" },
  value: 1,
};
const leader: Sample = { name: "kopiur_leader", labels: {}, value: 1 };

async function read(state: StateProducer): Promise<readonly string[]> {
  const { resourceMetrics } = await state.collect();
  const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  return metrics.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map((point) => `${descriptor.name}=${String(point.value)}`)
  );
}

Deno.test("StateProducer reads sources about objects only while active, those about the process always", async () => {
  const state = new StateProducer(() => 0);
  state.register(() => [ready]);
  state.registerProcess(() => [leader]);
  assert.deepEqual(await read(state), ["kopiur_leader=1"]);
  state.setActive(true);
  assert.deepEqual(await read(state), ["kopiur_leader=1", "kopiur_resource_ready=1"]);
  state.setActive(false);
  assert.deepEqual(await read(state), ["kopiur_leader=1"]);
});

Deno.test("StateProducer does not run a source about objects while inactive", async () => {
  const state = new StateProducer(() => 0);
  let runs = 0;
  state.register(() => {
    runs += 1;
    return [];
  });
  await state.collect();
  assert.equal(runs, 0);
});

Deno.test("register() returns the way out, also for a source registered twice", async () => {
  const state = new StateProducer(() => 0);
  const source = () => [leader];
  const [first, second] = [state.registerProcess(source), state.registerProcess(source)];
  first();
  first();
  assert.deepEqual(await read(state), ["kopiur_leader=1"]);
  second();
  assert.deepEqual(await read(state), []);
});

Deno.test("StateProducer drops a series as soon as its source does, and leaves out what is unknown", async () => {
  const state = new StateProducer(() => 0);
  let samples: readonly Sample[] = [ready, { ...ready, value: NaN }, { ...leader, value: Infinity }];
  state.setActive(true);
  state.register(() => samples);
  assert.deepEqual(await read(state), ["kopiur_resource_ready=1"]);
  samples = [];
  assert.deepEqual(await read(state), []);
});

Deno.test("StateProducer loses only the samples of a source that throws, half read ones too", async () => {
  const state = new StateProducer(() => 0);
  state.registerProcess(function* (): Iterable<Sample> {
    yield { ...leader, value: 0 };
    throw new Error("broken");
  });
  state.registerProcess(() => [leader]);
  assert.deepEqual(await read(state), ["kopiur_leader=1"]);
  assert.deepEqual((await state.collect()).errors.map(String), ["Error: broken"]);
});

Deno.test("StateProducer gives each family one unit, one help and times", async () => {
  const state = new StateProducer(() => 1_700_000_000_500);
  state.registerProcess(() => [leader]);
  state.registerProcess(() => [{ ...leader, value: 0 }]);
  const metrics = (await state.collect()).resourceMetrics.scopeMetrics[0]?.metrics ?? [];
  assert.equal(metrics.length, 1);
  assert.equal(metrics[0]?.descriptor.description, metricEntry("kopiur_leader").help);
  assert.equal(metrics[0]?.dataPoints.length, 2);
  assert.deepEqual(metrics[0]?.dataPoints[0]?.endTime, [1_700_000_000, 500_000_000]);
});
