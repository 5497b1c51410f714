import type * as z from "zod";
import { UsageError } from "../exit_code.ts";

/** An environment, read once in mod.ts and passed on. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One environment variable: how it is read, and what the reference says of it. */
export interface Variable<T> {
  readonly name: string;
  /** What is read when it is not set or empty. Undefined: nothing, the schema says whether that will do. */
  readonly fallback?: string;
  /** For messages, after "expected". */
  readonly expected: string;
  readonly description: string;
  /** Its value is never shown. */
  readonly secret?: true;
  readonly schema: z.ZodType<T, string | undefined>;
}

/** Variables by the name their value has in the program. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The values of some variables. */
export type ValuesOf<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/**
 * Reads variables from an environment; an empty text counts as not set. Throws one UsageError that names every
 * variable that cannot be used, what it is and what is accepted.
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
