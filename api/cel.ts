import type * as z from "zod";

/** One CEL rule of a schema (`x-kubernetes-validations`). */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
}

/** Meta entry that carries CEL rules from a zod schema into the CRD. */
export function cel(...rules: readonly CelRule[]): Record<string, unknown> {
  return { "x-kubernetes-validations": rules };
}

/**
 * A text of that form. API server and parser refuse any other text with the sentence: a bare pattern tells nobody what
 * to mend. The form is read by RE2 as well, so it has no look-around; the text needs a maximum length.
 */
export function ofForm(text: z.ZodString, form: RegExp, message: string): z.ZodString {
  return text.regex(form, message).meta(cel({ rule: matches(form.source), message }));
}

/** The CEL expression by which a text has that form. */
export function matches(form: string): string {
  return `self.matches(r'${form}')`;
}

/** CEL rule of a union object: exactly one of the keys is set. */
export function exactlyOneOf(...keys: readonly string[]): CelRule {
  const sum = keys.map((key) => `(has(self.${key}) ? 1 : 0)`).join(" + ");
  return { rule: `${sum} == 1`, message: `expected exactly one of ${keys.join(", ")}` };
}
