import assert from "node:assert/strict";
import { processorName, versionText } from "./machine_facts.ts";

Deno.test("processorName() finds the name of the first processor, and says when there is none", () => {
  assert.equal(
    processorName("processor\t: 0\nmodel name\t: A CPU @ 3 GHz\nmodel name\t: B\n"),
    "A CPU @ 3 GHz",
  );
  assert.equal(processorName("Processor: ARM"), "unknown processor");
});

Deno.test("versionText() finds the version in what programs say, and the commit", () => {
  assert.equal(
    versionText("kopiur 0.1.0 (commit 441b6f813618-dirty, built 2026)\n"),
    "0.1.0 (441b6f813618-dirty)",
  );
  assert.equal(versionText("Kubernetes v1.36.3\n"), "1.36.3");
  assert.equal(versionText("v0.23.1 build: 5d1f2c6 from: kopia/kopia\n"), "0.23.1");
  assert.equal(versionText("unknown\n"), "unknown");
});
