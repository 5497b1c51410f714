import type * as z from "zod";
import { MoverError } from "../mover_error.ts";

const mostStarts = 20;

/** The JSON document in an output that may begin with other lines. Throws MoverError "UnexpectedOutput". */
export function findJson(stdout: string, what: string): unknown {
  if (stdout.trim() === "") throw unexpected(what, "nothing");
  let starts = 0;
  for (const { index } of stdout.matchAll(/^[ \t]*[{[]/gm)) {
    try {
      return JSON.parse(stdout.slice(index));
    } catch {
      // A line of noise may begin like JSON; the next start may be the real one.
      if (++starts === mostStarts) break;
    }
  }
  throw unexpected(what, `${stdout.length} characters that are not JSON`);
}

/** Checks the document. Throws MoverError "UnexpectedOutput", which names the first wrong field. */
export function parseAs<T extends z.ZodType>(schema: T, json: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "the document" : `"${issue.path.join(".")}"`;
  throw unexpected(what, `JSON whose ${where} is wrong: ${issue?.message ?? "not what it should be"}`);
}

/** The error for unreadable output. `what` is the command, `found` describes its output. */
export function unexpected(what: string, found: string, cause?: unknown): MoverError {
  return new MoverError(
    "UnexpectedOutput",
    `Cannot read kopia's answer to "${what}": it is ${found}, expected JSON as kopia 0.23 writes it`,
    { cause },
  );
}
