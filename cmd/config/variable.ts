import type * as z from "zod";
import { UsageError } from "../exit_code.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One environment variable, with its schema and its documentation. */
export interface Variable<T> {
  readonly name: string;
  /** Used when the variable is not set or empty. Undefined: the schema decides whether it is required. */
  readonly fallback?: string;
  /** For error messages, after "expected". */
  readonly expected: string;
  readonly description: string;
  /** The value is never shown. */
  readonly secret?: true;
  readonly schema: z.ZodType<T, string | undefined>;
}

/** Variables by the name of their value in the program. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The values of variables, by the same names. */
export type ValuesOf<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/**
 * Reads variables from an environment; an empty value counts as not set. Throws one UsageError that lists every wrong
 * variable with its value and what is expected.
 */
export function readVariables<const V extends Variables>(variables: V, env: Environment): ValuesOf<V> {
  const problems: string[] = [];
  const entries = Object.entries(variables).map(([key, variable]) => {
    const text = given(env[variable.name]);
    const parsed = variable.schema.safeParse(text ?? variable.fallback);
    if (!parsed.success) problems.push(describeProblem(variable, text));
    return [key, parsed.data] as const;
  });
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  // Each value came from the schema of the variable of that key.
  return Object.fromEntries(entries) as ValuesOf<V>;
}

function describeProblem(variable: Variable<unknown>, text: string | undefined): string {
  const found = text === undefined
    ? "it is not set"
    : variable.secret
    ? "its value is not shown"
    : `it is ${quote(text)}`;
  return `Cannot use ${variable.name}: ${found}, expected ${variable.expected}`;
}

function given(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === "" ? undefined : trimmed;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text);
}
