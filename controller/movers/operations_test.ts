import assert from "node:assert/strict";
import { LABEL, OPERATION_NAMES } from "../../api/mod.ts";
import { isOf, moverMeasures, operationOfLabel, OPERATIONS } from "./operations.ts";

Deno.test("OPERATIONS tells every operation of the contract from every other one", () => {
  assert.deepEqual(Object.keys(OPERATIONS).toSorted(), Object.keys(OPERATION_NAMES).toSorted());
  const all = Object.values(OPERATIONS);
  assert.equal(new Set(all.map(({ label }) => label)).size, all.length);
  assert.equal(new Set(all.map(({ jobNamePart }) => jobNamePart)).size, all.length);
});

Deno.test("isOf() takes a Job for a deletion only by the label of one", () => {
  const job = (label: string) => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "job", labels: { [LABEL.operation]: label } },
  });
  assert.equal(isOf("snapshotDelete", job("snapshot-delete")), true);
  assert.equal(isOf("snapshotDelete", job("restore")), false);
  assert.equal(operationOfLabel("restore"), undefined);
});

Deno.test("moverMeasures() counts an end, and records its duration where it is known", () => {
  const labels = { operation: "BootstrapRepository", result: "failed" };
  const count = { kind: "add", metric: "kopiur_mover_operations_total", labels, value: 1 };
  assert.deepEqual(moverMeasures("bootstrap", "failed", undefined), [count]);
  const duration = { kind: "record", metric: "kopiur_mover_operation_duration_seconds", labels, value: 7 };
  assert.deepEqual(moverMeasures("bootstrap", "failed", 7), [count, duration]);
});
