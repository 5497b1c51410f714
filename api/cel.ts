/** One CEL rule of a schema (`x-kubernetes-validations`). */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Meta entry that carries CEL rules from a zod schema into the CRD. */
export function cel(...rules: readonly CelRule[]): Record<string, unknown> {
  return { "x-kubernetes-validations": rules };
}

/** CEL rule of a union object: exactly one of the keys is set. */
export function exactlyOneOf(...keys: readonly string[]): CelRule {
  const sum = keys.map((key) => `(has(self.${key}) ? 1 : 0)`).join(" + ");
  return { rule: `${sum} == 1`, message: `expected exactly one of ${keys.join(", ")}` };
}
