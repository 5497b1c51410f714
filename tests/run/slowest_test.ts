import assert from "node:assert/strict";
import { parseTimes, renderSlowest } from "./slowest.ts";

const report = `<testsuites>
  <testsuite name="./a_test.ts">
    <testcase name="a &amp; b &lt;c&gt;" classname="./a_test.ts" time="9.818" line="1" col="6">
      <failure message="1 test steps failed">time="77"</failure>
    </testcase>
    <testcase name="short" classname="./a_test.ts" time="0.002" line="3" col="6"></testcase>
    <testcase name="a &amp; b &lt;c&gt; &gt; one" classname="./a_test.ts" time="8.195" line="1" col="47"></testcase>
    <testcase name="a &amp; b &lt;c&gt; &gt; two" classname="./steps.ts" time="1.5" line="1" col="49"></testcase>
  </testsuite>
</testsuites>`;

Deno.test("parseTimes() reads steps in place of the test they belong to", () => {
  assert.deepEqual(parseTimes(report, []).map(({ name, seconds }) => [name, seconds]), [
    ["short", 0.002],
    ["a & b <c> > one", 8.195],
    ["a & b <c> > two", 1.5],
  ]);
});

Deno.test("renderSlowest() tells the slowest first, and no more than asked for", () => {
  assert.deepEqual(renderSlowest(parseTimes(report, ["a_test.ts"]), 2), [
    "   8.2s  a_test.ts: one",
    "   1.5s  a_test.ts: two",
  ]);
});
