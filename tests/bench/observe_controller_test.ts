import assert from "node:assert/strict";
import { countSeries } from "./observe_controller.ts";

Deno.test("countSeries() counts samples, neither comments nor empty lines", () => {
  const text = '# HELP a Something.\n# TYPE a gauge\na{b="c"} 1\na{b="#"} 2\n\n# EOF\n';
  assert.equal(countSeries(text), 2);
  assert.equal(countSeries(""), 0);
});
