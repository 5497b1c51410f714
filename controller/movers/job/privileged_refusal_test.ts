import assert from "node:assert/strict";
import { aNamespace } from "../../../tests/support/mod.ts";
import { privilegedRefusal } from "./privileged_refusal.ts";

const permitted = { "kopiur.home-operations.com/privileged-movers": "true" };

Deno.test("privilegedRefusal() has nothing against a restricted mover", () => {
  assert.equal(privilegedRefusal({}, "apps", undefined), undefined);
  assert.equal(privilegedRefusal({ privilegedMode: false }, "apps", aNamespace()), undefined);
});

Deno.test("privilegedRefusal() lets the namespace's annotation permit it", () => {
  const namespace = aNamespace({ metadata: { annotations: permitted } });
  assert.equal(privilegedRefusal({ privilegedMode: true }, "apps", namespace), undefined);
});

for (const value of ["True", "yes", "false", ""]) {
  Deno.test(`privilegedRefusal() does not take "${value}" for a permission`, () => {
    const annotations = { "kopiur.home-operations.com/privileged-movers": value };
    const refusal = privilegedRefusal(
      { privilegedMode: true },
      "apps",
      aNamespace({ metadata: { annotations } }),
    );
    assert.match(refusal ?? "", /namespace "apps".*privileged-movers: "true"/);
  });
}

Deno.test("privilegedRefusal() fails closed when the namespace cannot be seen", () => {
  assert.match(privilegedRefusal({ privilegedMode: true }, "apps", undefined) ?? "", /cannot be read/);
});
