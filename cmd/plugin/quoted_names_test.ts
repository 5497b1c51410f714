import { equal } from "node:assert/strict";
import { expectedNames, quotedNames } from "./quoted_names.ts";

Deno.test("quotedNames() shows ten names and counts the rest", () => {
  equal(quotedNames(["a", "b"]), '"a", "b"');
  const many = Array.from({ length: 12 }, (_, index) => `n${index}`);
  equal(quotedNames(many).endsWith('"n9" and 2 more'), true);
});

Deno.test("expectedNames() speaks of none, one and several", () => {
  equal(expectedNames("Cat", []), "expected a Cat to be there, but there is none: is it another namespace?");
  equal(expectedNames("Cat", ["tom"]), 'expected "tom"');
  equal(expectedNames("Cat", ["tom", "kit"]), 'expected one of "tom", "kit"');
});
