import assert from "node:assert/strict";
import { backupPhases } from "../../api/mod.ts";
import {
  aBackup,
  aCondition,
  aKind,
  FakeClock,
  FakeKube,
  startTelemetryProbe,
} from "../../tests/support/mod.ts";
import { phaseSamples } from "../shared/mod.ts";
import { Guard } from "./guard.ts";
import type { AnyKind } from "./kind.ts";
import { StateSource } from "./state_source.ts";

function aStage(parts: Partial<Pick<AnyKind, "samples" | "hasEnded">> = {}) {
  const clock = new FakeClock();
  let skewMs = 0;
  const kube = new FakeKube();
  const probe = startTelemetryProbe(clock);
  const { telemetry } = probe;
  const kind = aKind({
    samples: (reader) => phaseSamples("Backup", backupPhases, reader.list(aKind().resource)),
    ...parts,
  });
  const guard = new Guard(telemetry);
  const wall = { ...clock, epochMs: () => clock.epochMs() + skewMs };
  const source = new StateSource(kind, kube, { state: telemetry.state, clock: wall, guard });
  kube.subscribe((change) => {
    if (change.new === undefined && change.old !== undefined) source.went(change.old);
    if (change.new !== undefined && change.old === undefined) source.appeared(change.new);
  });
  const end = source.register();
  /** Somebody sets the wall clock. */
  const jump = (ms: number) => void (skewMs += ms);
  return { clock, end, jump, kube, probe, source };
}

const running = 'kopiur_resource_phase{kind="Backup",namespace="apps",name="run",phase="Running"}';
const ready = 'kopiur_resource_ready{kind="Backup",namespace="apps",name="run"}';

Deno.test("StateSource says whether each object is ready and what its kind says of it", async () => {
  const { kube, probe } = aStage();
  const made = kube.put(aBackup({ status: { phase: "Running" } }));
  assert.deepEqual(await probe.series(ready), [`${ready} 0`]);
  assert.deepEqual(await probe.series(running), [`${running} 1`]);
  kube.put({ ...made, status: { phase: "Succeeded", conditions: [aCondition("Ready", "True", "Ready")] } });
  assert.deepEqual(await probe.series(ready), [`${ready} 1`]);
  assert.deepEqual(await probe.series(running), [`${running} 0`]);
});

Deno.test("StateSource says nothing of the readiness of an object that is only a memory", async () => {
  const { kube, probe } = aStage({ hasEnded: (object) => object.metadata.name === "old" });
  kube.put(aBackup({ name: "old" }), aBackup());
  assert.deepEqual(await probe.series("kopiur_resource_ready"), [`${ready} 0`]);
});

Deno.test("StateSource keeps the phases of a deleted object at 0 for ten minutes, and nothing else", async () => {
  const { clock, kube, probe } = aStage();
  kube.put(
    aBackup({ status: { phase: "Running" } }),
    aBackup({ name: "other", status: { phase: "Running" } }),
  );
  kube.delete(aBackup());
  assert.deepEqual(await probe.series(running), [`${running} 0`]);
  assert.equal(
    (await probe.series('kopiur_resource_phase{kind="Backup",namespace="apps",name="run"')).length,
    backupPhases.length,
  );
  assert.deepEqual(await probe.series(ready), []);
  await clock.advance(600_000);
  assert.deepEqual(await probe.series(running), []);
  assert.equal((await probe.series("kopiur_resource_phase")).length, backupPhases.length);
});

Deno.test("StateSource keeps zeros for ten minutes, however the wall clock is set meanwhile", async () => {
  for (const jumpMs of [-86_400_000, 86_400_000]) {
    const { clock, jump, kube, probe } = aStage();
    kube.put(aBackup({ status: { phase: "Running" } }), aBackup({ name: "other" }));
    kube.delete(aBackup());
    jump(jumpMs);
    kube.delete(aBackup({ name: "other" }));
    await clock.advance(599_999);
    assert.equal((await probe.series("kopiur_resource_phase")).length, 2 * backupPhases.length);
    await clock.advance(1);
    assert.deepEqual(await probe.series("kopiur_resource_phase"), []);
  }
});

Deno.test("StateSource lets a new object of the same name speak for itself at once", async () => {
  const { kube, probe } = aStage();
  kube.put(aBackup({ status: { phase: "Running" } }));
  kube.delete(aBackup());
  kube.put(aBackup({ status: { phase: "Running" } }));
  assert.deepEqual(await probe.series(running), [`${running} 1`]);
});

Deno.test("StateSource goes on when the samples of a kind throw, and counts it", async () => {
  const { kube, probe } = aStage({
    samples: () => {
      throw new TypeError("x is undefined");
    },
  });
  kube.put(aBackup());
  assert.deepEqual(await probe.series(ready), [`${ready} 0`]);
  const panics = 'kopiur_controller_panics_total{kind="Backup",where="samples"}';
  // Asking counts as well, for it reads the samples again.
  assert.match((await probe.series(panics)).join(), / [12]$/);
});

Deno.test("StateSource says nothing a kind said before its samples threw", async () => {
  const { kube, probe } = aStage({
    *samples(reader) {
      yield* phaseSamples("Backup", backupPhases, reader.list(aKind().resource));
      throw new TypeError("x is undefined");
    },
  });
  kube.put(aBackup());
  assert.deepEqual(await probe.series("kopiur_resource_phase"), []);
  assert.deepEqual(probe.lines().map(({ message }) => message), ["a kind is defective"]);
});

Deno.test("StateSource says nothing any more once it is taken out", async () => {
  const { end, kube, probe } = aStage();
  kube.put(aBackup({ status: { phase: "Running" } }));
  end();
  assert.deepEqual(await probe.series("kopiur_resource"), []);
});

Deno.test("StateSource reads hostile conditions as not ready", async () => {
  const { kube, probe } = aStage({ samples: () => [] });
  for (const conditions of ["text", [null, 7, "x"], { type: "Ready" }]) {
    kube.put(aBackup({ status: { conditions } }));
    assert.deepEqual(await probe.series(ready), [`${ready} 0`]);
  }
});
