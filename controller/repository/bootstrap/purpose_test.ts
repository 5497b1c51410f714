import assert from "node:assert/strict";
import { aJob } from "../../../tests/support/mod.ts";
import { purposeAnnotation, purposeOf } from "./purpose.ts";

const key = "kopiur.home-operations.com/bootstrap-for";

Deno.test("purposeOf() reads what purposeAnnotation() wrote to the pods, or an earlier version to the Job", () => {
  const purpose = { generation: 3, credentials: "secret/a=uid/7" };
  const metadata = { annotations: purposeAnnotation(purpose) };
  assert.deepEqual(purposeOf(aJob({ spec: { template: { metadata, spec: {} } } })), purpose);
  assert.deepEqual(purposeOf(aJob({ metadata })), purpose);
});

for (
  const text of ["", "{", "3", "null", '{"generation":"3","credentials":"x"}', '{"generation":-1}', "[]"]
) {
  Deno.test(`purposeOf() takes nothing from the annotation '${text}'`, () => {
    assert.equal(purposeOf(aJob({ metadata: { annotations: { [key]: text } } })), undefined);
  });
}

Deno.test("purposeOf() takes nothing from a Job without the annotation", () => {
  assert.equal(purposeOf(aJob()), undefined);
});
