/** The value under a path of fields, whatever the object holds on the way. */
export function valueAt(object: unknown, ...path: readonly string[]): unknown {
  let value = object;
  for (const field of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, field)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[field];
  }
  return value;
}

/** The text under a path of fields. */
export function textAt(object: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(object, ...path);
  return typeof value === "string" ? value : undefined;
}

/** The number under a path of fields. */
export function numberAt(object: unknown, ...path: readonly string[]): number | undefined {
  const value = valueAt(object, ...path);
  return typeof value === "number" ? value : undefined;
}
