import { equal } from "node:assert/strict";
import { withTestRanges } from "./reach_directly.ts";

Deno.test("withTestRanges() keeps what was there and adds the ranges once", () => {
  const once = withTestRanges("example.org");
  equal(once.startsWith("example.org,127.0.0.0/8,"), true);
  equal(withTestRanges(once), once);
  equal(withTestRanges(""), once.replace("example.org,", ""));
});
