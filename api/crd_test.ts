import assert from "node:assert/strict";
import { customResourceDefinition, openApiSchema } from "./crd.ts";
import { ALL_KINDS } from "./mod.ts";

Deno.test("customResourceDefinition() says of every field what it is for", () => {
  const silent: string[] = [];
  function walk(path: string, node: unknown): void {
    if (typeof node !== "object" || node === null) return;
    const schema = node as { description?: string; properties?: Record<string, unknown>; items?: unknown };
    for (const [name, child] of Object.entries(schema.properties ?? {})) {
      const childPath = `${path}.${name}`;
      if (
        (child as { description?: string }).description === undefined &&
        !/\.(apiVersion|kind|metadata|spec|status)$/.test(childPath)
      ) {
        silent.push(childPath);
      }
      walk(childPath, child);
    }
    walk(`${path}[]`, schema.items);
  }
  for (const definition of ALL_KINDS) {
    const crd = customResourceDefinition(definition) as {
      spec?: { versions?: readonly { schema?: { openAPIV3Schema?: unknown } }[] };
    };
    walk(definition.kind, crd.spec?.versions?.[0]?.schema?.openAPIV3Schema);
  }
  assert.deepEqual(silent, []);
});

/** Every bare pattern of a schema, by path. */
function* patternsOf(path: string, node: unknown): Generator<string> {
  if (typeof node !== "object" || node === null) return;
  for (const [key, child] of Object.entries(node)) {
    if (key === "pattern" && typeof child === "string") yield path;
    else yield* patternsOf(/^(properties|items)$/.test(key) ? path : `${path}.${key}`, child);
  }
}

Deno.test("customResourceDefinition() refuses no text of a spec by a bare pattern", () => {
  const bare = ALL_KINDS.flatMap((
    definition,
  ) => [...patternsOf(definition.kind, openApiSchema(definition.spec))]);
  // Labels are nested too deeply for rules.
  assert.deepEqual(bare.filter((path) => !/\.match(Labels|Expressions)\./.test(path)), []);
});
