import assert from "node:assert/strict";
import { figureOf, meets } from "./figure.ts";

Deno.test("figureOf() lets the median decide, so that one slow run does not", () => {
  const question = { what: "a", against: "b", unit: "ratio", aim: { atMost: 1.15 } } as const;
  const figure = figureOf(question, [1.1, 1.12, 9]);
  assert.equal(figure.value, 1.12);
  assert.equal(figure.max, 9);
  assert.equal(figure.met, true);
  assert.equal(figureOf(question, [1.1, 1.2, 1.2]).met, false);
});

Deno.test("figureOf() says neither yes nor no without an aim", () => {
  assert.equal(figureOf({ what: "a", unit: "s" }, [1]).met, undefined);
});

Deno.test("meets() counts the aim itself as met, from both sides", () => {
  assert.equal(meets(5, { atMost: 5 }), true);
  assert.equal(meets(5.01, { atMost: 5 }), false);
  assert.equal(meets(5, { atLeast: 5 }), true);
  assert.equal(meets(4.99, { atLeast: 5 }), false);
});
