import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import plugin, { PURE_FILES } from "./house_plugin.ts";

function messages(file: string, source: string): readonly string[] {
  return Deno.lint.runPlugin(plugin, file, source).map((diagnostic) => diagnostic.message);
}

Deno.test("house/pure refuses the clock and randomness in a pure file, and allows them in a file with effects", () => {
  const source = "export function f(): number { return Date.now() + Math.random() + Number(new Date()); }";
  assert.equal(messages("controller/backup/plan.ts", source).length, 3);
  assert.deepEqual(messages("kube/watch/informer.ts", source), []);
});

Deno.test("house/pure holds pure files among those with effects, each by a path that exists", () => {
  const source = "export function f(): number { return Date.now(); }";
  for (const path of PURE_FILES) {
    assert.equal(messages(path.endsWith("/") ? `${path}a.ts` : path, source).length, 1, path);
    assert.ok(Deno.statSync(new URL(`../../${path}`, import.meta.url)), path);
  }
});

Deno.test("house/no-env refuses Deno.env outside mod.ts", () => {
  const source = 'export function f(): string | undefined { return Deno.env.get("X"); }';
  assert.equal(messages("cmd/roles/controller.ts", source).length, 1);
  assert.deepEqual(messages("mod.ts", source), []);
  const root = fileURLToPath(new URL("../../", import.meta.url));
  assert.equal(messages(`${root}cmd/roles/controller.ts`, source).length, 1);
  assert.deepEqual(messages(`${root}mod.ts`, source), []);
});

Deno.test("house/no-top-level-arrow refuses a named arrow function at top level only", () => {
  assert.equal(messages("api/a.ts", "export const f = (): number => 1;").length, 1);
  assert.deepEqual(
    messages("api/a.ts", "export function f(): () => number { const g = (): number => 1; return g; }"),
    [],
  );
});

Deno.test("house/error-message refuses a full stop at the end of an error's message", () => {
  assert.equal(
    messages("api/a.ts", 'export function f(): never { throw new Error("Cannot do it."); }').length,
    1,
  );
  assert.deepEqual(
    messages("api/a.ts", 'export function f(): never { throw new Error("Cannot do it: a is b"); }'),
    [],
  );
});
